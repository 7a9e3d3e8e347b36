"""The calibration table: what a network's INT8 forms need to be rebuilt with no data at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # a JSON document

import onnx

from frsdk.errors import SpecError
from frsdk.specs.json_text import finite_number, parse_json

from ..passes.tensor_range import Range, Ranges
from .activation_ranges import METHODS

CALIBRATION_KEY = "frsdk.calibration"
TARGETS = ("cpu", "tensorrt")

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class TargetCalibration:
    """What a target's INT8 form is made with.

    Attributes:
        method: Which of :data:`~frsdk.engines.calibration.activation_ranges.METHODS` lost least.
        drift: What each method lost on crops that the ranges were not taken from: distance of the
            landmarks from FP32's as NME in percent (:attr:`Drift.cost`).
        final: What the chosen method lost without the excluded nodes.
        excluded: Nodes that stay in FP32, by measured sensitivity.
    """

    method: str
    drift: Mapping[str, float]
    final: float
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """Ranges of a network's activations on real crops.

    Attributes:
        network_sha256: Digest of the network's graph and weights, as :func:`network_digest` has it.
        crops_sha256: Digest of the crops.
        n_crops: How many.
        ranges: By method and tensor name, (lowest, highest); methods that a target chose.
        targets: By ``"cpu"`` and ``"tensorrt"``.
    """

    network_sha256: str
    crops_sha256: str
    n_crops: int
    ranges: Mapping[str, Ranges] = field(repr=False)
    targets: Mapping[str, TargetCalibration]

    def ranges_for(self, target: str) -> Ranges:
        """Ranges by the target's method."""
        return self.ranges[self.targets[target].method]

    def to_json(self) -> str:
        """One line of JSON; equal tables give equal text."""
        document = {
            "schema_version": _SCHEMA_VERSION,
            "network_sha256": self.network_sha256,
            "crops_sha256": self.crops_sha256,
            "n_crops": self.n_crops,
            "ranges": {method: dict(each) for method, each in self.ranges.items()},
            "targets": {
                name: {
                    "method": each.method,
                    "drift": dict(each.drift),
                    "final": each.final,
                    "excluded": list(each.excluded),
                }
                for name, each in self.targets.items()
            },
        }
        return json.dumps(document, sort_keys=True, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, *, source: str) -> CalibrationTable:
        """Read and check a table.

        Raises:
            SpecError: Not a table, or of a newer version.
        """
        remedy = "calibrate again with --calibration"
        try:
            document: dict[str, Any] = parse_json(text, finite=True)
            version = int(document["schema_version"])
            if version > _SCHEMA_VERSION:
                raise SpecError(
                    f"{source}: its calibration table was written by a newer frsdk (schema "
                    f"{version}): pip install -U frsdk"
                )
            table = cls(
                network_sha256=str(document["network_sha256"]),
                crops_sha256=str(document["crops_sha256"]),
                n_crops=int(document["n_crops"]),
                ranges={
                    method: {name: _range(pair) for name, pair in each.items()}
                    for method, each in document["ranges"].items()
                },
                targets={name: _target(document["targets"][name]) for name in TARGETS},
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise SpecError(
                f"{source}: its calibration table is damaged ({type(error).__name__}: {error}): "
                f"{remedy}"
            ) from error
        for each in table.targets.values():
            if each.method not in table.ranges or each.method not in METHODS:
                raise SpecError(
                    f"{source}: its calibration table lacks the ranges of {each.method!r}: {remedy}"
                )
        return table


def network_digest(content: bytes) -> str:
    """SHA-256 of a network's graph and weights, without its metadata."""
    model = onnx.load_model_from_string(content)
    return hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()


def with_table(content: bytes, table: CalibrationTable) -> bytes:
    """The same network with a calibration table in its metadata."""
    model = onnx.load_model_from_string(content)
    set_metadata(model, CALIBRATION_KEY, table.to_json())
    return bytes(model.SerializeToString())


def table_of(content: bytes, *, source: str) -> CalibrationTable | None:
    """The table that a network carries; None without one.

    Raises:
        SpecError: The table is damaged, newer, or was made for other weights.
    """
    model = onnx.load_model_from_string(content)
    texts = [entry.value for entry in model.metadata_props if entry.key == CALIBRATION_KEY]
    if not texts:
        return None
    table = CalibrationTable.from_json(texts[0], source=source)
    if table.network_sha256 != network_digest(content):
        raise SpecError(
            f"{source}: its calibration table belongs to other weights: calibrate again with "
            "--calibration"
        )
    return table


def set_metadata(model: onnx.ModelProto, key: str, value: str) -> None:
    """Write one entry of a model's metadata, in the place of an older one."""
    for index, entry in reversed(list(enumerate(model.metadata_props))):
        if entry.key == key:
            del model.metadata_props[index]
    entry = model.metadata_props.add()
    entry.key, entry.value = key, value


def _range(pair: Any) -> Range:
    low, high = (float(value) for value in pair)
    if not -1e30 < low <= 0 <= high < 1e30:
        raise ValueError(f"expected a range around 0, got {low}..{high}")
    return low, high


def _target(document: dict[str, Any]) -> TargetCalibration:
    return TargetCalibration(
        method=str(document["method"]),
        drift={str(name): finite_number(value) for name, value in document["drift"].items()},
        final=finite_number(document["final"]),
        excluded=tuple(str(name) for name in document["excluded"]),
    )
