"""Weights between two networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from frsdk.errors import InputError, SpecError
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint, save_checkpoint
from frsdk.export.networks import build_network
from frsdk.export.train_cli import main
from frsdk.export.training.interpolated_weights import write_interpolated
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.specs.model_spec import ArchitectureSpec, ModelSpec


def write_network(path: Path, seed: int, licence: str) -> Path:
    """A seeded network whose whitening differs from that of any other seed."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    spec = ModelSpec(
        architecture=ArchitectureSpec("mobilenet_v1"),
        face_model=reference_to(builtin_face_model()),
        param_mean=tuple(random.normal(size=62).tolist()),
        param_std=tuple(random.uniform(0.5, 2.0, 62).tolist()),
        training={"seed": seed},
        licence=licence,
        producer="tests",
    )
    save_checkpoint(path, build_network("mobilenet_v1").eval(), spec)
    return path


def parameters(path: Path) -> np.ndarray:
    """(2, 62) de-whitened output for seeded crops."""
    network, spec = load_checkpoint(path)
    crops = torch.rand(2, 3, 120, 120, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        out = network.eval()(crops).double().numpy()
    return out * np.array(spec.param_std) + np.array(spec.param_mean)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    first = write_network(tmp_path / "a.pth", 1, "A")
    return first, write_network(tmp_path / "b.pth", 2, "B")


def test_the_ends_are_the_two_networks(pair, tmp_path):
    for share, whole in ((0.0, pair[0]), (1.0, pair[1])):
        write_interpolated(*pair, share, tmp_path / "out" / "c.pth")
        got = parameters(tmp_path / "out" / "c.pth")
        assert got == pytest.approx(parameters(whole), rel=1e-4, abs=1e-4)


def test_weights_lie_between_and_terms_of_both_are_stated(pair, tmp_path):
    out = tmp_path / "c.pth"
    done = CliRunner().invoke(
        main, ["interpolate", *map(str, pair), "--share", "0.25", "-o", str(out)]
    )
    assert done.exit_code == 0, done.output
    mixed, spec = load_checkpoint(out)
    first, second = (load_checkpoint(path)[0].state_dict() for path in pair)
    for name, value in mixed.state_dict().items():
        if value.is_floating_point() and not name.startswith("regress"):
            between = 0.75 * first[name].double() + 0.25 * second[name].double()
            torch.testing.assert_close(value.double(), between, rtol=1e-6, atol=1e-7)
    assert spec.licence == "A; B"
    told = spec.training.pop("interpolated_with")
    assert (told["file"], told["licence"]) == ("a.pth", "A")
    assert spec.training == {"seed": 2, "share_of_these_weights": 0.25}


def test_a_network_without_terms_is_named(tmp_path):
    first, out = write_network(tmp_path / "a.pth", 1, ""), tmp_path / "c.pth"
    write_interpolated(first, write_network(tmp_path / "b.pth", 2, "B; C"), 0.5, out)
    assert load_checkpoint(out)[1].licence == "B; C; terms of a.pth not stated"
    write_interpolated(out, tmp_path / "b.pth", 0.5, tmp_path / "d.pth")
    assert load_checkpoint(tmp_path / "d.pth")[1].licence == "B; C; terms of a.pth not stated"


def test_networks_that_do_not_fit_are_refused(pair, tmp_path):
    with pytest.raises(InputError, match=r"share between 0 and 1, got 1\.5"):
        write_interpolated(*pair, 1.5, tmp_path / "c.pth")
    network, spec = load_checkpoint(pair[1])
    other = replace(spec, face_model=replace(spec.face_model, sha256="0" * 64))
    save_checkpoint(pair[1], network, other)
    with pytest.raises(SpecError, match="another architecture or face model"):
        write_interpolated(*pair, 0.5, tmp_path / "c.pth")
    assert not (tmp_path / "c.pth").exists()
