"""What a run says of itself when it begins from the weights of another, and when it goes on."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from frsdk.errors import InputError
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
from frsdk.export.train_cli import main
from frsdk.export.training.distributed_training import Team
from frsdk.export.training.run_training import RunOptions, _workers
from frsdk.specs.model_spec import ModelSpec

TINY = ("--architecture", "mobilenet_v1", "--steps", "2", "--batch-size", "4", "--full-size")


def train(faces: Path, output: Path, *more: object) -> Result:
    return CliRunner().invoke(main, ["network", *map(str, (faces, "-o", output, *TINY, *more))])


def spec_of(run: Path) -> ModelSpec:
    return load_checkpoint(run / "model.pth")[1]


def write_card(faces: Path, name: str, licence: str) -> None:
    (faces / "card.json").write_text(json.dumps({"name": name, "licence": licence}))


@pytest.fixture
def runs(faces_folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A run on research-only crops, and one on CC0 crops that began from it."""
    first, second = tmp_path / "first", tmp_path / "second"
    write_card(faces_folder, "Portraits", "research use only")
    assert train(faces_folder, first).exit_code == 0
    write_card(faces_folder, "Renders", "CC0-1.0")
    done = train(faces_folder, second, "--init", first / "model.pth")
    assert done.exit_code == 0, done.output
    return first, second


def test_a_fine_tuned_network_states_what_it_began_from(
    runs: tuple[Path, Path], faces_folder: Path, tmp_path: Path
) -> None:
    first, second = runs
    spec = spec_of(second)
    assert spec.licence == "research use only; CC0-1.0"
    begun = spec.training["began_from"]
    assert begun["sha256"] == hashlib.sha256((first / "model.pth").read_bytes()).hexdigest()
    assert (begun["data"], spec.training["data"]) == ("Portraits", "Renders")
    assert begun["faces_by_source"] == {"helen": 4, "utkface": 8}
    (second / "model.pth").unlink()
    assert train(faces_folder, second).exit_code == 0  # resumed: the state knows it
    assert spec_of(second) == spec
    third = train(faces_folder, tmp_path / "third", "--init", second / "model.pth")
    assert third.exit_code == 0, third.output
    assert spec_of(tmp_path / "third").licence == "research use only; CC0-1.0"
    assert spec_of(tmp_path / "third").training["began_from"]["began_from"] == begun


def test_a_resumed_run_does_not_take_another_beginning(
    runs: tuple[Path, Path], faces_folder: Path
) -> None:
    first, second = runs
    done = train(faces_folder, second, "--init", second / "model.pth")
    assert done.exit_code == 1 and "began from model.pth, not from" in done.output
    done = train(faces_folder, first, "--init", second / "model.pth")
    assert done.exit_code == 1 and "began from random weights, not from" in done.output


def test_a_state_that_does_not_tell_believes_the_command(
    runs: tuple[Path, Path], faces_folder: Path
) -> None:
    """States of versions that did not write it."""
    first, second = runs
    state = torch.load(second / "state.pth", weights_only=True)
    del state["began_from"]
    torch.save(state, second / "state.pth")
    assert train(faces_folder, second).exit_code == 0
    assert spec_of(second).licence == "CC0-1.0" and "began_from" not in spec_of(second).training
    done = train(faces_folder, second, "--init", first / "model.pth")
    assert done.exit_code == 0, done.output
    assert spec_of(second).licence == "research use only; CC0-1.0"


def test_without_fork_there_are_no_loader_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has none, and forked loaders alone share the crops' memory."""
    cuda = Team(device=torch.device("cuda"))
    assert _workers(RunOptions(), cuda) == 8 and _workers(RunOptions(), Team()) == 0
    assert _workers(RunOptions(workers=3), Team()) == 3
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert _workers(RunOptions(), cuda) == 0 and _workers(RunOptions(workers=0), cuda) == 0
    with pytest.raises(InputError, match="--workers 3: this system cannot fork"):
        _workers(RunOptions(workers=3), cuda)
