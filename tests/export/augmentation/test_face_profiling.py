"""Face profiling: a painted head that is turned shows what the labels say."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.errors import FaceModelError, InputError
from frsdk.export.augmentation.augment_crop import Augmenter, AugmentSettings
from frsdk.export.augmentation.face_profiling import (
    Profiler,
    ProfilingSettings,
    chosen_turn,
    rotation_of,
    turned_face,
)
from frsdk.export.augmentation.paint_warped_mesh import source_map
from frsdk.export.augmentation.profiling_mesh import profiling_mesh
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.morphable.head_pose import angles_300w_lp, rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.rendering.mesh_shading import render_mesh

MODEL = builtin_face_model()
BASIS = landmark_basis_of(MODEL)
MESH = profiling_mesh(MODEL)


def params_of(yaw: float, pitch: float = 0.0, roll: float = 0.0, seed: int | None = 0):
    """A face in the middle of its crop by the ROI rule, its t_z 0."""
    params = np.zeros(62)
    if seed is not None:
        params[12:] = np.random.default_rng(seed).normal(size=50) * 0.7
    pose = np.zeros((3, 4))
    pose[:, :3] = rotation_300w_lp(yaw, pitch, roll)
    params[:12] = pose.reshape(12)
    points = BASIS.decode(params[None])[0, :, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 120 / (np.sqrt(2) * (high - low).max())
    pose[:, :3] *= scale
    pose[:2, 3] = 59.5 - scale * (low + high) / 2
    params[:12] = pose.reshape(12)
    return params


def painted_vertices() -> np.ndarray:
    """(N, 3) colours that say where on the face a vertex lies."""
    mean = MODEL.mean
    low, high = mean.min(axis=0), mean.max(axis=0)
    return (30 + 225 * (mean - low) / (high - low)).astype(np.uint8)


def head_picture(params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A 160-crop of the painted head, and where it is."""
    scaled = params[None].astype(np.float32)
    points = MODEL.decode_vertices(scaled, size=120)[0] + np.array([20, 20, 0])
    image, mask = render_mesh(
        points, MODEL.triangles, (160, 160), colours=painted_vertices(), light=(0, 0, 0)
    )
    return image, mask > 250


