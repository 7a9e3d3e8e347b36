"""What weights began from: facts that go along in a run's state and in its model file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON values of a spec

from frsdk.errors import InputError
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import ModelSpec

from ..datasets.data_provenance import DataProvenance, joined_licence
from .checkpoint_file import load_any_checkpoint

_TOLD = ("data", "labels_sha256", "faces_by_source", "began_from", "interpolated_with")

#: Facts of a checkpoint; empty: random weights; None: a state that does not tell.
Origin = Mapping[str, Any] | None


def origin_of(path: Path, spec: ModelSpec | DetectorSpec) -> dict[str, Any]:
    """What a checkpoint says of itself: plain JSON values.

    Args:
        path: The file.
        spec: As it was read from it.
    """
    training = spec.training or {}
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "licence": spec.licence,
        **{name: training[name] for name in _TOLD if training.get(name)},
    }


def resumed_origin(saved: Origin, init: Path | None, state: Path) -> Origin:
    """What a resumed run began from.

    Args:
        saved: As the state tells it.
        init: What ``--init`` names now; believed where the state does not tell.
        state: The state's file, for messages.

    Raises:
        InputError: The run began otherwise.
        SpecError: ``init`` cannot be read.
    """
    if init is None:
        return saved
    asked = origin_of(init, load_any_checkpoint(init)[1])
    if saved is None:
        return asked
    if saved.get("sha256") != asked["sha256"]:
        raise InputError(
            f"{state}: of a run that began from {saved.get('file', 'random weights')}, not from "
            f"{init}: leave --init out or use an empty --output"
        )
    return saved


def licence_from(origin: Origin, data: DataProvenance) -> str:
    """Terms of weights that began from others and learned from data; ``""`` where none are stated.

    Args:
        origin: What they began from.
        data: What they learned from.
    """
    if not origin:
        return data.licence
    begun = (str(origin["file"]), str(origin["licence"]))
    return joined_licence([begun, ("the training data", data.licence)])


def origin_fields(origin: Origin) -> dict[str, Any]:
    """For the training part of a spec, without what is not known."""
    return {"began_from": dict(origin)} if origin else {}
