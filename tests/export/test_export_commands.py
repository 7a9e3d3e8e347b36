"""frsdk-train and frsdk-export, from crops to landmarks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner, Result

from frsdk import FaceReconstructor, MorphableModel, builtin_face_model
from frsdk.engines.calibration.calibration_table import table_of
from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.engines.passes.fp16_cpu import half_weights
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
from frsdk.export.cli import main as export_main
from frsdk.export.datasets.data_provenance import card_of_photographs, write_card
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.networks import build_network
from frsdk.export.train_cli import main as train_main
from frsdk.export.training.validation_nme import predict
from frsdk.specs.model_spec import METADATA_KEY

ROOT = Path(__file__).resolve().parents[2]
BUILTIN = ROOT / "frsdk" / "assets" / "network.onnx"
TINY = ["--architecture", "mobilenet_v1", "--steps", "2", "--batch-size", "4"]


def train(*arguments: object) -> Result:
    return CliRunner().invoke(train_main, [str(a) for a in arguments])


def export(*arguments: object) -> Result:
    return CliRunner().invoke(export_main, [str(a) for a in arguments])


def test_train_export_evaluate_reconstruct(faces_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = train("network", faces_folder, "-o", run, *TINY)
    assert done.exit_code == 0, done.output
    assert {p.name for p in run.iterdir()} == {".lock", "state.pth", "log.csv", "model.pth"}
    training = load_checkpoint(run / "model.pth")[1].training
    assert (training["steps"], training["images_seen"]) == (2, 8)

    done = export(run / "model.pth", "-o", run / "model.onnx")
    assert done.exit_code == 0, done.output
    assert "3.271 M parameters" in done.output and "as the paper counts" in done.output

    done = train("evaluate", faces_folder, "--engine", run / "model.onnx")
    assert done.exit_code == 0, done.output
    table = [line.split("|")[1:-1] for line in done.output.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in table] == ["labels", "---", "lmk68", "gt68", "gt68 helen"]
    assert [int(row[1]) for row in table[2:]] == [12, 4, 4]
    assert table[3][2:] == table[4][2:] != table[2][2:]

    with FaceReconstructor(engine=run / "model.onnx") as reconstruct:
        (face,) = reconstruct(np.full((200, 200, 3), 90, np.uint8), rois=[[40, 40, 160, 160]])
    assert np.isfinite(face.landmarks).all()


def test_engines_by_name_bring_their_face_model(faces_folder: Path, tmp_path: Path) -> None:
    by_name = train("evaluate", faces_folder, "--engine", "builtin-open")
    assert by_name.exit_code == 0, by_name.output
    by_file = train("evaluate", faces_folder, "--engine", BUILTIN.with_name("network_open.onnx"))
    default = train("evaluate", faces_folder)
    assert by_name.output == by_file.output != default.output
    assert train("evaluate", faces_folder, "--engine", "builtin").output == default.output

    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    photos = tmp_path / "photos"
    photos.mkdir()
    cv2.imwrite(str(photos / "a.png"), data.astronaut()[..., ::-1])
    found = []
    for name in ("builtin", "builtin-open"):
        done = train("label", photos, "-o", tmp_path / name, "--engine", name, "--crops", 1)
        assert done.exit_code == 0, done.output
        assert not (tmp_path / name / "card.json").exists()  # the pictures state no terms
        found.append(read_labels(tmp_path / name / "train.npz").landmarks)
    assert found[0].shape == found[1].shape == (1, 68, 3)
    assert 0.1 < np.abs(found[0] - found[1]).mean() < 5  # two networks, one face


def test_a_card_states_the_terms_of_the_network_that_labels(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    cv2.imwrite(str(photos / "a.png"), data.astronaut()[..., ::-1])
    write_card(photos / "card.json", "Portraits", "CC0-1.0")
    assert train("label", photos, "-o", out, "--crops", 1).exit_code == 0
    card = card_of_photographs(out)
    assert card["name"] == "Portraits"
    assert card["licence"].startswith("CC0-1.0; research use only")
    before = (out / "card.json").read_bytes()
    write_card(photos / "card.json", "Others", "MIT")
    held_out = ["label", photos, "-o", out, "--crops", 1, "--split", "val"]
    assert train(*held_out).exit_code == 0
    assert (out / "card.json").read_bytes() == before  # it speaks for the train crops
    refused = train(*held_out, "--data-card", photos / "card.json")
    assert refused.exit_code == 2 and "--data-card: the card speaks for the train" in refused.output


def test_a_missing_card_is_told_before_anything_is_labelled(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), np.zeros((64, 64, 3), np.uint8))
    card = tmp_path / "none.json"
    done = train("label", tmp_path / "photos", "-o", tmp_path / "out", "--data-card", card)
    assert done.exit_code != 0 and "no such data card" in done.output
    assert not (tmp_path / "out").exists()


def test_a_second_run_repeats_the_first_and_resumes(faces_folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert train("network", faces_folder, "-o", tmp_path / name, *TINY).exit_code == 0
    again = train("network", faces_folder, "-o", tmp_path / "a", *TINY)
    assert again.exit_code == 0 and "resumed at step 2" in again.output
    a, b = (load_checkpoint(tmp_path / name / "model.pth")[0].state_dict() for name in "ab")
    assert all((a[key] == b[key]).all() for key in a)


def test_a_run_starts_from_given_weights(faces_folder: Path, tmp_path: Path) -> None:
    """With a vanishing rate the parameters stay, although another seed whitens otherwise."""
    assert train("network", faces_folder, "-o", tmp_path / "a", *TINY).exit_code == 0
    first = tmp_path / "a" / "model.pth"
    more = ["--init", first, "--learning-rate", "1e-12", "--full-size", "--seed", "1"]
    done = train("network", faces_folder, "-o", tmp_path / "b", *TINY, *more)
    assert done.exit_code == 0, done.output
    crops = torch.rand(2, 3, 120, 120) * 2 - 1
    found = []
    for name in "ab":
        network, spec = load_checkpoint(tmp_path / name / "model.pth")
        state = network.state_dict()  # running statistics of the batch norms did move: reset them
        first_state = load_checkpoint(first)[0].state_dict()
        network.load_state_dict(
            {k: first_state[k] if "running" in k else v for k, v in state.items()}
        )
        with torch.no_grad():
            found.append(network(crops).numpy() * spec.param_std + spec.param_mean)
    assert not np.array_equal(load_checkpoint(first)[1].param_mean, spec.param_mean)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-3)

    other = train("network", faces_folder, "-o", tmp_path / "c", "--init", first, "--steps", "1")
    assert (
        other.exit_code == 1
        and "is a mobilenet_v1, the run trains a plain mobile_frnet" in other.output
    )


def test_another_face_model_keeps_the_body_only(
    faces_folder: Path, tmp_path: Path, tiny_model: MorphableModel
) -> None:
    assert train("network", faces_folder, "-o", tmp_path / "a", *TINY).exit_code == 0
    first, tiny = tmp_path / "a" / "model.pth", tmp_path / "tiny.npz"
    tiny_model.save(tiny)
    more = ["--init", first, "--learning-rate", "1e-12", "--full-size", "--face-model", tiny]
    done = train("network", faces_folder, "-o", tmp_path / "b", *TINY, *more)
    assert done.exit_code == 0, done.output
    assert "model.pth: is for another face model: the last layer begins anew" in done.stderr
    torch.manual_seed(0)  # as a run of seed 0 begins
    fresh = dict(build_network("mobilenet_v1").named_parameters())
    a, b = (dict(load_checkpoint(tmp_path / n / "model.pth")[0].named_parameters()) for n in "ab")
    for name, value in b.items():
        begun = fresh[name] if name.startswith("regress.") else a[name]
        assert torch.allclose(value, begun, rtol=1e-4, atol=1e-6), name


def test_options_from_a_file_and_turned_faces(faces_folder: Path, tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text('{"dense_vertices": 20, "vdc_weight": 0.1, "seed": 3}', encoding="utf-8")
    run = ["network", faces_folder, "-o", tmp_path / "run", *TINY, "--profiling", "0.5"]
    done = train(*run, "--config", options, "--space", "builtin")
    assert done.exit_code == 0, done.output
    assert "2 steps of 4 crops" in done.output and "waiting for data" in done.output
    training = load_checkpoint(tmp_path / "run" / "model.pth")[1].training
    chosen = {name: training[name] for name in ("profiling", "dense_vertices", "seed")}
    assert chosen == {"profiling": 0.5, "dense_vertices": 20, "seed": 3}
    header = (tmp_path / "run" / "log.csv").read_text().splitlines()[0]
    assert "vdc" in header and "loader_share" in header
    options.write_text('{"wing_omgea": 3}', encoding="utf-8")
    done = train(*run, "--config", options)
    assert done.exit_code == 1 and "unknown option wing_omgea" in done.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--architecture", "resnet9000"], "resnet9000"),
        (["--face-model", "missing.npz"], "missing.npz"),
    ],
)
def test_bad_training_options_are_one_line(
    faces_folder: Path, tmp_path: Path, change: list[str], message: str
) -> None:
    done = train("network", faces_folder, "-o", tmp_path / "run", *TINY, *change)
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if "crops" not in line]
    assert message in line
    assert not (tmp_path / "run" / "model.pth").exists()


def test_a_folder_without_labels_is_one_line(tmp_path: Path) -> None:
    done = train("network", tmp_path, "-o", tmp_path / "run", *TINY)
    assert done.exit_code == 1
    assert "no such label file" in done.output and done.output.count("\n") == 1


def test_export_errors_leave_no_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"PK\x03\x04 nothing")
    done = export(bad, "-o", tmp_path / "out.onnx")
    assert done.exit_code == 1 and done.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == [bad]
    done = export(tmp_path / "none.pth")
    assert done.exit_code == 1 and "no such checkpoint" in done.output


def test_built_in_network_is_the_export_of_the_committed_weights(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = export(root / "weights" / "mobile_frnet.pth", "-o", tmp_path / "again.onnx")
    assert done.exit_code == 0, done.output
    assert table_of(BUILTIN.read_bytes(), source="the built-in network") is not None
    exported = (tmp_path / "again.onnx").read_bytes()
    halved = half_weights(fold_constants(exported))
    again, shipped = onnx.load_model_from_string(halved), onnx.load(BUILTIN)
    assert [str(node) for node in again.graph.node] == [str(node) for node in shipped.graph.node]
    assert len(again.graph.initializer) == len(shipped.graph.initializer)
    for ours, theirs in zip(again.graph.initializer, shipped.graph.initializer, strict=True):
        values, wanted = (onnx.numpy_helper.to_array(each) for each in (ours, theirs))
        assert (ours.name, values.shape, values.dtype) == (theirs.name, wanted.shape, wanted.dtype)
        # Equal bytes on one machine; another processor folds batch norms in another order, which
        # may round to the next number of 16 bits.
        np.testing.assert_allclose(
            values.astype(np.float32), wanted.astype(np.float32), rtol=2e-3, atol=1e-6
        )
    kept = [{p.key: p.value for p in each.metadata_props} for each in (again, shipped)]
    assert kept[0][METADATA_KEY] == kept[1][METADATA_KEY]


def test_sixteen_bits_move_no_landmark(tmp_path: Path) -> None:
    """The network in the wheel against the FP32 export, on noise, where it errs most."""
    root = Path(__file__).resolve().parents[2]
    assert export(root / "weights" / "mobile_frnet.pth", "-o", tmp_path / "a.onnx").exit_code == 0
    crops = np.random.default_rng(0).integers(0, 256, (8, 120, 120, 3), np.uint8)
    points = [predict(path, builtin_face_model(), crops) for path in (tmp_path / "a.onnx", BUILTIN)]
    assert np.abs(points[0] - points[1]).max() < 0.1  # pixels of the crop


def test_built_in_face_model_is_what_the_command_builds(shared_data: Path, tmp_path: Path) -> None:
    done = export("facemodel", "build", shared_data / "faces", "-o", tmp_path / "again.npz")
    assert done.exit_code == 0, done.output
    again, shipped = MorphableModel.load(tmp_path / "again.npz"), builtin_face_model()
    # Equal bytes on one machine; another linear algebra library may round a last digit otherwise.
    assert np.abs(again.basis - shipped.basis).max() < 1e-3
    for name in ("landmark_indices", "triangles", "mirror"):
        assert (getattr(again, name) == getattr(shipped, name)).all()


def test_export_with_decoder(faces_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert train("network", faces_folder, "-o", run, *TINY).exit_code == 0
    done = export(run / "model.pth", "--with-decoder", "-o", tmp_path / "points.onnx")
    assert done.exit_code == 0, done.output
    assert "landmarks and vertices" in done.output
    image = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    with FaceReconstructor(engine=tmp_path / "points.onnx") as reconstruct:
        (face,) = reconstruct(image, rois=[[20, 20, 140, 140]])
    assert np.allclose(
        face.vertices[builtin_face_model().landmark_indices], face.landmarks, atol=1e-2
    )
    refused = export(run / "model.pth", "--face-model", "other.npz")
    assert refused.exit_code == 2 and "--with-decoder" in refused.output


def test_the_decoder_is_that_of_the_networks_own_face_model(tmp_path: Path) -> None:
    path, wanted = tmp_path / "open.onnx", builtin_face_model("open")
    done = export(ROOT / "weights" / "mobile_frnet_open.pth", "--with-decoder", "-o", path)
    assert done.exit_code == 0, done.output
    image = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    with FaceReconstructor(engine=path) as reconstruct:
        (face,) = reconstruct(image, rois=[[20, 20, 140, 140]])
    assert face.vertices.shape == (wanted.n_vertices, 3)
    assert np.allclose(face.vertices[wanted.landmark_indices], face.landmarks, atol=1e-2)
    refused = export(ROOT / "weights" / "face_detector_open.pth", "--with-decoder")
    assert refused.exit_code == 1 and "has no decoder" in refused.output
