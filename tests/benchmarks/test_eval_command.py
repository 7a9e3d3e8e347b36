"""frsdk-eval from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import frsdk
from frsdk.benchmarks.eval_cli import main
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.labelled_face import LabelledFace
from frsdk.imaging.roi import roi_from_landmarks
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.reconstructor import FaceReconstructor


@pytest.fixture
def photos(tmp_path) -> Path:
    """Three pictures of noise with landmarks of the built-in mean face somewhere on them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    model = builtin_face_model()
    mean = model.mean[model.landmark_indices].astype(float)[:, :2] * (1.0, -1.0)
    names = [f"{row}.png" for row in range(3)]
    for name in names:
        cv2.imwrite(str(folder / name), random.integers(0, 256, (220, 220, 3), np.uint8))
    landmarks = np.array([mean * 0.8 + (105.0, 110.0 + row) for row in range(3)])
    np.savez(
        folder / "landmarks.npz",
        name=np.array(names),
        landmarks=landmarks,
        yaw_deg=np.array([0.0, 40.0, -80.0]),
    )
    return folder


@pytest.fixture
def tiny(tiny_onnx, tiny_model, tmp_path) -> list[str]:
    """Options for the built-in network beside the tiny one."""
    tiny_model.save(tmp_path / "tiny.npz")
    engines = f"ours=builtin,tiny={tiny_onnx}"
    return ["--engine", engines, "--face-model", str(tmp_path / "tiny.npz")]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments], prog_name="frsdk-eval")
    return result.exit_code, result.stdout, result.stderr


def wanted_errors(photos: Path, **options: object) -> np.ndarray:
    """NME of each photograph without any of the code under test."""
    labels = np.load(photos / "landmarks.npz")
    with FaceReconstructor(**options) as network:
        found = [
            network(cv2.imread(str(photos / name)), rois=[roi_from_landmarks(points)])[0].landmarks
            for name, points in zip(labels["name"], labels["landmarks"], strict=True)
        ]
    return nme_percent(np.array(found), labels["landmarks"])


def test_groups_are_in_the_first_line_and_the_table(photos, tmp_path) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text("file,glasses\n0.png,yes\n1.png,no\n2.png,no\n", encoding="utf-8")
    code, shown, _ = run("folder", photos, "--groups", groups, "--json")
    assert code == 0
    rows = json.loads(shown)["groups"]
    assert [(row["group"], row["faces"], row["missed"]) for row in rows] == [
        ("no", 2, 0), ("yes", 1, 0)
    ]  # fmt: skip
    errors = wanted_errors(photos)
    assert rows[0]["mean_percent"] == pytest.approx(errors[1:].mean(), rel=1e-6)
    code, shown, _ = run("folder", photos, "--groups", groups)
    assert shown.splitlines()[2].startswith("Median NME of the worst group over the best: ")


def test_two_networks_side_by_side(photos, tiny, tiny_onnx, tiny_model, tmp_path) -> None:
    out = tmp_path / "out" / "deep"
    code, text, _ = run("folder", photos, *tiny, "-o", out, "--threshold", 40)
    assert code == 0
    report = json.loads((out / "report.json").read_text())
    assert [network["name"] for network in report["networks"]] == ["ours", "tiny"]
    options = ({}, {"engine": tiny_onnx, "face_model": tiny_model})
    for network, each in zip(report["networks"], options, strict=True):
        errors = wanted_errors(photos, **each)
        (truth,) = network["truths"]
        nme = truth["nme"]
        assert nme["mean_percent"] == pytest.approx(errors.mean())
        assert [b["mean_percent"] for b in nme["bins"]] == pytest.approx(errors.tolist())
        assert nme["mean_of_bins_percent"] == pytest.approx(errors.mean())
        assert nme["std_of_bins_percent"] == pytest.approx(errors.std())
        auc = np.maximum(0, 1 - errors / 40).mean()
        assert truth["distribution"]["auc"] == pytest.approx(auc)
        row = f"| {network['name']} | 3 | {errors[0]:.2f} (1) | {errors[1]:.2f} (1) |"
        assert row in text
    assert (out / "report.md").read_text() == text
    names = {path.name for path in out.iterdir()}
    assert names == {
        "report.json",
        "report.md",
        "ced-68-landmarks.png",
        "worst-ours-68-landmarks.png",
        "worst-tiny-68-landmarks.png",
    }
    for path in out.glob("*.png"):
        assert cv2.imread(str(path)) is not None


