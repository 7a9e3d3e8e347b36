"""A run's options: defaults, files, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from frsdk.errors import InputError
from frsdk.export.training.learning_rate import learning_rate
from frsdk.export.training.run_training import chosen_config
from frsdk.export.training.training_config_file import config_from_mapping, read_config
from frsdk.export.training.training_defaults import TrainConfig, differing_options


def test_a_configuration_survives_its_file(tmp_path: Path) -> None:
    config = TrainConfig(steps=7, sizes=(64,), size_shares=(1.0,), schedule="step")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(asdict(config)), encoding="utf-8")
    assert config_from_mapping(read_config(path), "x") == config
    assert config_from_mapping({}, "x") == TrainConfig()


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"steps": 9, "batch_size": 8, "wing_weight": 2}', encoding="utf-8")
    config = chosen_config(path, {"steps": 3, "seed": None}, full_size=True)
    assert (config.steps, config.batch_size, config.wing_weight) == (3, 8, 2.0)
    assert config.sizes == (120,) and config.seed == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"setps": 3}', "unknown option setps: known are .*steps"),
        ('{"steps": "many"}', "steps: expected .*int.*, got 'many'"),
        ('{"steps": true}', "steps: expected"),
        ('{"steps": 0}', "steps: expected above 0, got 0"),
        ('{"profiling": 1.5}', "profiling: expected 0 to 1"),
        ('{"schedule": "poly"}', "schedule: expected one of cosine, step"),
        ('{"dense_vertices": -1}', "dense_vertices: expected 0 or more, got -1"),
        ('{"weight_decay": -0.1}', "weight_decay: expected 0 or more"),
        ('{"warm_up_steps": -5}', "warm_up_steps: expected 0 or more"),
        ('{"seed": 20260101123456}', "seed of 0 to 4294967295"),
        ('{"sizes": [64]}', "as many of each, got 1 and 3"),
        ('{"size_shares": [-1, 1, 1]}', "size_shares: expected shares that sum to 1"),
        ('{"size_shares": [3, 4, 5]}', "size_shares: expected shares that sum to 1"),
        ('{"milestones": [-1]}', "milestones: expected shares of the run"),
        ('{"wing_weight": -1}', "wing_weight: expected 0 or more"),
        ("[1]", "expected an object of options, got list"),
        ("{", "not a readable JSON file"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"config.json: .*{message}"):
        read_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a readable JSON file"):
        read_config(tmp_path / "none.json")


def test_differences_name_both_values() -> None:
    a, b = TrainConfig(steps=1), TrainConfig(steps=2)
    assert differing_options(a, b) == ["steps 1 / 2"]


def test_published_step_schedule() -> None:
    """3DDFA: 50 epochs, times 0.2 at 30 and at 40."""
    config = TrainConfig(steps=50, warm_up_steps=5, learning_rate=1.0, schedule="step")
    rates = [learning_rate(step, config) for step in range(50)]
    assert rates[0] == pytest.approx(0.2) and rates[5:30] == [1.0] * 25
    assert rates[30:40] == pytest.approx([0.2] * 10)
    assert rates[40:] == pytest.approx([0.04] * 10)
