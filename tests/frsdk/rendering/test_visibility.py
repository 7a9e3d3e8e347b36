"""Landmarks that the face itself hides."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


def test_a_frontal_face_hides_nothing(make_posed: Any) -> None:
    visible = make_posed().visible
    assert visible.shape == (68,) and visible.dtype == np.bool_
    assert visible.all()


def test_a_profile_hides_the_far_side(make_posed: Any) -> None:
    right = make_posed(75.0).visible  # turned to the picture's right: its left side is seen
    assert right[:8].all() and right[36:39].all()
    assert not right[12:16].any() and not right[45:47].any()
    left = make_posed(-75.0).visible
    assert left[9:17].all() and left[43:46].all()
    assert not left[1:5].any() and not left[36:39].any()


def test_without_triangles_nothing_is_hidden(make_posed: Any) -> None:
    model = make_posed().face_model
    bare = dataclasses.replace(model, triangles=model.triangles[:0])
    assert make_posed(75.0, model=bare).visible.all()
