"""Which backend runs a network: the one that is named, or the best one here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import BackendError, FrsdkError, InputError
from .backend import Backend
from .build_on_first_use import built_engine, built_network
from .cuda.cuda_driver import gpu_obstacle
from .cuda.open_device import gpu_info
from .onnxruntime_backend import OnnxRuntimeBackend
from .onnxruntime_cuda import CUDA_PROVIDER, cuda_provider_problem
from .onnxruntime_session import CPU_PROVIDER, RTX_PROVIDER, load_onnxruntime
from .tensorrt_backend import TensorrtBackend
from .tensorrt_modules import load_tensorrt, message_log, named_capabilities, start_runtime
from .triton_backend import TritonBackend, is_triton_url

PRECISIONS = ("fp32", "fp16", "int8")
DEVICES = ("cpu", "gpu")
AUTO = "auto"

_GONE = {"onnxruntime-tensorrt": 'its provider wants TensorRT 10 and builds anew: take "tensorrt"'}


@dataclass(frozen=True, slots=True)
class BackendKind:
    """One way to run a network.

    Attributes:
        device: ``"cpu"`` or ``"gpu"``.
        obstacle: Why it cannot run here; None where it can. Quick, loads no network.
        flavour: The flavour of TensorRT whose engines it runs; None: ONNX files.
        provider: The execution provider of ONNX Runtime.
        target: What the precision pass writes for.
        precisions: What it runs well enough to be offered.
        automatic: Whether ``auto`` may take it.
    """

    device: str
    obstacle: Callable[[], str | None]
    flavour: str | None = None
    provider: str = CPU_PROVIDER
    target: str = "tensorrt"
    precisions: tuple[str, ...] = PRECISIONS
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An open backend, and the better ones that ``auto`` could not take, each with the reason."""

    backend: Backend
    passed_over: tuple[str, ...] = ()


def open_backend(
    engine: str | os.PathLike[str] | None,
    *,
    builtin: Path,
    backend: str = AUTO,
    device: str | None = None,
    threads: int = 1,
    cuda_graph: bool = False,
) -> EngineChoice:
    """Open a network.

    Args:
        engine: A precision of the built-in network (built at first use and cached), an `.onnx` or
            `.engine` file, `triton://HOST:PORT/MODEL` on a Triton server, or None: the built-in
            network as it is.
        builtin: The built-in network.
        backend: A name in :data:`BACKENDS`, which never falls back to another one; or ``"auto"``.
            Auto takes the first that this machine can run, in the order of :data:`BACKENDS`, for a
            precision; for an `.engine` file its flavour; for an `.onnx` file, which runs as it is,
            ``"onnxruntime"``, or with ``device="gpu"`` ``"onnxruntime-cuda"``.
        device: ``"cpu"`` or ``"gpu"`` limits what auto may take.
        threads: Threads of one call on the CPU.
        cuda_graph: Record a GPU's work and replay it: on TensorRT and TensorRT for RTX, to which
            it limits auto.

    Raises:
        InputError: An unknown name, or a backend that does not fit the device, file or precision.
        BackendError: It cannot run here, or the file is damaged or of another kind.
        MissingDependencyError: A package is not installed; the pip line is named.
        FrsdkError: As building an engine raises.
    """
    _check_names(backend, device)
    if is_triton_url(engine):
        if backend != AUTO or device is not None or cuda_graph:
            raise InputError(
                f"{engine}: the server chooses what runs it: leave backend, device and CUDA graphs "
                "out"
            )
        return EngineChoice(TritonBackend(str(engine)))
    path = None if engine is None or engine in PRECISIONS else Path(engine)
    if path is not None and path.suffix.lower() == ".engine":
        return EngineChoice(_open_engine_file(path, backend, device, cuda_graph))
    if path is not None and path.suffix.lower() != ".onnx":
        raise BackendError(
            f"{path}: expected {', '.join(PRECISIONS)}, an .onnx or an .engine file as engine: "
            "make one with frsdk-export or frsdk-build"
        )
    precision = str(engine) if path is None and engine is not None else None
    name, passed_over = _choose(precision, backend, device, cuda_graph)
    if cuda_graph and BACKENDS[name].flavour is None:
        raise InputError(
            f"backend {name} has no CUDA graphs: take engine= fp16 or an .engine file on "
            "tensorrt or rtx, or leave cuda_graph out"
        )
    source = path or builtin
    return EngineChoice(_open(name, source, precision, threads, cuda_graph), passed_over)


