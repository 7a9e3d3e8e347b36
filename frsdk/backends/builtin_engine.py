"""Which of the networks in the wheel an engine option means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import BackendError, InputError
from ..installation.builtin_weights import BUILTIN, builtin_weights, named_weights
from .engine_choice import PRECISIONS

Engine = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class BuiltinEngine:
    """An engine without the names of built-in networks.

    Attributes:
        engine: A precision of the built-in network, another network, or None: the built-in network
            as it is.
        builtin: The built-in network's file.
        weights: Its name; None where another network is meant.
    """

    engine: str | None
    builtin: Path
    weights: str | None


def builtin_engine(engine: Engine | None, weights: str | None) -> BuiltinEngine:
    """Read the two options that may name a network in the wheel.

    Args:
        engine: "builtin" is the network of `weights` as it is, "builtin-NAME" that of another name;
            a file of such a name is that file.
        weights: As :class:`~frsdk.FaceReconstructor` has it.

    Raises:
        InputError: They name two networks, or no weights have this name.
        BackendError: The installation lacks the network that is named.
    """
    engine = None if engine is None else os.fspath(engine)  # so that a path may be a word too
    named = named_weights(engine)
    if named is not None:
        other = None if engine == BUILTIN else named.name
        if weights is not None and other not in (None, weights):
            raise InputError(
                f"weights={weights!r} and engine={engine} name two networks: pass one of them"
            )
        engine, weights = None, weights or named.name
    from_file = engine is not None and engine not in PRECISIONS
    if from_file and weights is not None:
        raise InputError(
            f"weights={weights!r} chooses a built-in network, engine={engine} another one: "
            "pass one of them"
        )
    found = builtin_weights(weights)
    if not from_file and not found.network.is_file():
        raise BackendError(
            f"{found.network}: the built-in network is not in this installation: "
            "install frsdk from its wheel, or pass engine= an .onnx file"
        )
    return BuiltinEngine(engine, found.network, None if from_file else found.name)
