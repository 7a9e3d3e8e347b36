"""Vertex colours: exact where seen, plausible where hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.rendering.vertex_colours import vertex_colours


def test_seen_vertices_have_the_photographs_colour(make_sphere: Any) -> None:
    mesh = make_sphere((60.3, 58.8), 40.0, 40)
    y, x = np.mgrid[:120, :120]
    image = np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)  # BGR, linear in x and y
    colours = vertex_colours(image, mesh.vertices, mesh.triangles)
    front = mesh.vertices[:, 2] > 20
    expected = np.stack([255 - mesh.vertices[:, 0], mesh.vertices[:, 1], mesh.vertices[:, 0]], 1)
    np.testing.assert_allclose(colours[front], expected[front], atol=1.01)
    assert colours.dtype == np.uint8


def test_a_fine_photograph_is_averaged(make_sphere: Any) -> None:
    mesh = make_sphere((600.0, 600.0), 400.0, 12)
    noise = np.random.default_rng(0).integers(0, 2, (1200, 1200, 1)) * 200
    image = np.repeat(noise, 3, axis=2).astype(np.uint8)
    colours = vertex_colours(image, mesh.vertices, mesh.triangles)
    assert abs(colours.astype(int) - 100).max() < 40


def test_averaging_keeps_the_place(make_sphere: Any) -> None:
    mesh = make_sphere((600.0, 600.0), 400.0, 12)
    y, x = np.mgrid[:1200, :1200]
    image = np.stack([x / 5, y / 5, x * 0], axis=-1).astype(np.uint8)
    colours = vertex_colours(image, mesh.vertices, mesh.triangles).astype(float)
    front = mesh.vertices[:, 2] > 260  # away from the outline, which is filled in
    np.testing.assert_allclose(colours[front, 2], mesh.vertices[front, 0] / 5, atol=1.5)
    np.testing.assert_allclose(colours[front, 1], mesh.vertices[front, 1] / 5, atol=1.5)


def test_hidden_vertices_take_their_mirrors_colour(make_sphere: Any) -> None:
    # Turned by 50 degrees: much of the side x < 0 of the model is hidden. The model is red above
    # the middle and green below, the same on both sides.
    mesh = make_sphere((0.0, 0.0), 40.0, 24)
    turn = np.radians(50)
    x, y, z = mesh.vertices.T
    turned = np.stack([np.cos(turn) * x - np.sin(turn) * z, y, np.sin(turn) * x + np.cos(turn) * z])
    vertices = turned.T + np.array([60, 60, 0])
    image = np.full((120, 120, 3), (0, 0, 220), np.uint8)
    image[60:] = (0, 180, 0)
    colours = vertex_colours(image, vertices, mesh.triangles, mirror=mesh.mirror).astype(int)
    hidden = (x < -10) & (z > 0) & (vertices[:, 2] < 0) & (abs(y) > 12)
    assert hidden.sum() > 20
    assert abs(colours[hidden & (y < 0)] - (220, 0, 0)).max() <= 3
    assert abs(colours[hidden & (y > 0)] - (0, 180, 0)).max() <= 3


def test_something_in_front_hides(make_sphere: Any) -> None:
    near, far = make_sphere((60.0, 60.0), 15.0), make_sphere((60.0, 60.0), 50.0, 40)
    vertices = np.vstack([near.vertices + np.array([0, 0, 100]), far.vertices])
    triangles = np.vstack([near.triangles, far.triangles + len(near.vertices)])
    image = np.full((120, 120, 3), 60, np.uint8)
    y, x = np.mgrid[:120, :120]
    image[np.hypot(x - 60, y - 60) < 15] = 250
    colours = vertex_colours(image, vertices, triangles)
    behind = colours[len(near.vertices) :]
    distance = np.hypot(*(far.vertices[:, :2] - 60).T)
    assert (behind[(distance < 12) & (far.vertices[:, 2] > 0)] < 120).all()
    assert (colours[: len(near.vertices)][near.vertices[:, 2] > 6] == 250).all()


def test_nothing_black_where_the_face_leaves_the_picture(make_sphere: Any) -> None:
    mesh = make_sphere((5.0, 60.0), 40.0)
    image = np.full((120, 120, 3), (90, 120, 200), np.uint8)
    for mirror in (None, mesh.mirror, np.zeros(0, np.int32)):
        colours = vertex_colours(image, mesh.vertices, mesh.triangles, mirror=mirror)
        assert (colours == (200, 120, 90)).all()


def test_parts_that_hang_together_with_nothing_seen_take_the_mean(make_sphere: Any) -> None:
    seen, away = make_sphere(), make_sphere((900.0, 60.0))
    vertices = np.vstack([seen.vertices, away.vertices])
    triangles = np.vstack([seen.triangles, away.triangles + len(seen.vertices)])
    image = np.full((120, 120, 3), 77, np.uint8)
    assert (vertex_colours(image, vertices, triangles) == 77).all()


def test_a_face_wholly_outside_has_one_plain_colour(make_sphere: Any) -> None:
    mesh = make_sphere((-500.0, 60.0))
    colours = vertex_colours(np.zeros((50, 50, 3), np.uint8), mesh.vertices, mesh.triangles)
    assert len(np.unique(colours, axis=0)) == 1
    assert colours.min() > 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 3)])
def test_tiny_photographs(make_sphere: Any, shape: tuple[int, int]) -> None:
    mesh = make_sphere((1.0, 1.0), 2.0)
    image = np.full((*shape, 3), 50, np.uint8)
    assert vertex_colours(image, mesh.vertices, mesh.triangles).shape == (len(mesh.vertices), 3)


@pytest.mark.parametrize(
    ("image", "mirror", "message"),
    [
        (np.zeros((9, 9), np.uint8), None, r"image \(H, W, 3\) uint8"),
        (np.zeros((9, 9, 3)), None, "float64"),
        (np.zeros((9, 9, 3), np.uint8), [0, 1], r"mirror \(544,\)"),
        (np.zeros((9, 9, 3), np.uint8), np.full(544, 544), r"indices in 0\.\.543"),
    ],
)
def test_bad_input(make_sphere: Any, image: Any, mirror: Any, message: str) -> None:
    mesh = make_sphere((4.0, 4.0), 3.0)
    with pytest.raises(InputError, match=message):
        vertex_colours(image, mesh.vertices, mesh.triangles, mirror=mirror)
