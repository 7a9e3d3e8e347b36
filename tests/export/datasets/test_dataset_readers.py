"""Readers of published sets and the labeller: values, round trips, damage."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import InputError
from frsdk.export.datasets.face_labels import (
    crop_frame_from_3ddfa,
    crop_frame_from_stored,
    read_labels,
)
from frsdk.export.datasets.parameters_3ddfa import landmarks_3ddfa, params_300w_lp, params_in_crop
from frsdk.export.datasets.read_300w_lp import read_mat_face, read_mat_folder
from frsdk.export.facemodel.import_3ddfa_face_model import import_sparse_3ddfa
from frsdk.export.train_cli import main
from frsdk.export.training.prepare_training import load_training_data
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.imaging.roi import Roi
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

from .fields_300w_lp import mat_fields

scipy_io = pytest.importorskip("scipy.io", reason="needs scipy (frsdk[export])")


def write_pair(folder: Path, name: str, model: MorphableModel, seed: int) -> np.ndarray:
    """A picture whose landmarks are white dots, and its .mat; the landmarks in it."""
    fields = mat_fields(np.random.default_rng(seed))
    flat = [np.asarray(fields[key], np.float64).reshape(-1) for key in fields]
    points = landmarks_3ddfa(params_300w_lp(*flat), model, 260)
    image = np.zeros((260, 300, 3), np.uint8)
    for x, y in np.round(points[:, :2]).astype(int):
        cv2.circle(image, (int(x), int(y)), 2, (255, 255, 255), -1)
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.jpg"), image)
    matlab = np.concatenate([points[:, :2] + 1, points[:, 2:]], axis=1).T
    scipy_io.savemat(folder / f"{name}.mat", {**fields, "pt3d_68": matlab})
    return points


def test_mat_pair_gives_consistent_labels(tmp_path: Path, bfm_like: MorphableModel) -> None:
    """Annotation, landmarks and moved parameters say the same, and the yaw has our sign."""
    write_pair(tmp_path, "a", bfm_like, 0)
    face = read_mat_face(tmp_path / "a.mat", bfm_like, source="aflw2000")
    assert face.key == "a" and face.crop.shape == (160, 160, 3)
    assert face.annotation == pytest.approx(face.landmarks[:, :2], abs=1e-6)
    low, high = face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)
    assert (low + high) / 2 == pytest.approx(79.5)  # the nominal ROI's middle
    assert (high - low).max() == pytest.approx(120 / np.sqrt(2))
    decoded = bfm_like.decode_landmarks(
        crop_frame_from_3ddfa(face.parameters_3ddfa[None]).astype(np.float32), size=120
    )[0]
    assert decoded[:, :2] + 20 == pytest.approx(face.landmarks[:, :2], abs=2e-3)
    assert face.yaw_deg == pytest.approx(np.degrees(0.4), abs=1e-3)  # 300W-LP's sign turned
    spots = face.crop[..., 0][tuple(np.round(face.landmarks[:, 1::-1]).astype(int).T)]
    assert np.median(spots) > 200  # the dots lie where the labels say


def test_pose_angles_are_ours_with_signs_turned() -> None:
    params = params_300w_lp(np.array([0.2, 0.5, -0.3, 0, 0, 0, 2.0]), np.zeros(40), np.zeros(10))
    wanted = 2.0 * rotation_300w_lp(*np.degrees([-0.5, 0.2, -0.3]))
    assert params[:12].reshape(3, 4)[:, :3] == pytest.approx(wanted)


def test_parameters_move_with_the_crop(bfm_like: MorphableModel) -> None:
    flat = [np.asarray(v, float).reshape(-1) for v in mat_fields(np.random.default_rng(3)).values()]
    params = params_300w_lp(*flat)
    roi = Roi(40.25, 33.5, 171.0)
    image_points = landmarks_3ddfa(params, bfm_like, 260)
    crop_points = landmarks_3ddfa(params_in_crop(params, roi, 260), bfm_like, 120)
    back = roi.x0 + (crop_points[:, 0] + 0.5) * roi.side / 120 - 0.5
    assert back == pytest.approx(image_points[:, 0])
    back = roi.y0 + (crop_points[:, 1] + 0.5) * roi.side / 120 - 0.5
    assert back == pytest.approx(image_points[:, 1])


def test_real_samples_load_and_reproject(shared_data: Path) -> None:
    """300W-LP's own format; truncation to 40 + 10 and their 2D jaw bound the agreement."""
    model = import_sparse_3ddfa(shared_data / "teacher" / "bfm68.npz")
    folder = shared_data / "mat_samples" / "300W_LP"
    faces = list(read_mat_folder(folder, model, source="300w-lp"))
    assert [face.key for face in faces] == ["AFW_AFW_1051618982_1_0", "AFW_AFW_56054945_1_0"]
    for face in faces:
        error = nme_percent(face.landmarks[None, :, :2], face.annotation[None])[0]
        assert error < 2.5
        offset = np.median(face.landmarks[:, :2] - face.annotation, axis=0)
        assert np.abs(offset).max() < 0.7  # no half or whole pixel lost
        # The 62 parameters of the crop give the landmarks again.
        params = crop_frame_from_3ddfa(face.parameters_3ddfa[None]).astype(np.float32)
        again = model.decode_landmarks(params, size=120)[0, :, :2] + 20
        assert nme_percent(again[None], face.landmarks[None, :, :2])[0] < 0.5


