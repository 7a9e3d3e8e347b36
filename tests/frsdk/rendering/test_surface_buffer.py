"""The fast surface pass against the exact NumPy z-buffer and against planes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.rendering import surface_buffer as module
from frsdk.rendering.numpy_zbuffer import rasterise
from frsdk.rendering.surface_buffer import SurfaceView, surface_buffer, surface_depth

needs_rasteriser = pytest.mark.skipif(
    not hasattr(cv2, "triangleRasterize"), reason="this OpenCV has no triangleRasterize (5 has)"
)


def turned_face(yaw_deg: float) -> np.ndarray:
    """The built-in mean face in a 300 x 260 picture, partly beyond its left edge."""
    angle = np.deg2rad(yaw_deg)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    points = builtin_face_model().mean @ turn.T
    return points * (1.3, -1.3, 1.3) + (60.3, 120.7, 5)


@needs_rasteriser
@pytest.mark.parametrize("yaw_deg", [0, 50, 85])
def test_opencv_agrees_with_numpy(monkeypatch: pytest.MonkeyPatch, yaw_deg: float) -> None:
    points, triangles = turned_face(yaw_deg), builtin_face_model().triangles
    fast = surface_buffer(points, triangles, (300, 260))
    monkeypatch.setattr(module, "opencv_rasterises", lambda count: False)
    exact = surface_buffer(points, triangles, (300, 260))
    assert len(exact.pixels) > 5000
    both, at_fast, at_exact = np.intersect1d(fast.pixels, exact.pixels, return_indices=True)
    assert len(both) >= 0.9995 * max(len(fast.pixels), len(exact.pixels))
    z_fast = fast.interpolated(points[:, 2])[at_fast]
    z_exact = exact.interpolated(points[:, 2])[at_exact]
    assert np.quantile(np.abs(z_fast - z_exact), 0.999) < 0.02
    same = fast.triangle_ids[at_fast] == exact.triangle_ids[at_exact]
    assert same.mean() > 0.999


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=needs_rasteriser)])
def test_depth_is_the_mesh_s(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(module, "opencv_rasterises", lambda count: fast)
    points, triangles = turned_face(20), builtin_face_model().triangles
    buffer = surface_buffer(points, triangles, (300, 260))
    reference = rasterise(points, triangles, (300, 260)).depth
    z = buffer.picture([buffer.interpolated(points[:, 2])], -np.inf)[..., 0]
    seen = np.isfinite(z) & np.isfinite(reference)
    assert np.abs(z[seen] - reference[seen]).max() < 0.5
    # The interpolated position is the pixel itself.
    row, column = np.divmod(buffer.pixels, 300)
    np.testing.assert_allclose(buffer.interpolated(points[:, 0]), column, atol=0.02)
    np.testing.assert_allclose(buffer.interpolated(points[:, 1]), row, atol=0.02)


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=needs_rasteriser)])
def test_depth_and_values_are_the_buffers(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(module, "opencv_rasterises", lambda count: fast)
    points, triangles = turned_face(30), builtin_face_model().triangles
    code = np.random.default_rng(0).random(points.shape).astype(np.float32)
    buffer = surface_buffer(points, triangles, (300, 260))
    expected = buffer.picture([buffer.interpolated(code[:, k]) for k in range(3)], 0)
    view = SurfaceView(points, triangles, (300, 260))
    values, z = view.picture(code, 0), view.depth
    depth = surface_depth(points, triangles, (300, 260))
    for each in (depth, z):
        np.testing.assert_array_equal(each > -np.inf, buffer.mask)
        assert np.abs(each[buffer.mask] - buffer.interpolated(points[:, 2])).max() < 0.1
    assert (values[~buffer.mask] == 0).all()
    assert np.quantile(np.abs(values - expected), 0.999) < 1e-3
    away = SurfaceView(points + np.array([900, 0, 0]), triangles, (300, 260))
    assert np.isnan(away.picture(code, np.nan)).all() and (away.depth == -np.inf).all()


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=needs_rasteriser)])
def test_the_nearer_of_two_is_seen(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(module, "opencv_rasterises", lambda count: fast)
    near = np.array([[2.0, 2, 5], [2, 18, 5], [18, 18, 5]])
    far = np.array([[2.0, 2, 1], [2, 18, 1], [18, 2, 1]])
    triangles = np.array([[0, 1, 2], [3, 4, 5]])
    buffer = surface_buffer(np.concatenate([near, far]), triangles, (20, 20))
    ids = buffer.picture([buffer.triangle_ids.astype(np.float32)], -1)[..., 0]
    assert ids[12, 4] == 0 and ids[4, 12] == 1 and ids[1, 1] == -1
    turned = surface_buffer(np.concatenate([near, far]), triangles[:, ::-1], (20, 20))
    assert not turned.mask.any()  # seen from behind


def test_a_mesh_outside_the_picture(make_sphere: Any) -> None:
    mesh = make_sphere((500.0, 500.0), 40.0)
    buffer = surface_buffer(mesh.vertices, mesh.triangles, (60, 50))
    assert buffer.mask.shape == (50, 60)
    assert not buffer.mask.any()
    assert buffer.interpolated(mesh.vertices[:, 2]).shape == (0,)
    with pytest.raises(InputError, match="at least 1x1 pixels, got 0x5"):
        surface_buffer(mesh.vertices, mesh.triangles, (0, 5))
