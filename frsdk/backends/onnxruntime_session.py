"""Sessions of ONNX Runtime on exactly the devices asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from numbers import Integral
from pathlib import Path
from typing import Any  # ONNX Runtime is optional and has no types

from numpy.typing import NDArray

from ..errors import BackendError, MissingDependencyError, SpecError
from ..installation.optional_packages import missing_package
from ..storage.path_kinds import is_file
from .cpu_features import int8_products_saturate
from .onnxruntime_cuda import CUDA_PROVIDER, cuda_provider_problem, with_cuda_options

CPU_PROVIDER = "CPUExecutionProvider"
RTX_PROVIDER = "NvTensorRTRTXExecutionProvider"

TELEMETRY_VARIABLE = "ORT_DISABLE_TELEMETRY"

_MOST_OF_A_MESSAGE = 300
_RTX_PLUGIN = "onnxruntime_ep_nv_tensorrt_rtx"
_MOST_THREADS = 1024
_FATAL = 4  # ONNX Runtime's severity; what fails is raised, so nothing is printed beside it


def open_session(
    path: str | os.PathLike[str] | bytes,
    *,
    providers: Sequence[str] = (CPU_PROVIDER,),
    threads: int = 1,
    exact_int8: bool = True,
) -> Any:
    """Load an ONNX file on exactly the devices asked for.

    Args:
        path: The `.onnx` file, or its content.
        providers: Execution providers, in order of preference. The plug-in for TensorRT for RTX is
            registered when its provider is named.
        threads: Threads of one call.
        exact_int8: Whether INT8 products are to be right for all values; False is faster without
            VNNI, for values of which no sum of two products leaves 16 bits.

    Returns:
        An `onnxruntime.InferenceSession`.

    Raises:
        MissingDependencyError: ONNX Runtime, or the plug-in, is not installed.
        BackendError: The file is missing or damaged, a provider is not there, or the number of
            threads is impossible.
    """
    ort = load_onnxruntime()
    if not (isinstance(threads, Integral) and 1 <= threads <= _MOST_THREADS):
        raise BackendError(f"expected 1 to {_MOST_THREADS} threads, got {threads!r}")
    plugins = [each for each in providers if each == RTX_PROVIDER]
    built_in = [each for each in providers if each != RTX_PROVIDER]
    if built_in or not plugins:
        _check_available(built_in, ort.get_available_providers())
    if CUDA_PROVIDER in built_in and (problem := cuda_provider_problem(ort)) is not None:
        raise BackendError(problem)
    file = "a graph in memory" if isinstance(path, bytes) else Path(path)
    if isinstance(file, Path) and not is_file(file):
        raise BackendError(f"{file}: no such file: give the path of an .onnx file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Idle threads sleep: an SDK does not keep its host's cores busy between two photographs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if exact_int8:
        keep_int8_exact(options)
    if plugins:
        options.add_provider_for_devices(_plugin_devices(ort), {})
    if CPU_PROVIDER not in providers:  # not one node of the graph falls back
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # A session takes a list of providers or the options' devices, not both.
    chosen = {} if plugins else {"providers": [with_cuda_options(each) for each in built_in]}
    content = path if isinstance(path, bytes) else str(file)
    session = session_from(content, options, str(file), **chosen)
    _check_available(providers, session.get_providers())
    return session


def session_from(content: bytes | str, options: Any, source: str, **chosen: Any) -> Any:
    """An `onnxruntime.InferenceSession` that never tries other devices than it was given.

    By default ONNX Runtime's constructor prints its failure on stdout and tries the CPU.

    Args:
        content: An ONNX model, or its path.
        options: `onnxruntime.SessionOptions`.
        source: What the model is, for the message.
        **chosen: Further arguments of the session.

    Raises:
        BackendError: It cannot be loaded.
    """
    ort = load_onnxruntime()
    try:
        return ort.InferenceSession(content, options, enable_fallback=0, **chosen)
    except engine_errors(ort) as error:
        raise BackendError(
            f"{source}: ONNX Runtime cannot load it ({first_line(error)}): export it again"
        ) from error


@contextmanager
def text_of(source: str) -> Iterator[None]:
    """Within it a session is asked for names and metadata, which in a damaged file are no text.

    Raises:
        SpecError: They are not.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise SpecError(f"{source}: names or metadata that are no text: export it again") from error


def keep_int8_exact(options: Any) -> None:
    """Let ONNX Runtime compute INT8 networks on this CPU as it does on one with VNNI.

    Without VNNI its fast kernels add pairs of UINT8 x INT8 products in 16 bits, which overflows; it
    has exact ones that take longer, and the same results where there is VNNI.

    Args:
        options: `onnxruntime.SessionOptions`.
    """
    if int8_products_saturate():
        options.add_session_config_entry("session.x64quantprecision", "1")