def test_damaged_pairs_are_named_skipped_and_counted(
    tmp_path: Path, bfm_like: MorphableModel, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(6):
        write_pair(tmp_path, f"f{number}", bfm_like, number)
    (tmp_path / "f1.mat").write_bytes((tmp_path / "f1.mat").read_bytes()[:300])
    (tmp_path / "f3.jpg").write_bytes(b"\xff\xd8 no picture")
    for other in ("Code/Model.mat", "landmarks/LFPW/a_pts.mat"):  # of the published archive
        (tmp_path / other).parent.mkdir(parents=True)
        (tmp_path / other).write_bytes(b"no label")
    found = list(read_mat_folder(tmp_path, bfm_like, source="x", bad_share=0.4))
    assert [face.key for face in found] == ["f0", "f2", "f4", "f5"]
    shown = capsys.readouterr().err
    assert "f1.mat: not a readable .mat" in shown and "f3.jpg" in shown
    with pytest.raises(InputError, match=r"2 of 6 are damaged, more than the 20\.0% allowed"):
        list(read_mat_folder(tmp_path, bfm_like, source="x", bad_share=0.2))
    with pytest.raises(InputError, match=r"f1\.mat"):
        list(read_mat_folder(tmp_path, bfm_like, source="x"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.mat file"):
        list(read_mat_folder(tmp_path / "empty", bfm_like, source="x"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Shape_Para": None}, "lacks Shape_Para"),
        ({"Exp_Para": np.zeros(4)}, "Exp_Para: expected at least 10 numbers, got 4"),
        ({"Pose_Para": np.full((1, 7), np.nan)}, "Pose_Para holds numbers that are not finite"),
        ({"pt3d_68": np.full((3, 68), np.nan)}, "pt3d_68 holds numbers that are not finite"),
        ({"Pose_Para": np.array([[0, 0, 0, 9e4, 0, 0, 1e-3]])}, "outside the 300x260"),
    ],
)
def test_wrong_fields_are_named(
    tmp_path: Path, bfm_like: MorphableModel, change: dict[str, np.ndarray | None], message: str
) -> None:
    write_pair(tmp_path, "a", bfm_like, 0)
    fields = {**scipy_io.loadmat(tmp_path / "a.mat"), **change}
    kept = {k: v for k, v in fields.items() if v is not None and not k.startswith("__")}
    scipy_io.savemat(tmp_path / "a.mat", kept)
    with pytest.raises(InputError, match=message):
        read_mat_face(tmp_path / "a.mat", bfm_like, source="x")


def test_import_command_makes_trainable_shards(tmp_path: Path, bfm_like: MorphableModel) -> None:
    """From .mat files to labels in 3DDFA's space and in the built-in one."""
    for number in range(4):
        write_pair(tmp_path / "set", f"f{number}", bfm_like, number)
    bfm_like.save(tmp_path / "bfm.npz")
    out = tmp_path / "faces"
    command = ["import", str(tmp_path / "set"), "-o", str(out), "--kind", "300w-lp"]
    done = CliRunner().invoke(main, [*command, "--basis", str(tmp_path / "bfm.npz")])
    assert done.exit_code == 0, done.output
    assert "4 train crops" in done.output
    labels = read_labels(out / "train.npz")
    data, basis = load_training_data(out, bfm_like)
    wanted = crop_frame_from_stored(labels.landmarks[..., :2])
    assert basis.decode(data.params)[..., :2] == pytest.approx(wanted, abs=2e-2)
    data, _ = load_training_data(out, builtin_face_model(), TrainConfig(profiling=0.3))
    assert data.geometry is not None and data.geometry.params is None
    data, _ = load_training_data(out, bfm_like, TrainConfig(profiling=0.3))
    assert data.geometry is not None and data.geometry.params is not None
    assert data.geometry.params.shape == (4, 62)


def test_another_space_than_the_parameters_is_refused(
    tmp_path: Path, bfm_like: MorphableModel
) -> None:
    write_pair(tmp_path / "set", "f", bfm_like, 0)
    builtin_face_model().save(tmp_path / "own.npz")
    command = ["import", str(tmp_path / "set"), "-o", str(tmp_path / "out"), "--kind", "300w-lp"]
    done = CliRunner().invoke(main, [*command, "--basis", str(tmp_path / "own.npz")])
    assert done.exit_code == 1 and "is in another space than the parameters" in done.output
    assert not (tmp_path / "out").exists()
