"""The z-buffer against an independent per-pixel reference, and the shading's properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frsdk.errors import InputError
from frsdk.meshes.mesh_arrays import vertex_normals
from frsdk.rendering.mesh_shading import render_mesh
from frsdk.rendering.numpy_zbuffer import rasterise


def reference(vertices: np.ndarray, triangles: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Depth of the nearest triangle at each pixel's centre by barycentric coordinates."""
    width, height = size
    depth = np.full((height, width), -np.inf)
    for a, b, c in vertices[triangles]:
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        for y in range(height):
            for x in range(width):
                wb = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
                wc = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
                if min(wb, wc, 1 - wb - wc) >= 0:
                    z = a[2] + wb * (b[2] - a[2]) + wc * (c[2] - a[2])
                    depth[y, x] = max(depth[y, x], z)
    return depth


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_depth_agrees_with_the_reference(seed: int) -> None:
    random = np.random.default_rng(seed)
    # Off the grid, so that no centre lies on an edge; partly outside the image.
    vertices = random.uniform(-6, 22, (9, 3))
    triangles = np.array([random.permutation(9)[:3] for _ in range(6)])
    buffer = rasterise(vertices, triangles, (17, 13), cull_back_faces=False)
    expected = reference(vertices, triangles, (17, 13))
    np.testing.assert_array_equal(np.isfinite(buffer.depth), np.isfinite(expected))
    found = np.isfinite(expected)
    np.testing.assert_allclose(buffer.depth[found], expected[found], atol=1e-3)
    np.testing.assert_array_equal(buffer.triangle_ids >= 0, found)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_neighbours_share_an_edge_without_gap_or_overlap(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = np.array([[0, 0], [16, 0], [16, 16], [0, 16]], float)
    middle = random.integers(1, 16, 2) if seed % 2 else random.uniform(1, 15, 2)
    vertices = np.c_[np.vstack([corners, middle]), np.zeros(5)]
    fan = [(k, 4, (k + 1) % 4) for k in range(4)]
    whole = rasterise(vertices, np.array(fan), (17, 17)).triangle_ids
    # Half-open: the pixels 0..15 of both axes.
    assert (whole[:16, :16] >= 0).all()
    assert (whole[16] == -1).all()
    assert (whole[:, 16] == -1).all()
    counts = sum((rasterise(vertices, np.array([t]), (17, 17)).triangle_ids >= 0) for t in fan)
    assert counts[:16, :16].max() == 1


def test_ids_of_the_nearest() -> None:
    near = [(0, 0, 5), (0, 8, 5), (8, 0, 5)]
    far = [(0, 0, 1), (0, 30, 1), (30, 0, 1)]
    buffer = rasterise(np.array(near + far, float), np.array([[3, 4, 5], [0, 1, 2]]), (20, 20))
    assert buffer.triangle_ids[2, 2] == 1
    assert buffer.depth[2, 2] == 5
    assert buffer.triangle_ids[8, 8] == 0
    assert buffer.triangle_ids[19, 19] == -1
    assert buffer.depth[19, 19] == -np.inf


def test_back_faces_are_left_out() -> None:
    vertices = np.array([(0, 0, 0), (0, 8, 0), (8, 0, 0)], float)
    front, back = np.array([[0, 1, 2]]), np.array([[0, 2, 1]])
    assert (rasterise(vertices, front, (9, 9)).triangle_ids >= 0).sum() > 20
    assert (rasterise(vertices, back, (9, 9)).triangle_ids == -1).all()
    assert (rasterise(vertices, back, (9, 9), cull_back_faces=False).triangle_ids == 0).any()


def test_many_blocks_give_the_same(make_sphere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = make_sphere()
    whole = rasterise(mesh.vertices, mesh.triangles, (120, 120))
    monkeypatch.setattr("frsdk.rendering.numpy_zbuffer._PIXELS_PER_BLOCK", 100)
    parts = rasterise(mesh.vertices, mesh.triangles, (120, 120))
    np.testing.assert_array_equal(whole.depth, parts.depth)
    np.testing.assert_array_equal(whole.triangle_ids, parts.triangle_ids)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_absurd_sizes_do_no_harm(make_sphere: Any, factor: float) -> None:
    mesh = make_sphere()
    buffer = rasterise(mesh.vertices * factor, mesh.triangles, (30, 20))
    assert buffer.depth.shape == (20, 30)


def test_normals_of_a_sphere(make_sphere: Any) -> None:
    mesh = make_sphere((60.0, 60.0), 40.0, 32)
    outward = (mesh.vertices - (60, 60, 0)) / 40
    normals = vertex_normals(mesh.vertices, mesh.triangles)
    inner = abs(outward[:, 1]) < 0.999
    assert (np.sum(normals * outward, axis=1)[inner] > 0.995).all()
    assert (vertex_normals(mesh.vertices, mesh.triangles[:0]) == 0).all()


def test_render_covers_the_disc_and_is_lit_from_above(make_sphere: Any) -> None:
    mesh = make_sphere((60.0, 60.0), 40.0, 32)
    image, mask = render_mesh(mesh.vertices, mesh.triangles, (130, 120), light=(0, -1, 0.2))
    assert image.shape == (120, 130, 3)
    assert mask.dtype == np.uint8
    area = mask.sum() / 255
    assert area == pytest.approx(np.pi * 40**2, rel=0.02)
    assert (image[mask == 0] == 0).all()
    assert image[30, 60].mean() > image[90, 60].mean() + 60
    y, x = np.nonzero(mask)
    assert (x.mean(), y.mean()) == pytest.approx((60, 60), abs=0.1)


def test_edges_are_antialiased_and_keep_their_colour(make_sphere: Any) -> None:
    mesh = make_sphere()
    colours = np.full((len(mesh.vertices), 3), (10, 120, 240), np.uint8)
    image, mask = render_mesh(
        mesh.vertices, mesh.triangles, (120, 120), colours=colours, light=(0, 0, 0), supersample=4
    )
    partly = (mask > 40) & (mask < 250)
    assert partly.sum() > 100
    assert abs(image[partly].astype(int) - (240, 120, 10)).max() <= 6


def test_colours_are_interpolated_linearly() -> None:
    vertices = np.array([(0, 0, 0), (0, 100, 0), (100, 0, 0)], float)
    colours = np.array([(0, 0, 0), (0, 200, 0), (200, 0, 0)], np.uint8)
    image, mask = render_mesh(
        vertices, [[0, 1, 2]], (100, 100), colours=colours, light=(0, 0, 0), supersample=1
    )
    y, x = np.nonzero(mask)
    np.testing.assert_allclose(image[y, x, 2], 2 * x, atol=1)  # red
    np.testing.assert_allclose(image[y, x, 1], 2 * y, atol=1)  # green


@pytest.mark.parametrize(
    ("vertices", "triangles", "size", "message"),
    [
        (np.zeros((3, 2)), [[0, 1, 2]], (5, 5), r"shape \(N, 3\)"),
        (np.full((3, 3), np.inf), [[0, 1, 2]], (5, 5), "finite"),
        (np.zeros((3, 3)), [[0, 1, 5]], (5, 5), "triangle indices"),
        (np.zeros((3, 3)), [[0, 1, -1]], (5, 5), "triangle indices"),
        (np.zeros((3, 3)), [[0, 1, 2]], (0, 5), "at least 1x1"),
    ],
)
def test_bad_input(vertices: Any, triangles: Any, size: tuple[int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rasterise(vertices, triangles, size)


def test_colours_must_match() -> None:
    with pytest.raises(InputError, match=r"colours of shape \(3, 3\)"):
        render_mesh(np.zeros((3, 3)), [[0, 1, 2]], (5, 5), colours=np.zeros((2, 3)))
