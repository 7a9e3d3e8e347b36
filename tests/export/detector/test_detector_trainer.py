"""The detector's training: exact resume, mining, and the file that comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner

from frsdk.backends import OnnxRuntimeBackend
from frsdk.errors import InputError, SpecError
from frsdk.export.checkpoints.checkpoint_file import load_any_checkpoint, load_checkpoint
from frsdk.export.cli import main as export_main
from frsdk.export.datasets.data_provenance import DataProvenance
from frsdk.export.detector.backgrounds import Backgrounds
from frsdk.export.detector.detector_checkpoint import write_detector
from frsdk.export.detector.detector_trainer import DetectorTrainer, learning_rate
from frsdk.export.detector.detector_training_defaults import DetectorConfig
from frsdk.export.detector.face_stock import FaceStock
from frsdk.export.detector.hard_negative_mining import mine
from frsdk.export.networks import build_network
from frsdk.export.networks.detector_network import FaceDetector
from frsdk.export.train_cli import main as train_main

TINY = {"widths": [4, 8, 8, 8, 8], "repeats": [0, 0, 0, 0], "neck": 8, "kernel": 3}
CONFIG = DetectorConfig(
    arguments=TINY, steps=4, batch_size=2, sides=(64, 96), side_shares=(0.5, 0.5), warm_up_steps=1,
    mining=(0.5,), save_every=2,
)  # fmt: skip


def test_the_network_is_within_its_budget() -> None:
    network = FaceDetector()
    assert sum(p.numel() for p in network.parameters()) <= 150_000
    with torch.no_grad():
        out = network.eval()(torch.zeros(2, 3, 64, 96))
    assert out.shape == (2, 15, 8 * 12 + 4 * 6 + 2 * 3)
    assert float(out[:, 0].sigmoid().mean()) < 0.1  # fresh weights see faces hardly anywhere


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(SpecError, match="5 widths and 4 repeats"):
        build_network("face_detector", {"widths": [16, 32]})


def test_the_rate_rises_and_falls() -> None:
    config = DetectorConfig(steps=100, warm_up_steps=10, learning_rate=1.0)
    rates = [learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.01, abs=0.005)


def test_a_resumed_run_repeats_an_uninterrupted_one(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    weights = {}
    for name, stops in (("whole", ()), ("cut", (3,))):
        folder = tmp_path / name
        folder.mkdir()
        for stop in stops:
            first = DetectorTrainer(stock, backgrounds, CONFIG, folder)
            first.run(lambda record, t=first, s=stop: t.stop_soon(0, None) if t.step == s else None)
            assert first.step == stop
        trainer = DetectorTrainer(stock, backgrounds, CONFIG, folder)
        assert trainer.resume() == bool(stops)
        trainer.run()
        assert trainer.step == CONFIG.steps
        weights[name] = trainer.average.state_dict()
        assert len((folder / "log.csv").read_text().splitlines()) == CONFIG.steps + 1
    for key, value in weights["whole"].items():
        torch.testing.assert_close(weights["cut"][key], value, rtol=0, atol=0)


def test_another_configuration_does_not_resume(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    DetectorTrainer(stock, backgrounds, CONFIG, tmp_path).save()
    other = DetectorConfig(arguments=TINY, steps=9)
    with pytest.raises(InputError, match="another configuration"):
        DetectorTrainer(stock, backgrounds, other, tmp_path).resume()


def test_a_run_of_other_data_does_not_resume(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    made = {"labels": "a", "backgrounds": "b", "shares": ""}
    DetectorTrainer(stock, backgrounds, CONFIG, tmp_path, made_of=made).save()
    assert DetectorTrainer(stock, backgrounds, CONFIG, tmp_path, made_of=made).resume()
    for name, option in (("labels", "the same FACES and --also"), ("shares", "the same --share")):
        other = {**made, name: "c"}
        with pytest.raises(InputError, match=f"of a run with other {name}: give {option}"):
            DetectorTrainer(stock, backgrounds, CONFIG, tmp_path, made_of=other).resume()
    state = torch.load(tmp_path / "state.pth", weights_only=True)
    del state["made_of"], state["began_from"]  # as earlier versions wrote it
    torch.save(state, tmp_path / "state.pth")
    assert DetectorTrainer(stock, backgrounds, CONFIG, tmp_path, made_of=made).resume()


def test_a_loss_that_is_not_finite_stops_the_run(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    trainer = DetectorTrainer(stock, backgrounds, CONFIG, tmp_path)
    with torch.no_grad():
        next(trainer.network.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="the loss is nan at step 0: use an empty --output"):
        trainer.run()
    assert not trainer.state_path.exists()


def test_a_damaged_state_is_refused_in_one_line(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    trainer = DetectorTrainer(stock, backgrounds, CONFIG, tmp_path)
    trainer.save()
    trainer.state_path.write_bytes(trainer.state_path.read_bytes()[:3000])
    with pytest.raises(InputError, match="not a readable training state") as caught:
        trainer.resume()
    assert "\n" not in str(caught.value)


def test_a_run_starts_from_a_checkpoint(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    first = DetectorTrainer(stock, backgrounds, replace(CONFIG, seed=1), tmp_path)
    path = tmp_path / "first.pth"
    write_detector(first, stock, DataProvenance("0", {"helen": 6}, licence="MIT"), path)
    second = DetectorTrainer(stock, backgrounds, CONFIG, tmp_path)
    second.start_from(path)
    second.save()
    resumed = DetectorTrainer(stock, backgrounds, CONFIG, tmp_path)
    assert resumed.resume()
    write_detector(resumed, stock, DataProvenance("1", licence="CC0-1.0"), tmp_path / "second.pth")
    spec = load_any_checkpoint(tmp_path / "second.pth")[1]
    assert spec.licence == "MIT; CC0-1.0" and spec.training is not None
    assert spec.training["began_from"]["faces_by_source"] == {"helen": 6}
    for network in (second.network, second.average):
        for key, value in first.average.state_dict().items():
            torch.testing.assert_close(network.state_dict()[key], value, rtol=0, atol=0)
    wider = replace(CONFIG, arguments={**TINY, "neck": 16})
    with pytest.raises(SpecError, match="use another file"):
        DetectorTrainer(stock, backgrounds, wider, tmp_path).start_from(path)


class BrightSpots(torch.nn.Module):
    """Takes bright cells of stride 8 for faces."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        bright = torch.nn.functional.avg_pool2d(images[:, :1], 8) * 6.0  # (n, 1, 40, 40)
        out = torch.full((len(images), 15, 2100), -9.0)
        out[:, 0, :1600] = bright.flatten(1)
        return out


