"""EngineHeader: the JSON before a TensorRT plan, which says what the plan is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any  # the fields that `replace` takes

from ..errors import SpecError
from ..specs.json_fields import JsonFields
from ..specs.model_spec import ModelSpec

FLAVOURS = ("tensorrt", "tensorrt_rtx")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CAPABILITY = re.compile(r"[1-9]\d*\.\d")


@dataclass(frozen=True, slots=True)
class BatchProfile:
    """The batch sizes that an engine takes: the least, the one it is tuned for, and the most."""

    minimum: int
    optimum: int
    maximum: int

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The three, rising."""
        return (self.minimum, self.optimum, self.maximum)


def profile_for(profiles: Sequence[BatchProfile], count: int) -> int:
    """Which profile runs a batch: the one of the least maximum that holds it.

    Args:
        profiles: Of an engine.
        count: Crops, at most the largest maximum.

    Returns:
        Its index. One whose minimum is above the count is taken where no other holds it: the batch
        is then filled up.
    """
    holding = [index for index, each in enumerate(profiles) if count <= each.maximum]
    exact = [index for index in holding if profiles[index].minimum <= count]
    return min(exact or holding, key=lambda index: profiles[index].maximum)


@dataclass(frozen=True, slots=True)
class EngineHeader:
    """What a plan is, where it came from and where it runs.

    Precision and calibration digest are those of :attr:`spec`.

    Attributes:
        spec: How to use the network.
        flavour: The package that built the plan: ``"tensorrt"`` or ``"tensorrt_rtx"``.
        flavour_version: Version of that package.
        compute_capabilities: The GPU architectures that the plan is for, such as ``"8.6"``: of the
            building GPU, or the targets that were asked for.
        profiles: Batch sizes: one or more ranges, each tuned for its optimum.
        onnx_sha256: Digest of the ONNX file that the build started from.
        os: Operating system and processor, such as ``"linux-x86_64"``.
        frsdk_version: Who built it.
        gpu_name: The building GPU; None where the build needed none.
        multiprocessors: Of the building GPU, where known.
        driver_version: Release of the building machine's driver, where known.
        cuda_version: The CUDA level of that driver, such as ``"13.0"``, where known.
        hardware_compatible: Runs on GPUs of later architectures too.
        version_compatible: Runs with later releases of the same major version too.
        dla_core: The deep-learning accelerator that it was built for.
        dla_layers: How many layers of the parsed network that one takes.
        layers: Layers of the parsed network by type.
        precisions: Layers of the parsed network by output type.
        plan_sha256: Digest of the plan.
        plan_bytes: Length of the plan.
    """

    spec: ModelSpec
    flavour: str
    flavour_version: str
    compute_capabilities: tuple[str, ...]
    profiles: tuple[BatchProfile, ...]
    onnx_sha256: str
    os: str
    frsdk_version: str
    gpu_name: str | None = None
    multiprocessors: int | None = None
    driver_version: str | None = None
    cuda_version: str | None = None
    hardware_compatible: bool = False
    version_compatible: bool = False
    dla_core: int | None = None
    dla_layers: int | None = None
    layers: Mapping[str, int] = field(default_factory=dict)
    precisions: Mapping[str, int] = field(default_factory=dict)
    plan_sha256: str = ""
    plan_bytes: int = 0

    @property
    def largest_batch(self) -> int:
        """The most crops of one run."""
        return max(each.maximum for each in self.profiles)

    def replace(self, **changes: Any) -> EngineHeader:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """Canonical JSON: equal headers give equal text.

        Raises:
            SpecError: The spec holds something that JSON has not.
        """
        document = {each.name: getattr(self, each.name) for each in fields(self)}
        document["spec"] = json.loads(self.spec.to_json())
        document["profiles"] = [each.sizes for each in self.profiles]
        for name in ("layers", "precisions"):
            document[name] = dict(document[name])
        return canonical_json(document)

    @classmethod
    def from_json(cls, text: str, *, source: str) -> EngineHeader:
        """Read and check a header; it must be written exactly as :meth:`to_json` writes it.

        Raises:
            SpecError: Not JSON, not canonical, or a field that is missing, wrong or unknown; one
                line naming the source and the field.
        """
        document = _HeaderFields.from_text(text, source)
        if canonical_json(document.rest) != text:
            raise SpecError(
                f"{source}: the {document.noun} is not in the order that frsdk writes: "
                f"{document.remedy}"
            )
        spec = ModelSpec.from_json(json.dumps(document.mapping("spec")), source=source)
        header = cls(
            spec=spec,
            flavour=document.choice("flavour", FLAVOURS),
            flavour_version=document.text("flavour_version"),
            compute_capabilities=document.capabilities("compute_capabilities"),
            profiles=document.profiles("profiles"),
            onnx_sha256=document.sha256("onnx_sha256"),
            os=document.text("os"),
            frsdk_version=document.text("frsdk_version"),
            gpu_name=document.text_or_none("gpu_name"),
            multiprocessors=document.later_integer("multiprocessors"),
            driver_version=document.text_or_none("driver_version"),
            cuda_version=document.text_or_none("cuda_version"),
            hardware_compatible=document.boolean("hardware_compatible"),
            version_compatible=document.boolean("version_compatible"),
            dla_core=document.integer_or_none("dla_core"),
            dla_layers=document.later_integer("dla_layers"),
            layers=document.counts("layers"),
            precisions=document.counts("precisions"),
            plan_sha256=document.sha256("plan_sha256"),
            plan_bytes=document.integer("plan_bytes", minimum=1),
        )
        for name in document.rest:
            document.refuse(name, "no such field", document.rest[name])
        return header


