"""Depth, normals, PNCC, mask and texture coordinates against their definitions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.face import Face
from frsdk.rendering.face_mesh import frontal_landmarks
from frsdk.rendering.face_outputs import render_faces
from frsdk.rendering.numpy_zbuffer import rasterise


def brute_force(face: Face, row: int, column: int) -> tuple[int, np.ndarray] | None:
    """Nearest triangle at a pixel's centre and its barycentric weights, tried one by one."""
    corners = face.vertices.astype(float)[face.triangles]  # (M, 3, 3)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        wb = (
            (column - a[:, 0]) * (c[:, 1] - a[:, 1]) - (row - a[:, 1]) * (c[:, 0] - a[:, 0])
        ) / area
        wc = (
            (row - a[:, 1]) * (b[:, 0] - a[:, 0]) - (column - a[:, 0]) * (b[:, 1] - a[:, 1])
        ) / area
    weights = np.stack([1 - wb - wc, wb, wc], axis=1)
    hit = np.flatnonzero((weights.min(axis=1) >= 0) & (area < 0))  # y down: facing is clockwise
    if not hit.size:
        return None
    z = (weights[hit] * corners[hit, :, 2]).sum(axis=1)
    best = hit[z.argmax()]
    return int(best), weights[best]


def test_pncc_is_the_papers_on_its_own_mesh(make_posed: Any) -> None:
    """Zhu et al., CVPR 2016: NCC_d = (S_d - min S_d) / (max S_d - min S_d), z-buffered."""
    face = make_posed(35.0)
    pncc = face.render().pncc
    mean = face.face_model.mean.astype(float)
    code = (mean - mean.min(axis=0)) / (mean.max(axis=0) - mean.min(axis=0))
    checked = 0
    for row, column in np.random.default_rng(0).integers((60, 60), (190, 200), (60, 2)):
        found = brute_force(face, row, column)
        if found is None:
            assert (pncc[row, column] == 0).all()
            continue
        triangle, weights = found
        np.testing.assert_allclose(
            pncc[row, column], weights @ code[face.triangles[triangle]], atol=2e-3
        )
        checked += 1
    assert checked > 25
    assert pncc.min() >= 0 and pncc.max() <= 1


def test_depth_agrees_with_the_mesh(make_posed: Any) -> None:
    face = make_posed(-20.0)
    pictures = face.render()
    reference = rasterise(face.vertices, face.triangles, (256, 240)).depth
    both = pictures.mask & np.isfinite(reference)
    assert both.sum() > 0.999 * pictures.mask.sum() > 5000
    assert np.abs(pictures.depth_px - reference)[both].max() < 0.5
    assert np.isnan(pictures.depth_px[~pictures.mask]).all()
    relative = pictures.relative_depth[pictures.mask]
    assert (relative.min(), relative.max()) == (0, 1)


def test_millimetres_follow_from_the_eyes(make_posed: Any) -> None:
    face = make_posed(0.0, scale=0.8)
    points = frontal_landmarks(face).astype(float)
    eyes = np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)) * 0.8  # pixels
    pictures = face.render(eye_distance_mm=70)
    z = pictures.depth_px[pictures.mask] - face.pose.translation[2]
    np.testing.assert_allclose(pictures.depth_mm[pictures.mask], z * 70 / eyes, atol=0.05)
    assert face.render().depth_mm[pictures.mask].max() < pictures.depth_mm[pictures.mask].max()


def test_normals_are_unit_and_point_outward(make_posed: Any, make_sphere: Any) -> None:
    pictures = make_posed().render()
    length = np.linalg.norm(pictures.normals, axis=-1)
    np.testing.assert_allclose(length[pictures.mask], 1, atol=1e-5)
    assert (length[~pictures.mask] == 0).all()
    left, right = pictures.normals[:, :110], pictures.normals[:, 146:]
    assert left[..., 0].sum() < 0 < right[..., 0].sum()  # x right
    rows = np.flatnonzero(pictures.mask.any(axis=1))
    assert pictures.normals[rows[2] : rows[2] + 8, ..., 1].sum() > 0  # y up at the forehead
    assert pictures.normals[pictures.mask][:, 2].mean() > 0.5  # toward the camera


def test_uv_and_ids(make_posed: Any) -> None:
    face = make_posed()
    pictures = face.render()
    assert np.isnan(pictures.uv[~pictures.mask]).all()
    row, column = np.rint(face.landmarks[30, [1, 0]]).astype(int)  # the tip of the nose
    vertex = face.face_model.landmark_indices[30]
    np.testing.assert_allclose(pictures.uv[row, column], face.face_model.uv[vertex], atol=0.02)
    assert set(np.unique(pictures.face_ids)) == {-1, 0}


def test_the_larger_of_two_faces_is_in_front(make_posed: Any) -> None:
    small = make_posed(scale=0.5, centre=(70.0, 70.0), seed=1)
    large = make_posed(scale=0.9, centre=(140.0, 120.0))
    pictures = render_faces([small, large])
    alone = large.render()
    assert (pictures.face_ids[alone.mask] == 1).all()
    np.testing.assert_allclose(pictures.depth_px[alone.mask], alone.depth_px[alone.mask], atol=0.1)
    own = pictures.face_ids == 0
    np.testing.assert_allclose(pictures.depth_px[own], small.render().depth_px[own], atol=0.1)
    assert pictures.relative_depth[own].max() <= 1


def test_a_face_half_outside(make_posed: Any) -> None:
    face = make_posed(centre=(0.0, 120.0))
    pictures = face.render()
    assert pictures.mask[:, 0].any() and not pictures.mask[:, 128:].any()
    assert not make_posed(centre=(-500.0, 120.0)).render().mask.any()


def test_no_faces_are_empty_pictures() -> None:
    pictures = render_faces([], (7, 5))
    assert pictures.mask.shape == (5, 7) and not pictures.mask.any()
    assert pictures.pncc.shape == (5, 7, 3) and np.isnan(pictures.depth_mm).all()
    assert pictures.uv.shape == (5, 7, 2) and (pictures.normals == 0).all()


def test_bad_input(make_posed: Any) -> None:
    with pytest.raises(InputError, match="size is not known"):
        make_posed(image_size_wh=None).render()
    with pytest.raises(InputError, match="positive eye distance in mm, got -1"):
        make_posed().render(eye_distance_mm=-1)
    model = make_posed().face_model
    bare = dataclasses.replace(model, triangles=model.triangles[:0])
    with pytest.raises(InputError, match="no triangles, so there is no surface"):
        make_posed(model=bare).render()