def test_mining_finds_what_looks_like_a_face() -> None:
    picture = np.zeros((300, 300, 3), np.uint8)
    picture[96:112, 200:216] = 255
    plain = np.zeros((200, 200, 3), np.uint8)
    places = mine(BrightSpots(), Backgrounds([plain, picture]), np.random.default_rng(0))
    full = [place for place in places if place.scale == 1.0]
    assert {place.picture for place in places} == {1} and len(full) == 1
    assert abs(full[0].x - 208) < 9 and abs(full[0].y - 104) < 9


def test_a_detector_is_written_exported_and_opened(
    stock: FaceStock, backgrounds: Backgrounds, tmp_path: Path
) -> None:
    trainer = DetectorTrainer(stock, backgrounds, CONFIG, tmp_path)
    path = tmp_path / "model.pth"
    write_detector(trainer, stock, DataProvenance("0"), path)
    _, spec = load_any_checkpoint(path)
    assert spec.training is not None and spec.training["faces"] == len(stock)
    with pytest.raises(SpecError, match="holds a face detector"):
        load_checkpoint(path)
    done = CliRunner().invoke(export_main, [str(path), "-o", str(tmp_path / "model.onnx")])
    assert done.exit_code == 0, done.output
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert {"Shape", "Slice"}.isdisjoint(node.op_type for node in graph.node)
    enlarged = {node.output[0] for node in graph.node if node.op_type == "Resize"}
    stated = [each for each in graph.value_info if each.name in enlarged]
    sizes = [each.type.tensor_type.shape.dim for each in stated]
    assert [size[0].dim_param for size in sizes] == ["batch", "batch"]
    assert [size[2].dim_value for size in sizes] == [20, 40]
    with OnnxRuntimeBackend(tmp_path / "model.onnx") as backend:
        assert backend.detector_spec == spec
        out = backend.run(np.zeros((3, 3, 320, 320), np.float32))
        assert out.shape == (3, 15, 2100)
        with pytest.raises(SpecError, match="pass it as detector="):
            backend.spec  # noqa: B018


def test_the_command_names_what_is_missing(faces_folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    arguments = ["detector", str(faces_folder), str(empty), "-o", str(tmp_path / "run")]
    done = CliRunner().invoke(train_main, [*arguments, "--steps", "1"])
    assert done.exit_code == 1 and "run scripts/fetch_backgrounds.py" in done.output
    done = CliRunner().invoke(train_main, [*arguments, "--test-photos", str(empty)])
    assert done.exit_code == 1 and "no .jpg photograph" in done.output
    done = CliRunner().invoke(train_main, [*arguments, "--teacher", str(tmp_path / "no.onnx")])
    assert done.exit_code == 1 and "no such file" in done.output
