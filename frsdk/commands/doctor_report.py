"""What this machine can build and run, and what is missing for the rest."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any  # JSON-ready values

from .._version import __version__
from ..backends.cpu_features import FEATURES, cpu_features
from ..backends.cuda.cuda_driver import gpu_obstacle
from ..backends.cuda.device_memory import GpuInfo, driver_version
from ..backends.cuda.open_device import gpu_info
from ..backends.engine_cache import cache_folder
from ..backends.engine_choice import BACKENDS, obstacle_of
from ..backends.onnxruntime_session import load_onnxruntime
from ..backends.tensorrt_modules import load_tensorrt
from ..engine_files.engine_compatibility import host_os
from ..errors import FrsdkError
from ..installation.builtin_weights import BUILTIN_WEIGHTS
from ..installation.optional_packages import pip_line

# Which packages an extra brings; one of each tuple is enough.
_EXTRAS: dict[str, tuple[tuple[str, ...], ...]] = {
    "cpu": (("onnxruntime", "onnxruntime-gpu"),),
    "gpu": (("onnxruntime-gpu",),),
    "engines": (("onnx",),),
    "tensorrt": (("tensorrt", "tensorrt-cu12", "tensorrt-cu13"), ("cuda-bindings", "pycuda")),
    "rtx": (("tensorrt-rtx", "tensorrt-rtx-cu12"), ("cuda-bindings", "pycuda")),
    "export": (("torch",), ("onnx",), ("onnxscript",), ("scipy",)),
}
_FOR_GPUS = ("gpu", "tensorrt", "rtx")
_REPLACES = {"gpu": "pip uninstall onnxruntime && "}  # both packages are the module onnxruntime


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found.

    Attributes:
        frsdk: Its version.
        python: Its version.
        system: Operating system and processor.
        cpu_features: Vector instructions that matter here.
        gpu: The first GPU; None without one or without a CUDA binding.
        gpu_problem: Why there is none.
        driver: Release of the NVIDIA driver, where known.
        packages: Version by package, of those installed.
        providers: Execution providers of the installed ONNX Runtime.
        missing_extras: The pip line by extra; those for GPUs only where there is one.
        runs: For each backend why it cannot run here; None where it can.
        builds: For each target of `frsdk-build` likewise.
        weights: For each built-in network what may be done with it.
        cache: The folder of engines built at first use; None without one.
        cache_problem: Why there is none.
    """

    frsdk: str
    python: str
    system: str
    cpu_features: tuple[str, ...]
    gpu: GpuInfo | None
    gpu_problem: str | None
    driver: str | None
    packages: dict[str, str]
    providers: tuple[str, ...]
    missing_extras: dict[str, str]
    runs: dict[str, str | None]
    builds: dict[str, str | None]
    weights: dict[str, str]
    cache: str | None
    cache_problem: str | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people: one fact a line."""
        features = ", ".join(self.cpu_features)
        yield f"frsdk {self.frsdk}, Python {self.python}, {self.system}"
        yield f"CPU: {features or 'none of ' + ', '.join(FEATURES.values())}"
        if self.gpu is None:
            yield f"GPU: none usable: {self.gpu_problem}"
        else:
            cores = self.gpu.multiprocessors
            yield (
                f"GPU: {self.gpu.name}, compute capability {self.gpu.compute_capability}, "
                f"{f'{cores} multiprocessors, ' if cores else ''}"
                f"CUDA {self.gpu.cuda_version}, driver {self.driver or 'unknown'}"
            )
        found = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        yield f"packages: {found or 'none of the optional ones'}"
        yield f"ONNX Runtime's providers: {', '.join(self.providers) or 'none'}"
        for title, places in (("run", self.runs), ("build for", self.builds)):
            for name, obstacle in places.items():
                yield f"{title} {name}: {'yes' if obstacle is None else f'no: {obstacle}'}"
        for extra, line in self.missing_extras.items():
            yield f"extra {extra} is missing: {line}"
        for name, terms in self.weights.items():
            yield f"weights {name}: {terms}"
        yield f"cache: {self.cache or f'none: {self.cache_problem}'}"


def diagnose() -> Diagnosis:
    """Look at this machine; loads TensorRT and ONNX Runtime where they are installed."""
    packages = _packages()
    problem, gpu = gpu_obstacle(), None
    if problem is None:
        try:
            gpu = gpu_info()
        except FrsdkError as error:
            problem = str(error)
    missing = {
        extra: _REPLACES.get(extra, "") + pip_line(extra)
        for extra, needs in _EXTRAS.items()
        if (problem is None or extra not in _FOR_GPUS)
        and not all(any(name in packages for name in choice) for choice in needs)
    }
    no_cache = obstacle_of(cache_folder)
    return Diagnosis(
        frsdk=__version__,
        python=platform.python_version(),
        system=host_os(),
        cpu_features=cpu_features(),
        gpu=gpu,
        gpu_problem=problem,
        driver=driver_version(),
        packages=packages,
        providers=_providers(),
        missing_extras=missing,
        runs={name: kind.obstacle() for name, kind in BACKENDS.items()},
        builds=_builds(packages),
        weights=_weights(),
        cache=None if no_cache else str(cache_folder()),
        cache_problem=no_cache,
    )


def _weights() -> dict[str, str]:
    return {
        name: weights.terms if weights.network.is_file() else "not in this installation"
        for name, weights in BUILTIN_WEIGHTS.items()
    }


def _packages() -> dict[str, str]:
    names = {name for needs in _EXTRAS.values() for choice in needs for name in choice}
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _providers() -> tuple[str, ...]:
    if obstacle_of(load_onnxruntime) is not None:
        return ()
    return tuple(load_onnxruntime().get_available_providers())


def _builds(packages: dict[str, str]) -> dict[str, str | None]:
    no_onnx = None if "onnx" in packages else f"onnx is missing: {pip_line('engines')}"
    return {
        "cpu": no_onnx,
        "tensorrt": no_onnx or BACKENDS["tensorrt"].obstacle(),
        # Without a GPU too, for targets that are named.
        "rtx": no_onnx or obstacle_of(lambda: load_tensorrt("tensorrt_rtx")),
    }
