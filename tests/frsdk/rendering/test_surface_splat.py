"""A surface by its vertices: what is in front shows, without holes and within its outline."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.rendering.surface_splat import splat_surface


def enlarged(grid: Any, size_wh: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return cv2.resize(grid.values, size_wh), cv2.resize(grid.cover, size_wh)


@pytest.mark.parametrize(("size", "radius"), [(120, 40.0), (600, 250.0), (40, 12.0)])
def test_a_sphere_is_a_full_disc_with_its_front_values(
    make_sphere: Any, size: int, radius: float
) -> None:
    mesh = make_sphere((size / 2, size / 2), radius, 40)
    outward = ((mesh.vertices - (size / 2, size / 2, 0)) / radius).astype(np.float32)
    values = 0.5 + 0.4 * outward[:, 0]  # grows to the right
    grid = splat_surface(mesh.vertices.astype(np.float32), values, outward[:, 2], (size, size))
    shown, cover = enlarged(grid, (size, size))
    y, x = np.mgrid[:size, :size]
    distance = np.hypot(x - size / 2, y - size / 2)
    disc = distance < radius
    shared, either = (cover > 127) & disc, (cover > 127) | disc
    assert shared.sum() / either.sum() > (0.95 if radius > 30 else 0.88)
    assert (cover[distance < 0.95 * radius] > 127).all()
    inner = distance < 0.8 * radius
    wanted = 0.5 + 0.4 * (x - size / 2) / radius
    assert np.abs(shown - wanted)[inner].mean() < 0.03


def test_what_is_hidden_does_not_show() -> None:
    side = np.arange(0.0, 100.0, 4.0)
    x, y = (each.reshape(-1) for each in np.meshgrid(side, side))
    near = np.stack([x, y, np.full_like(x, 60.0)], axis=1)[x < 50]
    far = np.stack([x, y, np.zeros_like(x)], axis=1)
    vertices = np.concatenate([near, far]).astype(np.float32)
    values = np.concatenate([np.full(len(near), 0.9), np.full(len(far), 0.2)]).astype(np.float32)
    facing = np.ones(len(vertices), np.float32)
    shown, cover = enlarged(splat_surface(vertices, values, facing, (100, 100)), (100, 100))
    assert (cover[10:90, 10:90] == 255).all()
    assert shown[10:90, 10:40] == pytest.approx(0.9, abs=0.01)
    assert shown[10:90, 62:90] == pytest.approx(0.2, abs=0.01)
    away = splat_surface(vertices, values, -facing, (100, 100))
    assert not away.cover.any()


def test_parts_outside_are_left_out(make_sphere: Any) -> None:
    mesh = make_sphere((0.0, 300.0), 40.0)
    facing = np.ones(len(mesh.vertices), np.float32)
    vertices = mesh.vertices.astype(np.float32)
    assert not splat_surface(vertices, facing, facing, (50, 60)).cover.any()
