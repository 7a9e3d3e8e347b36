"""Readers of published sets and the labeller: values, round trips, damage."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import FaceReconstructor
from frsdk.errors import ImageFileError, InputError
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.face_labels import (
    MIRROR_68,
    crop_frame_from_3ddfa,
    crop_frame_from_stored,
    read_labels,
)
from frsdk.export.datasets.label_photographs import LabelSettings, label_face, label_photos
from frsdk.export.datasets.labelled_face import LabelledFace, stored_crop
from frsdk.export.datasets.parameters_3ddfa import landmarks_3ddfa, params_300w_lp, params_in_crop
from frsdk.export.datasets.read_3ddfa_list import read_cropped_list
from frsdk.export.datasets.read_300w_lp import read_mat_face, read_mat_folder
from frsdk.export.datasets.stored_crops import load_crops, load_good_crops
from frsdk.export.facemodel.import_3ddfa import import_sparse_3ddfa
from frsdk.export.train_cli import main
from frsdk.export.training.prepare_training import load_training_data, loss_basis_of
from frsdk.export.training.run_training import chosen_face_model
from frsdk.export.training.train_config import TrainConfig
from frsdk.imaging.roi import Roi
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

scipy_io = pytest.importorskip("scipy.io", reason="needs scipy (frsdk[export])")


@pytest.fixture(scope="module")
def bfm_like(tmp_path_factory: pytest.TempPathFactory) -> MorphableModel:
    """68 landmarks in 3DDFA's raw scale: micrometres, raw coefficients."""
    rng = np.random.default_rng(0)
    surface = builtin_face_model()
    mean = surface.mean[surface.landmark_indices].astype(np.float64) * 1000
    path = tmp_path_factory.mktemp("basis") / "bfm68.npz"
    np.savez(
        path,
        u=mean.reshape(-1),
        w_shp=rng.normal(size=(204, 40)) * 0.01,
        w_exp=rng.normal(size=(204, 10)) * 300.0,
    )
    return import_sparse_3ddfa(path)


