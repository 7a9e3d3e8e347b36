"""Face model 2: the parts that build it, on small surfaces, and the committed file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import FaceModelError, MorphableModel, builtin_face_model
from frsdk.export.cli import main
from frsdk.export.datasets.face_labels import MIRROR_68
from frsdk.export.facemodel.blendshape_landmarks import ict_name
from frsdk.export.facemodel.build_open_model import mirror_name
from frsdk.export.facemodel.clip_surface import clip_surface
from frsdk.export.facemodel.evaluate_expressions import (
    coefficients_of,
    evaluate_expressions,
    movement,
    shown_expressions,
)
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.export.facemodel.expression_subspace import choose_span, pose_directions, without_pose
from frsdk.export.facemodel.ict_meshes import read_ict_meshes
from frsdk.export.facemodel.identity_prior import identity_modes
from frsdk.export.facemodel.texture_unrolling import unroll
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, builtin_blendshapes

FLIP = np.array([-1.0, 1.0, 1.0])
WEIGHTS = Path(__file__).parents[3] / "weights"


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return MorphableModel.load(WEIGHTS / "frsdk_face_2.npz")


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n * n, 2) points of a square from -1 to 1 and its (m, 3) triangles, y up."""
    line = np.linspace(-1.0, 1.0, n)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = (each.reshape(-1) for each in (at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]))
    return points, np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])