class BoundSession:
    """A session of one input and one output, bound to two arrays: no copy, and little per call."""

    def __init__(self, session: Any, *, batch: NDArray[Any], out: NDArray[Any]) -> None:
        """Bind the arrays, which are kept.

        Args:
            session: Of :func:`open_session`, on the CPU.
            batch: The input, C-contiguous.
            out: The output's memory: C-contiguous, of its type and shape.

        Raises:
            BackendError: The engine refuses them.
        """
        self._session, self._arrays = session, (batch, out)
        self._binding = session.io_binding()
        (entry,), (result,) = session.get_inputs(), session.get_outputs()
        address = out.ctypes.data
        try:
            self._binding.bind_cpu_input(entry.name, batch)
            self._binding.bind_output(result.name, "cpu", 0, out.dtype.type, out.shape, address)
        except engine_errors(load_onnxruntime()) as error:
            raise BackendError(f"ONNX Runtime failed ({first_line(error)})") from error

    def run(self) -> None:
        """Compute the output array from what the input array holds now; one thread at a time.

        Raises:
            BackendError: The engine failed.
        """
        try:
            self._session.run_with_iobinding(self._binding)
        except engine_errors(load_onnxruntime()) as error:
            raise BackendError(f"ONNX Runtime failed ({first_line(error)})") from error


def load_onnxruntime() -> Any:
    """The package `onnxruntime`, its telemetry off unless the environment says otherwise.

    Official builds from 1.29 on would write into the user's cache folder and look up their host in
    every process.

    Raises:
        MissingDependencyError: It is not installed, or cannot be loaded.
    """
    os.environ.setdefault(TELEMETRY_VARIABLE, "1")  # read when the package is imported
    try:
        return import_module("onnxruntime")
    except (ImportError, OSError) as error:
        raise missing_package(error, "onnxruntime", "cpu", title="ONNX Runtime") from error


def engine_errors(ort: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime's calls raise: its exceptions have no common base of their own.

    A damaged file may end in others: a text that is no UTF-8 (`ValueError`), or sizes that no
    machine has memory for.
    """
    state = ort.capi.onnxruntime_pybind11_state
    found = [each for each in vars(state).values() if isinstance(each, type)]
    own = [each for each in found if issubclass(each, Exception)]
    return (RuntimeError, ValueError, MemoryError, OverflowError, IndexError, TypeError, *own)


def first_line(error: Exception) -> str:
    """The first line of an error's text; of a text in another encoding, what can be read of it."""
    text = str(error)
    if isinstance(error, UnicodeDecodeError):
        text = error.object.decode("utf-8", "replace")
    lines = text.strip().splitlines()
    if not lines:
        return type(error).__name__
    shown = "".join(each if each.isprintable() else " " for each in lines[0])
    return " ".join(shown.split())[:_MOST_OF_A_MESSAGE]


def _plugin_devices(ort: Any) -> list[Any]:
    """The GPUs that the plug-in for TensorRT for RTX offers; registers it when it is not."""
    try:
        plugin = import_module(_RTX_PLUGIN)
    except ImportError as error:
        raise MissingDependencyError(
            f"the plug-in for {RTX_PROVIDER} is not installed: "
            "pip install onnxruntime-ep-nv-tensorrt-rtx"
        ) from error
    name = plugin.get_ep_name()
    if not _devices(ort, name):
        if not hasattr(ort, "register_execution_provider_library"):
            raise BackendError(
                f"this onnxruntime {ort.__version__} takes no plug-ins: "
                'pip install -U "onnxruntime>=1.24"'
            )
        try:
            ort.register_execution_provider_library(name, plugin.get_library_path())
        except engine_errors(ort) as error:
            raise BackendError(
                f"{RTX_PROVIDER} cannot be registered ({first_line(error)}): "
                "install the plug-in for the CUDA version of this machine's driver"
            ) from error
    devices = _devices(ort, name)
    if not devices:
        raise BackendError(f"{RTX_PROVIDER} finds no GPU here: it needs an RTX GPU and its driver")
    return devices[:1]


def _devices(ort: Any, name: str) -> list[Any]:
    if not hasattr(ort, "get_ep_devices"):
        return []
    return [each for each in ort.get_ep_devices() if each.ep_name == name]


def _check_available(wanted: Sequence[str], available: Sequence[str]) -> None:
    for provider in wanted:
        if provider not in available:
            raise BackendError(
                f"execution provider {provider} is not available here, only "
                f"{', '.join(available)}: install the onnxruntime build and drivers that have it"
            )
    if not wanted:
        raise BackendError(f"expected an execution provider, got none of {', '.join(available)}")
