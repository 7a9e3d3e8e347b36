"""The template is a valid, symmetric face surface; modes are carried over it without leaks."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.errors import FaceModelError
from frsdk.export.facemodel.face_template import build_template
from frsdk.export.facemodel.landmark_interpolation import carry_modes, landmark_weights
from frsdk.export.facemodel.template_surface import Template

from ..mean_landmarks import MIRROR, mean_landmarks

FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def template() -> Template:
    return build_template(mean_landmarks())


def directed_edges(triangles):
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def face_normals(template):
    a, b, c = (template.vertices[template.triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def normal_near(template, point):
    centres = template.vertices[template.triangles].mean(axis=1)
    near = np.argsort(np.linalg.norm(centres - point, axis=1))[:12]
    total = face_normals(template)[near].sum(axis=0)
    return total / np.linalg.norm(total)


def test_size_and_types(template):
    count = len(template.vertices)
    assert 6_000 <= count <= 11_000
    assert template.vertices.dtype == np.float64
    assert template.triangles.dtype == np.int32
    assert template.uv.dtype == np.float32
    assert template.uv.shape == (count, 2)
    assert template.region.shape == template.mirror.shape == (count,)
    assert np.array_equal(np.unique(template.triangles), np.arange(count))


def test_landmarks_are_distinct_vertices_at_the_given_points(template):
    assert len(set(template.landmark_indices.tolist())) == 68
    landmarks = template.vertices[template.landmark_indices]
    np.testing.assert_allclose(landmarks, mean_landmarks(), rtol=0, atol=1e-9)


def test_symmetry_is_exact(template):
    mirror = template.mirror
    assert np.array_equal(mirror[mirror], np.arange(len(mirror)))
    assert np.array_equal(template.vertices[mirror], template.vertices * FLIP)
    assert np.array_equal(mirror[template.landmark_indices], template.landmark_indices[MIRROR])
    assert np.array_equal(template.region[mirror], template.region)
    mirrored = mirror[template.triangles[:, ::-1]]
    assert triangle_set(mirrored) == triangle_set(template.triangles)


def triangle_set(triangles):
    turned = [np.roll(t, -int(np.argmin(t))) for t in triangles]
    return {tuple(t.tolist()) for t in turned}


def test_is_one_manifold_disc_with_consistent_orientation(template):
    edges = directed_edges(template.triangles)
    assert len(np.unique(edges, axis=0)) == len(edges)  # no edge twice in one direction
    undirected, uses = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert uses.max() == 2
    euler = len(template.vertices) - len(undirected) + len(template.triangles)
    assert euler == 1  # a disc: one piece with one border
    border = undirected[uses == 1]
    follow = {}
    for a, b in border.tolist():
        follow.setdefault(a, []).append(b)
        follow.setdefault(b, []).append(a)
    assert all(len(next_) == 2 for next_ in follow.values())
    seen, here = set(), next(iter(follow))
    while here not in seen:
        seen.add(here)
        here = next((n for n in follow[here] if n not in seen), here)
    assert len(seen) == len(follow)


def test_no_triangle_is_degenerate(template):
    assert 0.5 * np.linalg.norm(face_normals(template), axis=1).min() > 0.02


def test_normals_point_outward(template):
    landmarks = mean_landmarks()
    assert normal_near(template, landmarks[30])[2] > 0.6
    assert normal_near(template, (0, 85, 22))[2] > 0.7
    for side in (-1, 1):
        assert normal_near(template, (side * 68, 5, -55))[0] * side > 0.8
        assert normal_near(template, (side * 40, 0, 10))[2] > 0.6
        assert normal_near(template, (side * 32.5, 34, 5.5))[2] > 0.8  # the eyeballs


def test_skin_has_no_kinks_away_from_creases(template):
    """Neighbouring triangles of the forehead, temples and cheeks meet nearly flat."""
    unit = face_normals(template)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    edges = directed_edges(template.triangles).tolist()
    owner = {(a, b): i % len(unit) for i, (a, b) in enumerate(edges)}
    y = template.vertices[:, 1]
    pairs = [
        (i, owner[b, a])
        for (a, b), i in owner.items()
        if (b, a) in owner and (y[a] > 64 or abs(template.vertices[a, 0]) > 52)
    ]
    first, second = np.array(pairs).T
    cosine = np.sum(unit[first] * unit[second], axis=1)
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 16


def test_reaches_from_ear_to_ear_and_from_hairline_to_neck(template):
    low, high = template.vertices.min(axis=0), template.vertices.max(axis=0)
    assert high[0] == -low[0]
    assert 74 < high[0] < 82
    assert 105 < high[1] < 125
    assert -105 < low[1] < -88
    assert low[2] < -78


def test_uv_is_in_range_without_folds(template):
    assert template.uv.min() >= 0
    assert template.uv.max() <= 1
    a, b, c = (template.uv[template.triangles[:, k]].astype(np.float64) for k in range(3))
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert doubled.min() > 0
    np.testing.assert_allclose(template.uv[template.mirror, 0], 1 - template.uv[:, 0], atol=1e-6)


def test_build_is_deterministic(template):
    again = build_template(mean_landmarks())
    assert np.array_equal(again.vertices, template.vertices)


def test_other_landmarks_bend_the_surface_smoothly():
    wide = mean_landmarks() * np.array([1.1, 1.0, 1.05])
    bent = build_template(wide)
    np.testing.assert_allclose(bent.vertices[bent.landmark_indices], wide, rtol=0, atol=1e-9)
    assert 0.5 * np.linalg.norm(face_normals(bent), axis=1).min() > 0.02


@pytest.mark.parametrize("damage", ["shape", "asymmetric", "nan"])
def test_bad_landmarks_are_refused(damage):
    points = mean_landmarks()
    if damage == "shape":
        points = points[:67]
    elif damage == "asymmetric":
        points[36, 1] += 0.5
    else:
        points[0] = points[16] = np.nan
    with pytest.raises(FaceModelError, match="expected"):
        build_template(points)


def test_carried_modes_are_exact_at_the_landmarks(template):
    modes = np.random.default_rng(7).normal(size=(5, 68, 3))
    carried = carry_modes(template, modes)
    assert carried.shape == (5, len(template.vertices), 3)
    np.testing.assert_allclose(carried[:, template.landmark_indices], modes, rtol=0, atol=1e-9)


def test_a_translation_is_carried_as_itself(template):
    modes = np.broadcast_to(np.array([1.5, -2.0, 0.5]), (1, 68, 3))
    carried = carry_modes(template, modes)
    np.testing.assert_allclose(carried - modes[:, :1], 0, atol=1e-8)


def test_symmetric_modes_stay_symmetric(template):
    modes = np.random.default_rng(8).normal(size=(3, 68, 3))
    modes = (modes + modes[:, MIRROR] * FLIP) / 2
    carried = carry_modes(template, modes)
    np.testing.assert_allclose(carried[:, template.mirror], carried * FLIP, rtol=0, atol=1e-12)


def test_weights_do_not_blow_up_away_from_the_landmarks(template):
    assert np.abs(landmark_weights(template)).sum(axis=1).max() < 4


def test_opposite_lips_do_not_pull_at_each_other(template):
    modes = np.zeros((1, 68, 3))
    modes[0, [61, 62, 63, 50, 51, 52], 1] = 3.0
    modes[0, [65, 66, 67, 56, 57, 58], 1] = -3.0
    carried = carry_modes(template, modes)[0, :, 1]
    x, y, _ = template.vertices.T
    lips = (np.abs(x) < 6) & (template.region == 0)
    upper = lips & (y > -32.6) & (y < -27)
    lower = lips & (y < -39.4) & (y > -46)
    assert upper.sum() > 20
    assert lower.sum() > 20
    assert carried[upper].min() > 2.4
    assert carried[lower].max() < -2.4


def test_the_eyelids_close_without_moving_the_brows_or_cheeks(template):
    modes = np.zeros((1, 68, 3))
    modes[0, [37, 38, 43, 44], 1] = -5.0
    carried = carry_modes(template, modes)[0, :, 1]
    x, y, _ = template.vertices.T
    assert np.abs(carried[y > 62]).max() < 2.0
    assert np.abs(carried[(y < 15) & (np.abs(x) < 70)]).max() < 1.0


def test_symmetry_is_exact_for_landmarks_that_are_not_round():
    noise = np.random.default_rng(9).normal(size=(68, 3))
    points = mean_landmarks() + (noise + noise[MIRROR] * FLIP) / 2
    bent = build_template(points)
    assert np.array_equal(bent.vertices[bent.landmark_indices], points)
    assert np.array_equal(bent.vertices[bent.mirror], bent.vertices * FLIP)


def test_the_hairline_does_not_follow_the_jaw_or_outrun_the_brows(template):
    modes = np.zeros((2, 68, 3))
    modes[0, [*range(3, 14), *range(55, 60), *range(65, 68)], 1] = -10.0
    modes[1, 17:27, 1] = 5.0
    carried = carry_modes(template, modes)
    hairline = template.vertices[:, 1] > 90
    assert np.abs(carried[0, hairline]).max() < 2.0
    assert np.linalg.norm(carried[1, hairline], axis=1).max() < 1.5 * 5.0