def area(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    first, second = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    return np.asarray((first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2.0)


@pytest.mark.parametrize("cut", [0.0, 0.13, -0.4])
def test_a_clipped_square_keeps_its_area_and_a_straight_border(cut: float) -> None:
    points, triangles = grid(9)
    clipped = clip_surface(triangles, points @ np.array([0.3, 1.0]) - cut)
    values = clipped.values(points)
    parts = area(values, clipped.triangles)
    assert (parts > 0.0).all()
    assert parts.sum() == pytest.approx(2.0 * (1.0 - cut), rel=0.02)
    assert (values @ np.array([0.3, 1.0]) - cut).min() > -1e-9
    assert np.array_equal(np.unique(clipped.triangles), np.arange(len(values)))


def test_a_bowl_with_an_overhang_unrolls_without_folds() -> None:
    points, triangles = grid(21)
    x, y = points.T
    depth = 1.0 - 0.5 * x**2
    nose = np.exp(-(x**2 + y**2) / 0.02)
    solid = np.stack([x, y - 0.3 * nose, depth], axis=1)  # the bump hangs over
    mirror = np.arange(441).reshape(21, 21)[:, ::-1].reshape(-1)
    nobody = np.zeros(441, bool)
    uv = unroll(solid, triangles, is_eyeball=nobody, is_inside=nobody, mirror=mirror)
    assert (area(solid, triangles) < 0.0).any()  # the projection alone folds
    assert (area(uv, triangles) > 0.0).all()
    assert uv.min() >= 0.0 and uv.max() <= 1.0
    np.testing.assert_allclose(uv[mirror], [1.0, 0.0] + uv * [-1.0, 1.0], atol=1e-12)


@pytest.fixture(scope="module")
def neutral() -> np.ndarray:
    return np.array(builtin_blendshapes().neutral)


def symmetric_movements(count: int) -> np.ndarray:
    """(2 count, 68, 3) seeded one-sided movements, each followed by its mirror image."""
    moves = np.random.default_rng(1).normal(size=(count, 68, 3))
    moves[:, np.arange(68) > MIRROR_68] = 0.0
    return np.asarray(np.stack([moves, moves[:, MIRROR_68] * FLIP], axis=1).reshape(-1, 68, 3))


def test_the_span_serves_the_worst_movement_better_than_principal_components(neutral) -> None:
    moves = symmetric_movements(7) * np.linspace(5.0, 0.2, 14)[:, None, None].repeat(1, 1)
    moves[1::2] = moves[::2][:, MIRROR_68] * FLIP
    span = choose_span(moves, np.full(14, 0.7), neutral)
    flat = without_pose(moves.reshape(14, -1), neutral)
    modes = span.mixture @ flat
    directions, _ = np.linalg.qr(modes.T)
    left = np.linalg.norm(flat - flat @ directions @ directions.T, axis=1)
    reached = 1.0 - left / np.linalg.norm(flat, axis=1)
    np.testing.assert_allclose(reached, span.reproduced, atol=1e-6)
    plain = np.linalg.svd(flat, full_matrices=False)[2][:10]
    rest = np.linalg.norm(flat - flat @ plain.T @ plain, axis=1) / np.linalg.norm(flat, axis=1)
    assert reached.min() > (1.0 - rest).min() + 0.1
    mirrored = modes.reshape(10, 68, 3)[:, MIRROR_68] * FLIP
    signs = (mirrored.reshape(10, -1) * modes).sum(axis=1) / (modes**2).sum(axis=1)
    np.testing.assert_allclose(np.abs(signs), 1.0, atol=1e-6)  # each is symmetric or the opposite


def test_identity_is_apart_from_expression_and_pose(neutral) -> None:
    rng = np.random.default_rng(2)
    far = rng.normal(size=(40, 3)) * 5.0
    surface = np.concatenate([neutral, far, far * FLIP]) / 10.0
    scans = rng.normal(size=(30, 148, 3)) * 0.1
    mirror = np.concatenate([MIRROR_68, np.arange(108, 148), np.arange(68, 108)])
    scans = np.concatenate([scans, scans[:, mirror] * FLIP])
    expression = symmetric_movements(5) * 0.1
    modes = identity_modes(scans, surface, np.arange(68), expression)
    assert modes.shape == (40, 148, 3)
    flat = modes[:, :68].reshape(40, -1)
    np.testing.assert_allclose(flat @ expression.reshape(10, -1).T, 0.0, atol=1e-9)
    np.testing.assert_allclose(flat @ pose_directions(surface[:68]), 0.0, atol=1e-9)
    size = np.linalg.norm(flat, axis=1)
    assert (np.diff(size) <= 1e-12).all() and size[-1] > 0.0


def test_names_of_the_other_side() -> None:
    assert [mirror_name(n) for n in ("eyeBlink_L", "mouthRight", "jawOpen")] == [
        "eyeBlink_R",
        "mouthLeft",
        "jawOpen",
    ]
    assert ict_name("browDownLeft") == "browDown_L" and ict_name("jawLeft") == "jawLeft"


@pytest.mark.parametrize("case", ["missing", "folder", "damaged", "version"])
def test_sources_that_are_not_usable_are_named(case: str, tmp_path: Path) -> None:
    path = tmp_path / "ict.npz"
    if case == "folder":
        path.mkdir()
    elif case == "damaged":
        path.write_bytes(b"PK\x03\x04 nothing")
    elif case == "version":
        moves = np.zeros((2, 9, 3), np.float32)
        np.savez(
            path,
            neutral=moves[0],
            identity=moves,
            expression=moves,
            expression_names=np.array(["a", "b"]),
            faces=np.zeros((1, 3), np.int32),
        )
    done = CliRunner().invoke(
        main, ["facemodel", "build-open", "--ict", str(path), "-o", str(tmp_path / "m.npz")]
    )
    assert done.exit_code == 1 and "ict.npz" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / "m.npz").exists()
    with pytest.raises(FaceModelError, match=r"get |fetch "):
        read_ict_meshes(path)


def test_the_committed_model_keeps_expression_and_identity_apart(model) -> None:
    lines = list(evaluate_expressions(model, builtin_blendshapes()))
    assert len(lines) == 20
    share = {
        line.split()[0]: [float(v.rstrip("%")) for v in line.split()[1:]] for line in lines[1:]
    }
    assert share["worst"][0] >= 70.0 and share["worst"][1] <= 15.0
    for side in "LR":
        assert share[f"eyeBlink_{side}"][0] >= 80.0 and share[f"eyeBlink_{side}"][1] <= 10.0


def test_the_built_in_model_does_not(model) -> None:
    worst = list(evaluate_expressions(builtin_face_model(), builtin_blendshapes()))[-1].split()
    assert float(worst[1].rstrip("%")) < 10.0 and float(worst[2].rstrip("%")) > 50.0


def test_the_committed_surface_is_a_symmetric_face(model) -> None:
    assert model.name == "frsdk-face-2" and model.licence.startswith("MIT")
    assert 5000 <= model.n_vertices <= 15000
    np.testing.assert_allclose(model.mean[model.mirror] * FLIP, model.mean, atol=1e-6)
    assert (model.mirror[model.landmark_indices] == model.landmark_indices[MIRROR_68]).all()
    assert model.uv.shape == (model.n_vertices, 2)
    marks = model.mean[model.landmark_indices]
    assert np.linalg.norm(marks[36] - marks[45]) == pytest.approx(90.0, abs=0.01)


def test_mirrored_coefficients_stay_in_the_model(model) -> None:
    basis = landmark_basis_of(model)
    turn = basis.mirror_coefficients()
    flat = basis.modes.reshape(50, -1)
    mirrored = (basis.modes[:, MIRROR_68] * FLIP).reshape(50, -1)
    np.testing.assert_allclose(turn.T @ flat, mirrored, atol=0.05)  # the file's grid is 1/64 mm


def test_lids_meet_and_the_mouth_opens(model) -> None:
    shown = shown_expressions(model, builtin_blendshapes())
    shapes = model.shape_from_coefficients(np.stack(list(shown.values())).astype(np.float32))
    points = dict(zip(shown, shapes[:, model.landmark_indices], strict=True))
    neutral = model.mean[model.landmark_indices]

    def gap(face: np.ndarray, upper: int, lower: int) -> float:
        return float(np.linalg.norm(face[upper] - face[lower]))

    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        assert gap(points["eyes closed"], upper, lower) < 0.3 * gap(neutral, upper, lower)
    assert gap(points["wink"], 37, 41) > 0.9 * gap(neutral, 37, 41)
    assert gap(points["wink"], 43, 47) < 0.3 * gap(neutral, 43, 47)
    assert gap(points["jaw open"], 62, 66) > 25.0 and gap(neutral, 62, 66) < 2.0
    assert gap(points["smile"], 48, 54) > 1.1 * gap(neutral, 48, 54)
    assert gap(points["pucker"], 48, 54) < 0.85 * gap(neutral, 48, 54)
    assert gap(points["brows up"], 19, 37) > 1.2 * gap(neutral, 19, 37)


def test_a_movement_outside_the_bounds_is_reached_in_part() -> None:
    mean = np.array(builtin_blendshapes().neutral)
    mode = movement(builtin_blendshapes(), "eyeBlink_L") / 10.0
    found, share = coefficients_of(mode * 10.0, mean, mode[None])
    assert found[0] == pytest.approx(4.0, abs=1e-4) and share == pytest.approx(0.4, abs=1e-4)


def test_every_name_has_a_movement() -> None:
    table = builtin_blendshapes()
    assert len(BLENDSHAPE_NAMES) == 51 and "tongueOut" not in BLENDSHAPE_NAMES
    both = movement(table, "eyeBlink")
    sides = movement(table, "eyeBlink_L") + movement(table, "eyeBlink_R")
    np.testing.assert_allclose(both, sides)
    left = movement(table, "eyeBlink_L")
    assert left[43:47, 1].min() < -4.0  # the person's left eye is to the image's right
    assert np.abs(left[36:42]).max() < 0.2
