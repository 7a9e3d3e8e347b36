"""Occluders lie before what they cover, and where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.export.renders.drawing.body_to_camera import Placement
from frsdk.export.renders.occluders.face_coverings import Covering, face_covering
from frsdk.export.renders.occluders.face_shell import head_shell
from frsdk.export.renders.occluders.glasses import GlassesStyle, glasses, sample_glasses
from frsdk.export.renders.occluders.headwear import Hat, hat
from frsdk.export.renders.occluders.held_things import held_thing
from frsdk.expressions.blendshape_table import builtin_blendshapes

PLACE = Placement(np.zeros(3), np.eye(3))
CENTRE = np.array([0.0, 7.2, 0.45])  # of a made-up head, decimetres
RADII = np.array([0.75, 1.2, 0.95])


def head() -> np.ndarray:
    """(n, 3) points of an ellipsoid."""
    rng = np.random.default_rng(0)
    points = rng.normal(0.0, 1.0, (20000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points * RADII + CENTRE)


def marks() -> np.ndarray:
    """(68, 3) the average face's landmarks moved onto the ellipsoid."""
    shape = builtin_blendshapes().neutral / 100.0 * 0.72
    shape = shape - shape.mean(axis=0) + [0.0, 7.05, 0.0]
    flat = (shape[:, :2] - CENTRE[:2]) / RADII[:2]
    depth = np.sqrt(np.maximum(1.0 - (flat**2).sum(axis=1), 0.0))
    return np.column_stack([shape[:, :2], CENTRE[2] + RADII[2] * depth])


def outside(points: np.ndarray) -> np.ndarray:
    """(n,) above 1 outside the ellipsoid."""
    return np.asarray(np.linalg.norm((points - CENTRE) / RADII, axis=1))


def test_a_shell_lies_outside_the_points_and_spans_hollows() -> None:
    points = head()
    hollow = (np.abs(points[:, 0]) < 0.1) & (points[:, 2] > 0.45) & (abs(points[:, 1] - 7.0) < 0.1)
    points[hollow, 2] -= 0.3
    shell = head_shell(points, (0.0, 0.45), (-1.5, 1.5), (6.6, 7.6))
    angles, heights = np.linspace(-1.2, 1.2, 30), np.linspace(6.7, 7.5, 30)
    found = shell.points(np.repeat(angles, 30), np.tile(heights, 30), 0.05)
    assert outside(found).min() > 1.0
    assert outside(found).max() < 1.25


def test_a_mask_covers_mouth_and_nose_and_leaves_the_eyes() -> None:
    style = Covering(top=0.9, colour=(0.3, 0.5, 0.6), loose=0.05, half_angle_rad=1.1)
    face = marks()
    part = face_covering(style, head(), face, PLACE)
    points = part.vertices.astype(np.float64)
    for landmark in (8, 33, 51, 57, 66):
        near = np.linalg.norm(points[:, :2] - face[landmark, :2], axis=1) < 0.12
        assert near.any() and points[near, 2].max() > face[landmark, 2]
    middle = points[np.abs(points[:, 0]) < 0.3]
    assert middle[:, 1].max() < face[36:48, 1].min() + 0.1


def test_glasses_stand_before_the_eyes_and_reach_the_ears() -> None:
    style = GlassesStyle(0.28, 0.2, 2.5, 0.012, (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), 0.1, 0.0)
    face = marks()
    parts = glasses(style, face, PLACE)
    lenses = [part for part in parts if part.look.opacity < 1.0]
    assert len(lenses) == 2 and len(parts) == 7
    assert parts[-2:] == lenses  # glass is drawn after the frame
    for lens, eye in zip(lenses, (slice(36, 42), slice(42, 48)), strict=True):
        centre = face[eye].mean(axis=0)
        assert lens.vertices[:, 0].min() < centre[0] < lens.vertices[:, 0].max()
        assert lens.vertices[:, 2].min() > face[eye, 2].max()
    everything = np.concatenate([part.vertices for part in parts])
    assert everything[:, 2].min() < face[[0, 16], 2].max()


def test_three_in_ten_glasses_are_dark() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_glasses(rng) for _ in range(800)]
    assert np.mean([each.opacity > 0.5 for each in drawn]) == pytest.approx(0.3, abs=0.05)


def test_a_hat_sits_over_the_brows_and_around_the_head() -> None:
    style = Hat(edge=0.2, slope=0.4, loose=0.1, brim=0.6, colour=(0.1, 0.1, 0.1))
    face, points = marks(), head()
    dome, brim = hat(style, points, face, PLACE)
    brow = face[19:25, 1].max()
    front = dome.vertices[dome.vertices[:, 2] > 1.2]
    assert len(front) and front[:, 1].min() > brow
    assert dome.vertices[:, 1].max() >= points[:, 1].max()
    assert outside(dome.vertices.astype(np.float64)).min() > 0.97
    assert brim.vertices[:, 2].max() > dome.vertices[:, 2].max() + 0.3


def test_a_thing_is_held_outside_the_head() -> None:
    for seed in range(20):
        part = held_thing(marks(), PLACE, np.random.default_rng(seed))
        assert np.isfinite(part.vertices).all()
        assert outside(part.vertices.astype(np.float64)).max() > 1.05
