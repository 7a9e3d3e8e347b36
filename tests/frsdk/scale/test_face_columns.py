"""Rows of faces: the numbers of `Face.to_dict`, and a row for pictures that have none."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.face import Face
from frsdk.scale.face_columns import broken_row, face_rows, face_schema, table_of

pytest.importorskip("pyarrow", reason="needs pyarrow (frsdk[ray])")


def test_a_row_has_the_numbers_of_the_face(posed_once: Face) -> None:
    table = table_of(face_rows("a.jpg", (256, 240), [posed_once, posed_once]))
    assert table.schema == face_schema()
    first, second = table.to_pylist()
    known = posed_once.to_dict()
    assert (first["path"], first["error"]) == ("a.jpg", None)
    assert (first["width"], first["height"]) == (256, 240)
    assert (first["face"], second["face"]) == (0, 1)
    assert {**first, "face": 1} == second
    for name in ("score", "box_xyxy_px", "roi_xyxy_px", "params", "crop_size_px"):
        assert first[name] == known[name]
    for name in ("yaw_deg", "pitch_deg", "roll_deg", "scale_px_per_unit", "translation_px"):
        assert first[name] == known["pose"][name]
    np.testing.assert_array_equal(np.reshape(first["landmarks_px"], (68, 3)), posed_once.landmarks)
    np.testing.assert_array_equal(np.reshape(first["rotation"], (3, 3)), known["pose"]["rotation"])
    assert first["face_model_sha256"] == posed_once.face_model.sha256


def test_a_picture_without_a_face_and_a_broken_one_have_a_row() -> None:
    none, broken = table_of(
        [*face_rows("a.jpg", (9, 8), []), broken_row("b.jpg", "of\ntwo lines")]
    ).to_pylist()
    assert (none["path"], none["width"], none["face"], none["error"]) == ("a.jpg", 9, None, None)
    assert (broken["path"], broken["error"], broken["width"]) == ("b.jpg", "of two lines", None)
    assert broken["params"] is None and none["landmarks_px"] is None
