"""Options of a training run out of a JSON file, or out of a checkpoint."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any  # values come from JSON or an old checkpoint and are checked here

from frsdk.errors import InputError
from frsdk.specs.json_text import json_of_file

from .training_defaults import TrainConfig


def config_from_mapping(values: Mapping[str, Any], source: str) -> TrainConfig:
    """A configuration from plain values; what is left out has its default.

    Args:
        values: Option -> value; lists stand for tuples.
        source: Where they come from, for messages.

    Raises:
        InputError: An unknown option, or a value of another type or range.
    """
    known = typing.get_type_hints(TrainConfig)
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(
            f"{source}: unknown option {', '.join(unknown)}: known are {', '.join(sorted(known))}"
        )
    checked = {name: _checked(name, value, known[name], source) for name, value in values.items()}
    try:
        return TrainConfig(**checked)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def read_config(path: Path) -> dict[str, Any]:
    """The options in a JSON file, checked as ``config_from_mapping`` does.

    Raises:
        InputError: Missing, not JSON, not an object, or an option is unknown or wrong.
    """
    values = json_of_file(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected an object of options, got {type(values).__name__}")
    config = asdict(config_from_mapping(values, str(path)))
    return {name: config[name] for name in values}


def _checked(name: str, value: Any, kind: Any, source: str) -> Any:
    wanted = typing.get_origin(kind) or kind
    if wanted is tuple and isinstance(value, list | tuple):
        element = typing.get_args(kind)[0]
        return tuple(_checked(name, each, element, source) for each in value)
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise InputError(f"{source}: {name}: expected {kind}, got {value!r}")
    return value