def mat_fields(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A face of about 150 px in the middle of a picture of 300 x 260."""
    pose = np.array([[0.1, -0.4, 0.05, 150.0, 120.0, -90.0, 1.1e-3]], np.float32)
    return {
        "Pose_Para": pose,
        "Shape_Para": (rng.normal(size=(199, 1)) * 1e4),
        "Exp_Para": rng.normal(size=(29, 1)) * 0.5,
    }


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


def cropped_set(folder: Path, model: MorphableModel) -> tuple[Path, Path, Path]:
    """3DDFA's three files: five pictures, whitened parameters, whitening."""
    rng = np.random.default_rng(0)
    flat = [np.asarray(v, float).reshape(-1) for v in mat_fields(rng).values()]
    base = params_in_crop(params_300w_lp(*flat), Roi(60, 50, 180), 260)
    std = np.abs(base) * 0.01 + 1e-5
    whitened = rng.normal(size=(5, 62)).astype(np.float32)
    names = [f"crop{number}.jpg" for number in range(5)]
    for name in names:
        cv2.imwrite(str(folder / name), rng.integers(0, 256, (120, 120, 3), np.uint8))
    (folder / "list.train").write_text("\n".join(names) + "\n")
    (folder / "param_all_norm.pkl").write_bytes(pickle.dumps(whitened))
    (folder / "white.pkl").write_bytes(pickle.dumps({"param_mean": base, "param_std": std}))
    return folder / "list.train", folder / "param_all_norm.pkl", folder / "white.pkl"


def test_cropped_list(tmp_path: Path, bfm_like: MorphableModel) -> None:
    names, params, white = cropped_set(tmp_path, bfm_like)
    faces = list(read_cropped_list(names, params, white, bfm_like))
    raw = pickle.loads(params.read_bytes())[2]
    whitening = pickle.loads(white.read_bytes())
    assert faces[2].parameters_3ddfa == pytest.approx(
        raw * whitening["param_std"] + whitening["param_mean"]
    )
    image = cv2.imread(str(tmp_path / "crop2.jpg"))
    assert np.array_equal(faces[2].crop[20:140, 20:140], image)
    assert not faces[2].crop[:20].any()
    decoded = bfm_like.decode_landmarks(
        crop_frame_from_3ddfa(faces[2].parameters_3ddfa[None]).astype(np.float32), size=120
    )[0]
    assert decoded[:, :2] + 20 == pytest.approx(faces[2].landmarks[:, :2], abs=5e-3)


def test_cropped_list_names_what_is_wrong(tmp_path: Path, bfm_like: MorphableModel) -> None:
    names, params, white = cropped_set(tmp_path, bfm_like)
    (tmp_path / "few.pkl").write_bytes(pickle.dumps(np.zeros((4, 62))))
    with pytest.raises(InputError, match=r"expected parameters \(5, 62\).*got \(4, 62\)"):
        list(read_cropped_list(names, tmp_path / "few.pkl", white, bfm_like))
    (tmp_path / "code.pkl").write_bytes(pickle.dumps(os.path.join))
    with pytest.raises(InputError, match=r"not a pickle or \.npy of parameters"):
        list(read_cropped_list(names, tmp_path / "code.pkl", white, bfm_like))
    with pytest.raises(InputError, match="lacks param_mean"):
        list(read_cropped_list(names, params, params, bfm_like))
    (tmp_path / "crop1.jpg").write_bytes(b"x")
    kept = list(read_cropped_list(names, params, white, bfm_like, bad_share=0.2))
    assert len(kept) == 4
    with pytest.raises((InputError, ImageFileError), match=r"crop1\.jpg"):
        list(read_cropped_list(names, params, white, bfm_like))


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


def faces_of_grey(
    names: str, grey: int, *, then: Exception | None = None
) -> Iterator[LabelledFace]:
    for name in names:
        crop = np.full((160, 160, 3), grey, np.uint8)
        yield LabelledFace(name, crop, np.ones((68, 3)), 0.0, "x")
    if then is not None:
        raise then


def test_an_interrupted_import_keeps_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.export.datasets.crop_shards._PER_SHARD", 2)
    write_shards(faces_of_grey("abc", 50), tmp_path, "train")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert list(before) and sorted(before) == ["train-00.tar", "train-01.tar", "train.npz"]
    with pytest.raises(RuntimeError):
        write_shards(faces_of_grey("abc", 200, then=RuntimeError()), tmp_path, "train")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    # Moved in but not labelled: the old labels are gone and so do not meet the new crops.
    monkeypatch.setattr("frsdk.export.datasets.crop_shards._write_labels", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_shards(faces_of_grey("abc", 200), tmp_path, "train")
    assert not (tmp_path / "train.npz").exists()


def test_damaged_crops_are_skipped_up_to_a_share(faces_folder: Path) -> None:
    labels = read_labels(faces_folder / "train.npz")
    crops = load_crops(faces_folder, "train", labels)
    write_shards(
        (
            LabelledFace(f"k{i}", crops[i], labels.landmarks[i], 0.0, "x")
            for i in range(len(labels))
        ),
        faces_folder,
        "val",
    )
    shard = (faces_folder / "val-00.tar").read_bytes()
    at = shard.index(b"RIFF", len(shard) // 2)
    (faces_folder / "val-00.tar").write_bytes(shard[:at] + b"JUNK" + shard[at + 4 :])
    mine = read_labels(faces_folder / "val.npz")
    found, good = load_good_crops(faces_folder, "val", mine, bad_share=0.1)
    assert len(found) == 11 and good.sum() == 11
    with pytest.raises(InputError, match="not a 160x160 picture"):
        load_crops(faces_folder, "val", mine)


def test_shards_refuse_twins_and_nothing(tmp_path: Path) -> None:
    face = LabelledFace("k", np.zeros((160, 160, 3), np.uint8), np.zeros((68, 3)), 0.0, "x")
    with pytest.raises(InputError, match="two faces have the name k"):
        write_shards([face, face], tmp_path, "train")
    with pytest.raises(InputError, match="no face to write"):
        write_shards([], tmp_path, "train")


def test_stored_crop_keeps_points_on_their_pixels() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(80, 180, (68, 2)), rng.normal(size=(68, 1))], axis=1)
    x, y = points[7, :2]
    grid = np.mgrid[0:260, 0:260]
    dot = 255 * np.exp(-((grid[1] - x) ** 2 + (grid[0] - y) ** 2) / 8)
    crop, moved, roi = stored_crop(np.repeat(dot[..., None], 3, axis=2).astype(np.uint8), points)
    moments = cv2.moments(crop[..., 0].astype(float))
    got = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    assert got == pytest.approx(moved[7, :2], abs=0.1)
    assert roi.side == pytest.approx(np.ptp(points[:, :2], axis=0).max() * np.sqrt(2))


def test_labeller_on_a_photograph(shared_data: Path, tmp_path: Path) -> None:
    """Our own network as the teacher: shards that load, labels near its plain answer."""
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(shared_data / "photos" / "emma.jpg", photos)
    (photos / "bad.jpg").write_bytes(b"no")
    detector = shared_data / "detector" / "yunet_n_320.onnx"
    with FaceReconstructor(detector=detector) as teacher:
        settings = LabelSettings(crops=3, largest_spread=0.15)
        faces = list(label_photos(photos, teacher, settings, bad_share=0.5))
        assert write_shards(faces, tmp_path / "faces", "train") == len(faces) >= 1
        face = faces[0]
        assert 0 < face.spread < 0.15 and face.key.startswith("emma_1_")
        plain = teacher(face.crop, rois=[(20, 20, 140, 140)])[0]
        error = nme_percent(plain.landmarks[None, :, :2], face.landmarks[None, :, :2])[0]
        assert error < 20  # the median of the ensemble, not this one answer
        with pytest.raises(InputError, match=r"bad\.jpg"):
            list(label_photos(photos, teacher, settings))
    labels = read_labels(tmp_path / "faces" / "train.npz")
    assert labels.yaw_deg[0] == pytest.approx(face.yaw_deg, abs=1e-4)


class Staring:
    """A teacher whose landmarks are always the same places in the picture, mirrored where it is."""

    def __init__(self, points: np.ndarray, jitter: float) -> None:
        self.points, self.jitter, self.flips = points, jitter, 0
        self.rng = np.random.default_rng(0)

    def __call__(self, image: np.ndarray, *, rois: list[Roi]) -> list[object]:
        from types import SimpleNamespace

        points = self.points
        if image[0, 0, 0]:  # the mark of the mirrored picture
            self.flips += len(rois)
            points = points[MIRROR_68] * [-1, 1, 1] + [image.shape[1] - 1, 0, 0]
        return [
            SimpleNamespace(
                landmarks=points + self.rng.normal(size=points.shape) * self.jitter,
                pose=SimpleNamespace(angles_300w_lp=(12.0, 0.0, 0.0)),
                roi=roi,
            )
            for roi in rois
        ]


def test_ensemble_takes_mirrored_members_back_and_drops_doubtful_faces() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.uniform(60, 140, (68, 2)), rng.normal(size=(68, 1))], axis=1)
    image = np.zeros((200, 210, 3), np.uint8)
    image[0, -1] = 255
    settings = LabelSettings(crops=4)
    teacher = Staring(points, 0.0)
    roi = Roi(50, 50, 100)
    face = label_face(image, roi, teacher, settings, rng)  # type: ignore[arg-type]
    assert face is not None and teacher.flips == 4
    wanted = stored_crop(image, points)[1]
    assert face.landmarks == pytest.approx(wanted) and face.spread == pytest.approx(0, abs=1e-12)
    assert face.yaw_deg == 12.0
    assert label_face(image, roi, Staring(points, 6.0), settings, rng) is None  # type: ignore[arg-type]