@pytest.mark.parametrize(("yaw", "turn"), [(0, 35), (0, -60), (25, 40), (-30, -45)])
def test_turned_picture_is_the_head_drawn_with_the_turned_labels(yaw: float, turn: float) -> None:
    """Exact labels: the synthetic picture equals one drawn from the labels that come with it."""
    params = params_of(yaw, pitch=6.0, roll=8.0)
    picture, _ = head_picture(params)
    bent, move = turned_face(picture, params, MESH, turn)
    labels = move.applied(params, BASIS.mean_depth(params))
    wanted, covered = head_picture(labels)
    seen = cv2.erode(covered.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    facing = wanted[..., 0].astype(int) > 130  # depth in the model: the front, seen before too
    error = np.abs(bent.astype(int) - wanted.astype(int)).mean(axis=2)[seen & facing]
    assert error.size > 800
    # 1 px is a colour step of 2 to 3: the median position error is a fraction of a pixel.
    assert np.median(error) < 2.0
    assert np.percentile(error, 80) < 6.0


@pytest.mark.parametrize("turn", [-70.0, 30.0])
def test_labels_turn_about_the_head_and_keep_the_roi_rule(turn: float) -> None:
    params = params_of(0.0, seed=None)
    _, move = turned_face(np.zeros((160, 160, 3), np.uint8), params, MESH, turn, nod_deg=10.0)
    labels = move.applied(params, BASIS.mean_depth(params))
    yaw, pitch, roll = angles_300w_lp(rotation_of(labels))
    assert (yaw, pitch, roll) == pytest.approx((turn, 10.0, 0.0), abs=1e-6)
    points = BASIS.decode(labels[None])[0, :, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    assert (low + high) / 2 == pytest.approx(59.5, abs=1e-6)
    assert (high - low).max() == pytest.approx(120 / np.sqrt(2))
    assert labels[12:] == pytest.approx(params[12:]) and labels[11] == 0.0


def test_labels_of_another_space_move_alike() -> None:
    """A model with its origin elsewhere decodes the same turned landmarks, x and y."""
    params = params_of(10.0, 5.0, 4.0)
    picture = np.zeros((160, 160, 3), np.uint8)
    _, move = turned_face(picture, params, MESH, 50.0)
    shifted = type(BASIS)(BASIS.mean + np.array([3.0, -7.0, 40.0]), BASIS.modes)
    other = params.copy()
    pose = other[:12].reshape(3, 4)
    pose[:, 3] -= pose[:, :3] @ np.array([3.0, -7.0, 40.0])
    assert shifted.decode(other[None]) == pytest.approx(BASIS.decode(params[None]))
    own = BASIS.decode(move.applied(params, BASIS.mean_depth(params))[None])
    got = shifted.decode(move.applied(other, shifted.mean_depth(other))[None])
    assert got[..., :2] == pytest.approx(own[..., :2], abs=1e-9)


def test_chosen_turns_grow_the_yaw_and_stay_inside_the_range() -> None:
    rng = np.random.default_rng(3)
    settings = ProfilingSettings()
    sides = set()
    for yaw in rng.uniform(-49, 49, 200):
        chosen = chosen_turn(params_of(float(yaw), seed=None), settings, rng)
        assert chosen is not None
        after = yaw + chosen[0]
        assert 25.0 <= abs(after) <= 90.0
        if abs(yaw) > 10:
            assert np.sign(after) == np.sign(yaw) and abs(after) > abs(yaw)
        else:
            sides.add(np.sign(after))
    assert sides == {-1.0, 1.0}
    assert chosen_turn(params_of(60.0, seed=None), settings, rng) is None


def test_augmented_share_and_landmarks() -> None:
    """Half of the frontal faces turn; the dot at the nose tip stays at its label."""
    quiet = AugmentSettings(occlusion=0, border=0, blur=0, noise=0, grey=0, flip=0.5)
    augment = Augmenter(BASIS, quiet, Profiler(MESH, 0.5))
    rng = np.random.default_rng(5)
    params = np.stack([params_of(float(y)) for y in rng.uniform(-8, 8, 60)])
    nose = BASIS.decode(params)[:, 30]
    grid = np.mgrid[0:160, 0:160]
    crops = np.full((60, 160, 160, 3), 128, np.uint8)
    for crop, (x, y, _) in zip(crops, nose, strict=True):
        distance = (grid[1] - x - 20) ** 2 + (grid[0] - 139 + y) ** 2
        crop[:] = np.maximum(crop, (255 * np.exp(-distance / 10)).astype(np.uint8)[..., None])
    got = augment(crops, params, rng, 120)
    images, labels = got.crops, got.params
    yaw = np.array([abs(angles_300w_lp(rotation_of(p))[0]) for p in labels])
    assert 18 <= (yaw > 20).sum() <= 42
    for image, point, angle in zip(images, BASIS.decode(labels)[:, 30], yaw, strict=True):
        if angle > 50:
            continue  # the tip lies on the outline
        light = image[..., 0].astype(float)
        near = np.hypot(grid[1, :120, :120] - point[0], grid[0, :120, :120] - 119 + point[1]) < 9
        light = np.where(near, light, light[near].min())  # a painted frame may be as bright
        weight = np.where(light > light.min() + 0.6 * (light.max() - light.min()), light, 0)
        moments = cv2.moments(weight)
        dot = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
        assert dot == pytest.approx([point[0], 119 - point[1]], abs=1.6)


def test_painting_covers_later_over_earlier_and_maps_linearly() -> None:
    square = np.array([[-1, -1], [40, -1], [40, 40], [-1, 40.0]])
    small = np.array([[10, 10], [20, 10], [10, 20.0]])
    target = np.concatenate([square, small])
    source = np.concatenate([square * 0.5 + 3, small[::-1]])
    triangles = np.array([[0, 1, 2], [0, 3, 2], [4, 5, 6]])
    found = source_map(target, source, triangles, 32)
    assert found[:, 2, 30] == pytest.approx([18, 4])
    assert found[:, 30, 2] == pytest.approx([4, 18])
    assert found[:, 12, 12] == pytest.approx([10 + 10 * 0.6 - 10 * 0.2 - 0, 14.0], abs=6)
    assert found[:, 10, 10] == pytest.approx(source[4])
    below = source_map(target, source, triangles[::-1], 32)
    assert below[:, 12, 12] == pytest.approx([9, 9])
    nothing = source_map(target, source, triangles[2:], 32)
    assert nothing[:, 2, 30] == pytest.approx([30, 2])


def test_models_without_a_surface_are_refused(tiny_model: MorphableModel) -> None:
    bare = MorphableModel(
        name="bare",
        basis=tiny_model.basis,
        coefficient_std=tiny_model.coefficient_std,
        landmark_indices=tiny_model.landmark_indices,
        triangles=np.zeros((0, 3), np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
    )
    with pytest.raises(FaceModelError, match="surface with texture coordinates"):
        profiling_mesh(bare)
    with pytest.raises(InputError, match="from 0 to 1"):
        Profiler(MESH, 1.5)


def test_turning_is_quick() -> None:
    params = params_of(5.0)
    picture, _ = head_picture(params)
    took = []
    for _ in range(7):
        begin = time.perf_counter()
        turned_face(picture, params, MESH, 50.0)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.05  # 4 ms on one core of 2.5 GHz: generous for shared machines


def test_a_surface_with_eyeballs_is_thinned_out_to_its_skin() -> None:
    """Neither eyeballs nor sockets nor the mouth's inside: the eye is a patch between the lids."""
    model = MorphableModel.load(Path(__file__).parents[3] / "weights" / "frsdk_face_2.npz")
    mesh = profiling_mesh(model)
    mean = mesh.basis[0].reshape(-1, 3)
    eyes = mean[36:42].mean(axis=0)
    near = np.linalg.norm(mean[:, :2] - eyes[:2], axis=1) < 12.0
    deepest = mean[36:42, 2].min()
    assert mean[near, 2].min() > deepest - 6.0  # a socket is 20 deep
    outward = mean[mesh.face_triangles]
    normal = np.cross(outward[:, 1] - outward[:, 0], outward[:, 2] - outward[:, 0])
    assert (normal[mesh.front, 2] > 0).mean() > 0.9