def canonical_json(value: object) -> str:
    """JSON with sorted keys, without white space, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


class _HeaderFields(JsonFields):
    """The fields of a header: more kinds than a spec has, none of them optional."""

    _noun = noun = "engine header"
    _remedy = remedy = "build the engine again with frsdk-build"

    def boolean(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            self.refuse(name, "true or false", value)
        return bool(value)

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self._is_given(name) else None

    def integer_or_none(self, name: str) -> int | None:
        return self.integer(name, minimum=0) if self._is_given(name) else None

    def later_integer(self, name: str) -> int | None:
        """One that files of earlier releases lack."""
        return self.integer_or_none(name) if name in self.rest else None

    def sha256(self, name: str) -> str:
        value = self.text(name)
        if not _SHA256.fullmatch(value):
            self.refuse(name, "64 hexadecimal digits", value)
        return value

    def capabilities(self, name: str) -> tuple[str, ...]:
        values = self._take(name)
        usable = isinstance(values, list) and all(
            isinstance(each, str) and _CAPABILITY.fullmatch(each) for each in values
        )
        if not usable or not values:
            self.refuse(name, 'a list such as ["8.6"]', values)
        return tuple(values)

    def profiles(self, name: str) -> tuple[BatchProfile, ...]:
        values = self._take(name)
        if not isinstance(values, list) or not values or not all(map(_are_batches, values)):
            self.refuse(name, "lists of three rising batch sizes", values)
        return tuple(BatchProfile(*each) for each in values)

    def counts(self, name: str) -> dict[str, int]:
        values = self.mapping(name)
        if any(not isinstance(n, int) or isinstance(n, bool) or n < 1 for n in values.values()):
            self.refuse(name, "numbers of layers", values)
        return values

    def _is_given(self, name: str) -> bool:
        if name not in self.rest:
            self._take(name)  # a missing field, which null is not
        return self.optional(name)


def _are_batches(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) == 3
        and all(isinstance(each, int) and not isinstance(each, bool) for each in values)
        and 1 <= values[0] <= values[1] <= values[2]
    )
