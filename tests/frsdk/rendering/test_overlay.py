"""The overlay: a new image, drawn where the face is and in its size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.rendering.overlay import IBUG_POLYLINES, draw_faces


def test_polylines_name_every_point_once() -> None:
    named = [k for first, last, _ in IBUG_POLYLINES for k in range(first, last + 1)]
    assert named == list(range(68))


def test_the_photograph_is_left_alone(make_face: Any) -> None:
    image = np.full((120, 130, 3), 90, np.uint8)
    drawn = draw_faces(image, [make_face()])
    assert (image == 90).all()
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert not np.shares_memory(drawn, image)


def test_without_faces_it_is_a_copy() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    drawn = draw_faces(image, [])
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_read_only_images_are_taken(make_face: Any) -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    image.setflags(write=False)
    assert draw_faces(image, [make_face()]).any()


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0, 25.0])
def test_drawing_follows_the_size_of_the_face(make_face: Any, scale: float) -> None:
    size = int(240 * scale)
    image = np.full((size, size, 3), 128, np.uint8)
    face = make_face((120 * scale, 120 * scale), 40 * scale, dense=False)
    changed = (draw_faces(image, [face]) != 128).any(axis=2)
    share = changed.sum() / (80 * scale) ** 2
    assert 0.04 < share < 0.45
    x = np.nonzero(changed)[1]
    assert x.min() > 60 * scale
    assert x.max() < 180 * scale
    for px, py, _ in face.landmarks:
        assert changed[round(py), round(px)]


def test_mesh_is_drawn_only_when_there_is_one(make_face: Any) -> None:
    image = np.full((400, 400, 3), 128, np.uint8)
    with_mesh = draw_faces(image, [make_face((200.0, 200.0), 150.0)])
    without = draw_faces(image, [make_face((200.0, 200.0), 150.0, dense=False)])
    spot = (slice(280, 290), slice(160, 170))  # inside the ring, away from every line
    assert (without[spot] == 128).all()
    assert (with_mesh[spot] != 128).any()
    # Translucent: the photograph shows through.
    dark = draw_faces(image // 2, [make_face((200.0, 200.0), 150.0)])
    assert (with_mesh[spot].astype(int) - dark[spot]).min() > 15


def test_axes_point_where_the_rotation_says(make_face: Any) -> None:
    image = np.full((400, 400, 3), 128, np.uint8)
    face = make_face((200.0, 200.0), 150.0, dense=False)
    start = face.landmarks[30, :2]
    plain = draw_faces(image, [face])
    length = 0.45 * np.ptp(face.landmarks[:, :2], axis=0).max()
    along = np.linspace(0.3, 0.9, 20)[:, None] * length
    right = np.rint(start + along * (1, 0)).astype(int)
    up = np.rint(start + along * (0, -1)).astype(int)
    red, green = plain[right[:, 1], right[:, 0]], plain[up[:, 1], up[:, 0]]
    assert (red[:, 2].astype(int) - red[:, 0] > 100).mean() > 0.8
    assert (green[:, 1].astype(int) - green[:, 2] > 100).mean() > 0.8
    turned = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])  # a quarter turn: x goes up
    face.pose.rotation = turned
    drawn = draw_faces(image, [face])
    red = drawn[up[:, 1], up[:, 0]]
    assert (red[:, 2].astype(int) - red[:, 0] > 100).mean() > 0.8


@pytest.mark.parametrize("centre", [(-300.0, 20.0), (0.0, 0.0), (119.0, 60.0), (60.0, 5000.0)])
def test_faces_at_and_beyond_the_border(make_face: Any, centre: tuple[float, float]) -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    assert draw_faces(image, [make_face(centre), make_face(centre, 5.0)]).shape == image.shape


def test_one_pixel_image(make_face: Any) -> None:
    assert draw_faces(np.zeros((1, 1, 3), np.uint8), [make_face((0.0, 0.0), 3.0)]).shape == (
        1,
        1,
        3,
    )


def test_far_pixels_keep_their_values_exactly(make_face: Any) -> None:
    image = np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8)
    drawn = draw_faces(image, [make_face((100.0, 100.0), 20.0)])
    np.testing.assert_array_equal(drawn[200:], image[200:])
    np.testing.assert_array_equal(drawn[:, 200:], image[:, 200:])


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_bad_image(image: Any) -> None:
    with pytest.raises(InputError, match=r"expected an image \(H, W, 3\) uint8"):
        draw_faces(image, [])
