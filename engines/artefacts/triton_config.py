"""A model's config.pbtxt for Triton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_QUEUE_DELAY_US = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonModel:
    """What Triton has to know of a model.

    Attributes:
        name: Its folder.
        platform: `onnxruntime_onnx` or `tensorrt_plan`.
        max_batch: The most of a batch; 0 where the batch is the first of the dims.
        inputs: Tensor names to dims; -1 for what varies.
        outputs: The same.
        preferred_batches: What batches across requests are made of; empty: none are made.
        kind: Of the instances: `KIND_AUTO`, `KIND_GPU`, `KIND_CPU`.
        profiles: Of a plan, all in one instance.
        parameters: Texts that travel with it.
    """

    name: str
    platform: str
    max_batch: int
    inputs: Mapping[str, Sequence[int]]
    outputs: Mapping[str, Sequence[int]]
    preferred_batches: Sequence[int]
    kind: str
    profiles: int = 1
    parameters: Mapping[str, str]


def config_text(model: TritonModel) -> str:
    """The config.pbtxt, with every tensor FP32."""
    lines = [
        f"name: {_quoted(model.name)}",
        f"platform: {_quoted(model.platform)}",
        f"max_batch_size: {model.max_batch}",
        *(_tensor("input", name, dims) for name, dims in model.inputs.items()),
        *(_tensor("output", name, dims) for name, dims in model.outputs.items()),
    ]
    group = f"count: 1 kind: {model.kind}"
    if model.profiles > 1:
        group += f" profile: [ {', '.join(_quoted(str(i)) for i in range(model.profiles))} ]"
    lines.append(f"instance_group [ {{ {group} }} ]")
    if model.preferred_batches:
        preferred = ", ".join(map(str, model.preferred_batches))
        lines.append(
            f"dynamic_batching {{ preferred_batch_size: [ {preferred} ] "
            f"max_queue_delay_microseconds: {_QUEUE_DELAY_US} }}"
        )
    for key, value in model.parameters.items():
        lines.append(
            f"parameters {{ key: {_quoted(key)} value {{ string_value: {_quoted(value)} }} }}"
        )
    return "\n".join(lines) + "\n"


def _tensor(role: str, name: str, dims: Sequence[int]) -> str:
    shape = ", ".join(map(str, dims))
    return f"{role} [ {{ name: {_quoted(name)} data_type: TYPE_FP32 dims: [ {shape} ] }} ]"


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(each, each) for each in text) + '"'
