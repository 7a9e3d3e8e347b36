"""Networks through ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import BackendError, SpecError
from ..specs.detector_spec import DetectorSpec, spec_from_json
from ..specs.model_spec import METADATA_KEY, ModelSpec
from .backend import Backend, DecodedBatch, FloatBatch
from .cpu_features import FITTING_WEIGHT_BITS, int8_products_saturate
from .onnxruntime_cuda import CUDA_BATCHES, CUDA_PROVIDER
from .onnxruntime_session import (
    CPU_PROVIDER,
    engine_errors,
    first_line,
    load_onnxruntime,
    open_session,
    text_of,
)

_FLOAT32 = "tensor(float)"


class OnnxRuntimeBackend(Backend):
    """A network in an ONNX file that carries its :class:`~frsdk.ModelSpec`, or a face detector."""

    name = "onnxruntime"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        providers: Sequence[str] = (CPU_PROVIDER,),
        threads: int = 1,
    ) -> None:
        """Load the file and check it against its own specification.

        Args:
            path: The `.onnx` file.
            providers: Execution providers, in order of preference; none is replaced silently.
            threads: Threads of one call. One is fastest where several processes share the cores.

        Raises:
            MissingDependencyError: ONNX Runtime is not installed.
            BackendError: The file is missing or damaged, or a provider is not there.
            SpecError: The file has no specification, a wrong one, or one that does not fit it.
        """
        source = str(path)
        # Only on the CPU tried with fast kernels first: elsewhere each opening may build an engine.
        exact = tuple(providers) != (CPU_PROVIDER,)
        session = open_session(path, providers=providers, threads=threads, exact_int8=exact)
        spec = _specification(session, source)
        if not exact and _needs_exact_kernels(spec):
            del session  # first, so that the network is not in memory twice
            session = open_session(path, providers=providers, threads=threads)
        outputs = {spec.output.name: spec.output.shape}
        if isinstance(spec, ModelSpec):
            outputs = spec.output_shapes
        with text_of(source):
            inputs, results = session.get_inputs(), session.get_outputs()
            batches = [_batch(source, "input", spec.input.name, spec.input.shape, inputs)]
            for name, shape in outputs.items():
                batches.append(_batch(source, "output", name, shape, results))
        self._sizes = _sizes(_fixed_batch(source, batches), providers)
        super().__init__(spec, source=source, providers=tuple(session.get_providers()))
        self._run_options = load_onnxruntime().RunOptions()
        # Without it parameters alone would cost the whole decoder.
        self._run_options.only_execute_path_to_fetches = len(outputs) > 1
        self._session = session

    @property
    def arithmetic(self) -> str:
        """As the base says, but a CPU computes fp16 in FP32."""
        if self._spec.precision == "fp16" and self._providers == (CPU_PROVIDER,):
            return "FP32, from FP16 weights widened at load"
        return super().arithmetic

    def _infer(self, batch: FloatBatch) -> FloatBatch:
        (output,) = self._run([self._spec.output.name], batch)
        return output

    def _infer_decoded(self, batch: FloatBatch) -> DecodedBatch:
        return DecodedBatch(*self._run(list(self.spec.output_shapes), batch))

    def _run(self, names: list[str], batch: FloatBatch) -> list[FloatBatch]:
        return self._run_filled_up(names, batch) if self._sizes else self._run_once(names, batch)

    def _run_filled_up(self, names: list[str], batch: FloatBatch) -> list[FloatBatch]:
        """In parts of the largest batch; the last one is filled up with zeros to the next size."""
        parts = []
        largest = self._sizes[-1]
        for start in range(0, len(batch), largest):
            part = batch[start : start + largest]
            missing = next(size for size in self._sizes if size >= len(part)) - len(part)
            full = np.concatenate([part, np.zeros((missing, *part.shape[1:]), np.float32)])
            parts.append([output[: len(part)] for output in self._run_once(names, full)])
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _run_once(self, names: list[str], batch: FloatBatch) -> list[FloatBatch]:
        session = self._session  # a local reference: close() in another thread does not pull it out
        if session is None:
            raise BackendError(f"{self._source}: the backend is closed: open a new one")
        try:
            found = session.run(names, {self._spec.input.name: batch}, self._run_options)
        except engine_errors(load_onnxruntime()) as error:
            raise BackendError(
                f"{self._source}: ONNX Runtime failed ({first_line(error)})"
            ) from error
        return [np.asarray(output, np.float32) for output in found]

    def _release(self) -> None:
        self._session = None


def _specification(session: Any, source: str) -> ModelSpec | DetectorSpec:
    """What a file says of itself (Any: ONNX Runtime's session has no types)."""
    with text_of(source):
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise SpecError(
            f"{source}: no specification inside (metadata key {METADATA_KEY}): "
            "export the network with frsdk-export"
        )
    return spec_from_json(text, source=source)


def _needs_exact_kernels(spec: ModelSpec | DetectorSpec) -> bool:
    """Whether pairs of products would leave 16 bits on this CPU."""
    if spec.precision != "int8" or not int8_products_saturate():
        return False
    return not (isinstance(spec, ModelSpec) and (spec.weight_bits or 8) <= FITTING_WEIGHT_BITS)


def _fixed_batch(source: str, batches: Sequence[int | None]) -> int | None:
    """The number of faces that a graph of fixed shapes takes; None where any will do."""
    stated = {each for each in batches if each is not None}
    if not stated:
        return None
    (first, *others) = stated
    if others or batches[0] is None or first < 1:
        shown = ", ".join("any" if each is None else str(each) for each in batches)
        raise SpecError(f"{source}: its tensors are for batches of {shown}: export it again")
    return first


def _sizes(fixed: int | None, providers: Sequence[str]) -> tuple[int, ...]:
    """The batches that are run, rising; none where every one is as good."""
    if fixed is not None:
        return (fixed,)
    return CUDA_BATCHES if CUDA_PROVIDER in providers else ()


def _batch(
    source: str, role: str, name: str, shape: Sequence[int], tensors: Sequence[Any]
) -> int | None:
    """Check one tensor's name, type and shape (Any: ONNX Runtime's NodeArg has no types).

    Returns:
        The batch that it is for; None where any will do.
    """
    found = {tensor.name: tensor for tensor in tensors}
    if name not in found:
        raise SpecError(
            f"{source}: the specification names the {role} {name}, "
            f"the graph has {', '.join(found)}: export it again"
        )
    if role == "input" and len(found) > 1:
        raise SpecError(f"{source}: expected one input, the graph has {', '.join(found)}")
    tensor = found[name]
    if tensor.type != _FLOAT32:
        raise SpecError(f"{source}: expected {role} {name} of {_FLOAT32}, got {tensor.type}")
    got = list(tensor.shape)
    if len(got) != len(shape) + 1 or any(
        isinstance(have, int) and have != want for have, want in zip(got[1:], shape, strict=True)
    ):
        raise SpecError(
            f"{source}: the specification says {role} {name} (n, {', '.join(map(str, shape))}), "
            f"the graph has {tuple(got)}: export it again"
        )
    return got[0] if isinstance(got[0], int) else None
