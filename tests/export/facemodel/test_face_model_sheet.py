"""The picture of a face model."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from frsdk import FaceModelError, builtin_face_model
from frsdk.export.facemodel.face_model_sheet import draw_sheet, write_sheet


def test_the_sheet_shows_every_view(tmp_path):
    model = builtin_face_model()
    write_sheet(model, tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (9 * 226, 8 * 200, 3)
    rows = sheet.reshape(9, 226, 8, 200, 3)[:, 26:].astype(int)  # (row, y, column, x, channel)
    skin = (rows.max(axis=-1) > 60).mean(axis=(1, 3))  # (9, 8) share of each tile
    assert (skin[0, :5] > 0.2).all() and (skin[0, 5:] == 0).all()
    assert (skin[1:] > 0.2).all()
    minus, plus = rows[1:, :, [0, 4]], rows[1:, :, [2, 6]]
    assert (np.abs(minus - plus).mean(axis=(1, 2, 3, 4)) > 0.5).all()  # every mode moves something


def test_landmarks_alone_cannot_be_drawn():
    model = builtin_face_model()
    bare = dataclasses.replace(model, triangles=np.zeros((0, 3), np.int32))
    with pytest.raises(FaceModelError, match="no triangles to draw"):
        draw_sheet(bare)