def test_json_on_stdout_without_files(photos) -> None:
    code, text, _ = run("folder", photos, "--json")
    assert code == 0
    report = json.loads(text)
    assert (report["pictures"], report["boxes"]) == (3, "truth")
    assert report["networks"][0]["pose_mae"] is None


def test_faces_that_the_detector_misses_are_failures(photos) -> None:
    code, text, _ = run("folder", photos, "--boxes", "detector", "--json")
    assert code == 0
    (truth,) = json.loads(text)["networks"][0]["truths"]
    assert truth["missed"] == 3 and truth["nme"] is None  # noise has no faces
    assert truth["distribution"]["failure_rate"] == 1.0
    code, text, _ = run("folder", photos, "--boxes", "detector")
    assert code == 0 and "| builtin | 3 | - | - | - | - | - | - | 0.000 | 100.0 % | 3 | - |" in text


def test_landmarks_of_another_system_beside_the_network(photos, tmp_path) -> None:
    labels = dict(np.load(photos / "landmarks.npz"))
    boxes = np.sqrt(np.prod(np.ptp(labels["landmarks"], axis=1), axis=1))
    found = labels["landmarks"] + np.array([3.0, 4.0]) * (boxes / 100)[:, None, None]
    found[2] = np.nan
    np.savez(tmp_path / "peer.npz", name=labels["name"], landmarks=found)
    peer = f"Peer={tmp_path / 'peer.npz'}"
    code, text, _ = run("folder", photos, "--predictions", peer, "--json")
    assert code == 0
    ours, theirs = json.loads(text)["networks"]
    (truth,) = theirs["truths"]
    assert (ours["name"], theirs["name"], truth["missed"]) == ("builtin", "Peer", 1)
    assert truth["nme"]["mean_percent"] == pytest.approx(5.0)
    assert theirs["pose_mae"] is None and theirs["face_model"] == "-"


def write_faces(folder: Path, make_points: Callable[..., np.ndarray]) -> Path:
    """Four crops of noise with annotated landmarks, the first said to have closed eyes."""
    faces = []
    for row, yaw in enumerate((-20.0, 0.0, 10.0, 50.0)):
        crop = np.random.default_rng(row).integers(0, 256, (160, 160, 3), np.uint8)
        points = make_points(yaw, centre=79.5, size=0.7)
        eyes = "" if row else "closed"
        faces.append(
            LabelledFace(f"k{row}", crop, points, yaw, "helen", annotation=points[:, :2], eyes=eyes)
        )
    write_shards(faces, folder, "val")
    return folder / "val.npz"


def test_expressions_of_a_network_and_of_landmarks(make_points, tmp_path) -> None:
    peer = f"labels={write_faces(tmp_path, make_points)}"
    out = tmp_path / "out"
    code, text, err = run("expression", tmp_path, "--predictions", peer, "-o", out)
    assert (code, err.strip()) == (0, f"{out}: 2 files")
    assert "## eye opening" in text and "| all | labels | 4 | 0 | - | - | +0.000 |" in text
    assert text == (out / "expression.md").read_text()
    content = json.loads((out / "expression.json").read_text())
    assert [each["system"] for each in content["systems"]] == ["builtin", "labels"]
    groups = [each["group"] for each in content["systems"][1]["groups"]]
    assert groups == ["all", "helen", "0-15°", "15-30°", "30-60°"]
    eyes = content["systems"][1]["eyes"][0]
    assert (eyes["closed"], eyes["open"], eyes["auc"]) == (1, 3, None)
    code, text, _ = run("expression", tmp_path, "--predictions", peer, "--brief")
    head, _, _, last = text.splitlines()
    assert code == 0 and head.startswith("| system | eye opening, r, slope | mouth opening")
    assert last.startswith("| labels | -, - |") and "| 1, 3 | - |" in last
    code, text, _ = run("expression", tmp_path, "--engine", "none", "--predictions", peer, "--json")
    assert code == 0 and len(json.loads(text)["systems"]) == 1
    code, _, err = run("expression", tmp_path, "--engine", "none")
    assert code == 2 and "--engine none needs --predictions" in err