def _choose(
    precision: str | None, backend: str, device: str | None, cuda_graph: bool = False
) -> tuple[str, tuple[str, ...]]:
    """The backend's name, and what was passed over; a precision of None is a file as it is."""
    if backend != AUTO:
        kind = BACKENDS[backend]
        if precision is not None and precision not in kind.precisions:
            raise InputError(
                f"backend {backend} does not offer {precision}: choose "
                f"{' or '.join(kind.precisions)}, or another backend"
            )
        return backend, ()
    if precision is None:
        return ("onnxruntime-cuda" if device == "gpu" else "onnxruntime"), ()
    passed_over: list[str] = []
    for name, kind in BACKENDS.items():
        fits = precision in kind.precisions and device in (None, kind.device)
        if not kind.automatic or not fits or (cuda_graph and kind.flavour is None):
            continue
        obstacle = kind.obstacle()
        if obstacle is None:
            return name, tuple(passed_over)
        passed_over.append(f"{name}: {obstacle}")
    where = {"cpu": "on the CPU", "gpu": "on a GPU", None: "here"}[device]
    where += " with CUDA graphs" if cuda_graph else ""
    raise BackendError(f"no backend runs {precision} {where} ({'; '.join(passed_over)})")


def _open(
    name: str, source: Path, precision: str | None, threads: int, cuda_graph: bool
) -> Backend:
    kind = BACKENDS[name]
    if kind.flavour is not None:
        engine = built_engine(source, flavour=kind.flavour, precision=precision)
        return TensorrtBackend(engine, cuda_graph=cuda_graph)
    if precision is not None:
        source = built_network(source, target=kind.target, precision=precision)
    return OnnxRuntimeBackend(source, providers=(kind.provider,), threads=threads)


def _open_engine_file(path: Path, backend: str, device: str | None, cuda_graph: bool) -> Backend:
    flavours = {name: kind.flavour for name, kind in BACKENDS.items() if kind.flavour}
    if device == "cpu" or backend not in (AUTO, *flavours):
        asked = "device cpu" if device == "cpu" else f"backend {backend}"
        raise InputError(
            f"{path}: an .engine file runs on a GPU through {' or '.join(flavours)}, {asked} was "
            "asked for: give an .onnx file"
        )
    return TensorrtBackend(path, flavour=flavours.get(backend), cuda_graph=cuda_graph)


def _check_names(backend: str, device: str | None) -> None:
    if backend in _GONE:
        raise InputError(f"backend {backend} was removed, {_GONE[backend]}")
    if backend != AUTO and backend not in BACKENDS:
        raise InputError(f"expected backend {AUTO}, {', '.join(BACKENDS)}, got {backend!r}")
    if device not in (None, *DEVICES):
        raise InputError(f"expected device {' or '.join(DEVICES)} or None, got {device!r}")
    if backend != AUTO and device not in (None, BACKENDS[backend].device):
        raise InputError(
            f"backend {backend} runs on the {BACKENDS[backend].device.upper()}, device {device} "
            "was asked for: leave one of them out"
        )


def _start(flavour: str) -> None:
    """Start a flavour's runtime: its package alone does not say that the driver is new enough."""
    handle = load_tensorrt(flavour)
    start_runtime(handle, message_log(handle.trt))
    gpu_info()


def _tensorrt_obstacle() -> str | None:
    return gpu_obstacle() or obstacle_of(lambda: _start("tensorrt"))


def _rtx_obstacle() -> str | None:
    obstacle = gpu_obstacle() or obstacle_of(lambda: _start("tensorrt_rtx"))
    if obstacle is not None:
        return obstacle
    known = named_capabilities(load_tensorrt("tensorrt_rtx").trt)
    here = gpu_info()
    if here.compute_capability in known:
        return None
    return f"{here.name} has compute capability {here.compute_capability}, not {', '.join(known)}"


def _cuda_provider_obstacle() -> str | None:
    obstacle = gpu_obstacle() or obstacle_of(load_onnxruntime)
    return obstacle or cuda_provider_problem(load_onnxruntime())


def _cpu_obstacle() -> str | None:
    return obstacle_of(load_onnxruntime)


def obstacle_of(attempt: Callable[[], object]) -> str | None:
    """Why something does not work, as its error says; None where it does."""
    try:
        attempt()
    except FrsdkError as error:
        return str(error)
    return None


BACKENDS: dict[str, BackendKind] = {
    "tensorrt": BackendKind("gpu", _tensorrt_obstacle, flavour="tensorrt"),
    "rtx": BackendKind("gpu", _rtx_obstacle, flavour="tensorrt_rtx"),
    # It has no INT8 convolutions, so Q/DQ would only cost. The one below it builds an engine at
    # each start and keeps it in a cache of its own that nobody checks: only by name.
    "onnxruntime-cuda": BackendKind(
        "gpu", _cuda_provider_obstacle, provider=CUDA_PROVIDER, precisions=("fp32", "fp16")
    ),
    "onnxruntime-rtx": BackendKind("gpu", gpu_obstacle, provider=RTX_PROVIDER, automatic=False),
    "onnxruntime": BackendKind("cpu", _cpu_obstacle, target="cpu"),
}
"""Each backend by name, the best first."""
