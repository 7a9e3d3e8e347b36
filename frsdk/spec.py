"""ModelSpec: the one JSON that travels inside every artefact and says how to use it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any  # JSON values are checked field by field

from .errors import SpecError

SCHEMA_VERSION = 1
METADATA_KEY = "frsdk.spec"
N_PARAMS = 62


@dataclass(frozen=True, slots=True)
class ArchitectureSpec:
    """Name of the network in the registry of ``frsdk.export.networks``, and its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The network's input: float32, ``(pixel - mean) / std`` per channel.

    Attributes:
        name: Tensor name.
        shape: Channels, height, width of one crop.
        layout: ``"NCHW"``.
        colour_order: ``"BGR"`` or ``"RGB"``.
        mean: Per channel, on the 0..255 scale.
        std: Per channel.
    """

    name: str = "crops"
    shape: tuple[int, ...] = (3, 120, 120)
    layout: str = "NCHW"
    colour_order: str = "BGR"
    mean: tuple[float, ...] = (127.5, 127.5, 127.5)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)

    @property
    def size(self) -> int:
        """Pixels of a side of the square crop."""
        return self.shape[-1]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """The network's output: whitened parameters."""

    name: str = "whitened_params"
    shape: tuple[int, ...] = (N_PARAMS,)


@dataclass(frozen=True, slots=True)
class FaceModelRef:
    """Which face model the parameters belong to: its name, content digest and vertex count."""

    name: str
    sha256: str
    n_vertices: int


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """How to use a network: everything that the runtime needs beside the weights.

    Attributes:
        architecture: What was trained.
        face_model: Whose coefficients come out.
        param_mean: (62,) added to the whitened output times ``param_std``.
        param_std: (62,) positive.
        input: The input tensor.
        output: The output tensor.
        crop_rule: How a ROI follows from landmarks.
        precision: ``"fp32"``, ``"fp16"`` or ``"int8"``.
        calibration_digest: SHA-256 of what an INT8 artefact was calibrated on.
        training: Summary of data, labels and steps.
        licence: Terms of the weights.
        producer: Who wrote the artefact.
        extra: Optional fields that this version does not know, kept as they came.
    """

    architecture: ArchitectureSpec
    face_model: FaceModelRef
    param_mean: tuple[float, ...]
    param_std: tuple[float, ...]
    input: InputSpec = InputSpec()
    output: OutputSpec = OutputSpec()
    crop_rule: str = "landmark-square-sqrt2"
    precision: str = "fp32"
    calibration_digest: str | None = None
    training: Mapping[str, Any] | None = None
    licence: str = ""
    producer: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def replace(self, **changes: Any) -> ModelSpec:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """One line of JSON with sorted keys: equal specs give equal text."""
        document = asdict(self)
        document.update(document.pop("extra"))
        document["schema_version"] = SCHEMA_VERSION
        return json.dumps(document, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, *, source: str) -> ModelSpec:
        """Read and check a spec.

        Args:
            text: JSON as :meth:`to_json` writes it; unknown fields are kept in ``extra``.
            source: What the spec came from, for messages.

        Raises:
            SpecError: Not JSON, a newer schema, or a field that is missing or wrong; one line
                naming the source and the field.
        """
        document = _document(text, source)
        version = document.pop("schema_version", None)
        if not isinstance(version, int):
            raise SpecError(f"{source}: the spec has no schema_version: export it again")
        if version > SCHEMA_VERSION:
            raise SpecError(
                f"{source}: written by a newer frsdk (schema {version}, this one reads "
                f"{SCHEMA_VERSION}): pip install -U frsdk"
            )
        known = {f.name for f in fields(cls)} - {"extra"}
        extra = {key: document.pop(key) for key in list(document) if key not in known}
        parts: dict[str, Any] = {
            "architecture": ArchitectureSpec,
            "input": InputSpec,
            "output": OutputSpec,
            "face_model": FaceModelRef,
        }
        try:
            for name, part in parts.items():
                if name in document:
                    document[name] = _part(part, document[name])
            for name in ("param_mean", "param_std"):
                document[name] = tuple(float(value) for value in document[name])
            spec = cls(**document, extra=extra)
        except KeyError as error:
            raise SpecError(f"{source}: the spec lacks {error.args[0]!r}: export it again") from error
        except (TypeError, ValueError) as error:
            raise SpecError(f"{source}: the spec is not usable ({error}): export it again") from error
        _check(spec, source)
        return spec


def _document(text: str, source: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError(f"{source}: the spec is not JSON ({error}): export it again") from error
    if not isinstance(document, dict):
        raise SpecError(f"{source}: the spec is not a JSON object: export it again")
    return document


def _part(kind: Any, value: object) -> Any:
    """Build a nested dataclass; JSON lists become tuples, fields of later versions are dropped."""
    if not isinstance(value, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    names = {f.name for f in fields(kind)}
    return kind(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k in names}
    )


def _check(spec: ModelSpec, source: str) -> None:
    """Raise SpecError for the first field that cannot be used."""

    def refuse(name: str, expected: str, got: object) -> None:
        raise SpecError(f"{source}: spec field {name}: expected {expected}, got {got!r}")

    texts = {
        "architecture.name": spec.architecture.name,
        "input.name": spec.input.name,
        "output.name": spec.output.name,
        "face_model.name": spec.face_model.name,
        "face_model.sha256": spec.face_model.sha256,
    }
    for name, value in texts.items():
        if not isinstance(value, str) or not value:
            refuse(name, "a name", value)
    if not isinstance(spec.architecture.arguments, Mapping):
        refuse("architecture.arguments", "an object", spec.architecture.arguments)
    shape = spec.input.shape
    if len(shape) != 3 or shape[0] != 3 or shape[1] != shape[2] or not isinstance(shape[1], int):
        refuse("input.shape", "(3, side, side)", shape)
    if shape[1] < 8:
        refuse("input.shape", "a side of at least 8", shape)
    if spec.input.layout != "NCHW":
        refuse("input.layout", "'NCHW'", spec.input.layout)
    if spec.input.colour_order not in ("BGR", "RGB"):
        refuse("input.colour_order", "'BGR' or 'RGB'", spec.input.colour_order)
    if spec.output.shape != (N_PARAMS,):
        refuse("output.shape", f"({N_PARAMS},)", spec.output.shape)
    numbers: tuple[tuple[str, tuple[float, ...], int, bool], ...] = (
        ("input.mean", spec.input.mean, 3, False),
        ("input.std", spec.input.std, 3, True),
        ("param_mean", spec.param_mean, N_PARAMS, False),
        ("param_std", spec.param_std, N_PARAMS, True),
    )
    for name, values, length, positive in numbers:
        if len(values) != length:
            refuse(name, f"{length} numbers", f"{len(values)} of them")
        if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in values):
            refuse(name, "finite numbers", "others")
        if positive and min(values) <= 0.0:
            refuse(name, "positive numbers", min(values))
    if spec.precision not in ("fp32", "fp16", "int8"):
        refuse("precision", "'fp32', 'fp16' or 'int8'", spec.precision)
