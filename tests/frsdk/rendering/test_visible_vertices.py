"""Landmarks that the face itself hides."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from frsdk.rendering.overlay import draw_faces


def test_a_frontal_face_hides_next_to_nothing(make_posed: Any) -> None:
    visible = make_posed().visible
    assert visible.shape == (68,) and visible.dtype == np.bool_
    assert visible[17:60].all()  # brows, nose, eyes, lips; the jaw's ends are seen edge on
    assert visible.sum() >= 55


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


def test_hidden_landmarks_are_hollow(make_posed: Any) -> None:
    face = make_posed(70.0, centre=(300.0, 300.0), scale=2.5, image_size_wh=(600, 600))
    photo = np.full((600, 600, 3), 60, np.uint8)
    still, live = draw_faces(photo, [face]), draw_faces(photo, [face], quality="live")
    yellow = (40, 250, 250)

    def share(image: np.ndarray, landmark: int) -> bool:
        x, y = np.rint(face.landmarks[landmark, :2]).astype(int)
        return bool((np.abs(image[y, x].astype(int) - yellow) < 60).all())

    seen = np.flatnonzero(face.visible)
    hidden = np.setdiff1d(np.arange(68), seen)
    assert len(hidden) > 10
    assert np.mean([share(still, k) for k in seen]) > 0.9
    assert np.mean([share(still, k) for k in hidden]) < 0.4  # rings of others may cross
    assert np.mean([share(live, k) for k in hidden]) > 0.9  # live video does not ask