def test_no_sheets_when_none_are_asked_for(photos, tmp_path) -> None:
    code, _, _ = run("folder", photos, "-o", tmp_path / "out", "--worst", 0)
    assert code == 0
    assert not list((tmp_path / "out").glob("worst*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["folder", "nowhere"], "nowhere: no such folder"),
        (["faces", "nowhere"], "no such label file"),
        (["aflw2000", "nowhere"], "nowhere: no such folder"),
        (["aflw", "nowhere", "--configs", "nowhere"], "nowhere: no such folder"),
        (["folder", "PHOTOS", "--engine", "no.onnx"], "no.onnx: no such network"),
        (["folder", "PHOTOS", "--face-model", "no.npz"], "no.npz"),
        (["folder", "PHOTOS", "--boxes", "detector", "--detector", "x"], "expected detector"),
        (["folder", "PHOTOS", "--labels", "no.json"], "no.json"),
        (["folder", "PHOTOS", "--predictions", "x=no.json"], "no such file of landmarks"),
        (["expression", "nowhere"], "no such label file"),
        (["folder", "PHOTOS", "--truth-model", "BUILTIN"], "no parameters of a surface"),
    ],
)
def test_failures_are_one_line(photos, arguments: list[str], message: str) -> None:
    builtin = Path(frsdk.__file__).parent / "assets" / "facemodel.npz"
    paths = {"PHOTOS": str(photos), "BUILTIN": str(builtin)}
    code, out, err = run(*(paths.get(each, each) for each in arguments))
    assert (code, out) == (1, "")
    assert err.startswith("frsdk-eval: ") and message in err and err.count("\n") == 1


def test_usage_errors(photos) -> None:
    for arguments in (["nothing"], ["aflw", photos], ["folder", photos, "--threshold", "0"]):
        assert run(*arguments)[0] == 2
    code, _, err = run("folder", photos, "--detector", "haar")
    assert code == 2 and "--detector needs --boxes detector" in err


def test_a_corrupt_picture_is_named_and_nothing_is_written(photos, tmp_path) -> None:
    (photos / "1.png").write_bytes((photos / "1.png").read_bytes()[:300])
    code, _, err = run("folder", photos, "-o", tmp_path / "out")
    assert code == 1 and "1.png" in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written(photos, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run("folder", photos, "-o", tmp_path / "file" / "out")
    assert code == 1 and "cannot be written" in err


def test_teacher_on_val_gives_the_figures_of_the_readme(shared_data, tmp_path) -> None:
    """3DDFA_V2's network, one pass: 3.46 % on gt68, 0.91 / 1.25 / 1.88 % on lmk68 (data README)."""
    pytest.importorskip("torch", reason="needs torch (frsdk[export])")
    from frsdk.export.checkpoints.checkpoint_file import save_checkpoint
    from frsdk.export.checkpoints.import_3ddfa_v2_network import import_3ddfa_network
    from frsdk.export.facemodel.import_3ddfa_face_model import import_sparse_3ddfa

    basis = shared_data / "teacher" / "bfm68.npz"
    model = import_sparse_3ddfa(basis)
    model.save(tmp_path / "bfm68.npz")
    network, spec = import_3ddfa_network(shared_data / "teacher" / "mb05_120x120.npz", basis, model)
    save_checkpoint(tmp_path / "teacher.pth", network, spec)
    options = ["--engine", tmp_path / "teacher.pth", "--face-model", tmp_path / "bfm68.npz"]
    code, text, _ = run(
        "faces", shared_data / "faces", *options, "--truth-model", tmp_path / "bfm68.npz", "--json"
    )
    assert code == 0
    (teacher,) = json.loads(text)["networks"]
    truths = {truth["labels"]: truth for truth in teacher["truths"]}
    means = {name: truth["nme"]["mean_percent"] for name, truth in truths.items()}
    wanted = {"gt68": 3.46, "gt68 helen": 3.56, "gt68 afw": 3.59, "gt68 udacity": 3.40}
    assert {name: means[name] for name in wanted} == pytest.approx(wanted, abs=0.006)
    bins = [each["mean_percent"] for each in truths["lmk68"]["nme"]["bins"]]
    assert bins == pytest.approx([0.91, 1.25, 1.88], abs=0.006)
    assert teacher["pose_mae"]["mean_deg"] < 1.0
    assert 0.0 < teacher["reconstruction"]["mean_percent"] < 2.0
