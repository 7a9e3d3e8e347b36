"""The picture of a face that a notebook shows."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np


def test_a_shaded_face_on_white(make_posed: Any) -> None:
    face = make_posed(20.0, centre=(-900.0, 4000.0), scale=3.0)  # wherever it is in its photograph
    content = np.frombuffer(face._repr_png_(), np.uint8)
    image = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR)).astype(int)
    assert 200 < image.shape[1] < image.shape[0] == 320
    assert (image[:8] == 255).all() and (image[:, :8] == 255).all()
    middle = image[120:200, 80:160]
    assert middle.max() < 250 and middle.std() > 5


def test_landmarks_alone_have_no_picture(make_posed: Any) -> None:
    model = make_posed().face_model
    bare = dataclasses.replace(model, triangles=model.triangles[:0])
    assert make_posed(model=bare)._repr_png_() is None
