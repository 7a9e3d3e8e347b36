"""Networks through ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..detector_spec import spec_from_json
from ..errors import BackendError, MissingDependencyError, SpecError
from ..spec import METADATA_KEY
from .base import Backend, FloatBatch

CPU_PROVIDER = "CPUExecutionProvider"
_FATAL = 4  # ONNX Runtime's severity; what fails is raised, so nothing is printed beside it
_FLOAT32 = "tensor(float)"


def open_session(
    path: str | os.PathLike[str],
    *,
    providers: Sequence[str] = (CPU_PROVIDER,),
    threads: int = 1,
) -> Any:
    """Load an ONNX file on exactly the devices asked for.

    Args:
        path: The `.onnx` file.
        providers: Execution providers, in order of preference.
        threads: Threads of one call.

    Returns:
        An `onnxruntime.InferenceSession` (Any: its package is optional and has no types).

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
        BackendError: The file is missing or damaged, a provider is not there, or threads < 1.
    """
    ort = _onnxruntime()
    if threads < 1:
        raise BackendError(f"expected threads >= 1, got {threads}")
    _check_available(providers, ort.get_available_providers())
    file = Path(path)
    if not file.is_file():
        raise BackendError(f"{file}: no such file: give the path of an .onnx file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Idle threads sleep: an SDK does not keep its host's cores busy between two photographs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(str(file), options, providers=list(providers))
    except _engine_errors(ort) as error:
        raise BackendError(
            f"{file}: ONNX Runtime cannot load it ({_first_line(error)}): export it again"
        ) from error
    session.disable_fallback()
    _check_available(providers, session.get_providers())
    return session


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
        session = open_session(path, providers=providers, threads=threads)
        source = str(path)
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if text is None:
            raise SpecError(
                f"{source}: no specification inside (metadata key {METADATA_KEY}): "
                "export the network with frsdk-export"
            )
        spec = spec_from_json(text, source=source)
        _check_tensor(source, "input", spec.input.name, spec.input.shape, session.get_inputs())
        _check_tensor(source, "output", spec.output.name, spec.output.shape, session.get_outputs())
        super().__init__(spec, source=source, providers=tuple(session.get_providers()))
        self._session = session

    def _infer(self, batch: FloatBatch) -> FloatBatch:
        session = self._session  # a local reference: close() in another thread does not pull it out
        if session is None:
            raise BackendError(f"{self._source}: the backend is closed: open a new one")
        try:
            (output,) = session.run([self._spec.output.name], {self._spec.input.name: batch})
        except _engine_errors(_onnxruntime()) as error:
            raise BackendError(
                f"{self._source}: ONNX Runtime failed ({_first_line(error)})"
            ) from error
        return np.asarray(output, np.float32)

    def _release(self) -> None:
        self._session = None


def _onnxruntime() -> Any:  # Any: a module without types
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        raise MissingDependencyError(
            'ONNX Runtime is not installed: pip install "frsdk[cpu]"'
        ) from error


def _engine_errors(ort: Any) -> tuple[type[Exception], ...]:
    """ONNX Runtime's exceptions, which have no common base of their own."""
    state = ort.capi.onnxruntime_pybind11_state
    found = [each for each in vars(state).values() if isinstance(each, type)]
    return (RuntimeError, *(each for each in found if issubclass(each, Exception)))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _check_available(wanted: Sequence[str], available: Sequence[str]) -> None:
    for provider in wanted:
        if provider not in available:
            raise BackendError(
                f"execution provider {provider} is not available here, only "
                f"{', '.join(available)}: install the onnxruntime build and drivers that have it"
            )
    if not wanted:
        raise BackendError(f"expected an execution provider, got none of {', '.join(available)}")


def _check_tensor(
    source: str, role: str, name: str, shape: Sequence[int], tensors: Sequence[Any]
) -> None:
    """Check one tensor's name, type and shape (Any: ONNX Runtime's NodeArg has no types)."""
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
    if isinstance(got[0], int):
        raise SpecError(
            f"{source}: {role} {name} has a fixed batch of {got[0]}: export it with a dynamic one"
        )