def test_spaces_are_checked(bfm_like: MorphableModel, tmp_path: Path) -> None:
    bfm_like.save(tmp_path / "bfm.npz")
    assert chosen_face_model(tmp_path / "bfm.npz", "bfm").name == "bfm68"
    assert chosen_face_model(None, "builtin").sha256 == builtin_face_model().sha256
    with pytest.raises(InputError, match="--space ict: face model bfm68 is in another space"):
        chosen_face_model(tmp_path / "bfm.npz", "ict")
    with pytest.raises(InputError, match=r"pass --face-model with a file of .*3ddfa-v2"):
        chosen_face_model(None, "bfm")


def test_loss_vertices_are_seeded_and_start_with_the_landmarks() -> None:
    model = builtin_face_model()
    first, again = (loss_basis_of(model, 64, 3) for _ in range(2))
    other = loss_basis_of(model, 64, 4)
    assert first.mean.shape == (132, 3) and first.modes.shape == (50, 132, 3)
    assert np.array_equal(first.mean, again.mean) and not np.array_equal(first.mean, other.mean)
    assert first.mean[:68] == pytest.approx(model.mean[model.landmark_indices])


def test_real_bfm_labels_decode_to_the_landmarks(shared_data: Path) -> None:
    """param62 of the shared crops in 3DDFA's space, for training there."""
    model = import_sparse_3ddfa(shared_data / "teacher" / "bfm68.npz")
    labels = read_labels(shared_data / "faces" / "val.npz")
    params = crop_frame_from_3ddfa(labels.parameters_3ddfa[:50]).astype(np.float32)
    points = model.decode_landmarks(params, size=120)[..., :2] + 20
    assert np.median(nme_percent(points, labels.landmarks[:50, :, :2])) < 0.8
