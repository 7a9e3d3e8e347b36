"""Whether an engine file may run on this machine, judged before its plan is touched."""

from __future__ import annotations

import platform

from ..backends.cuda.device_memory import GpuInfo
from ..errors import BackendError
from .engine_header import EngineHeader

_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}
_COMPATIBLE_FROM = (8, 0)  # compute capability from which `hardware_compatible` plans run
_MAJORS_THAT_FOLLOW = {((10,), (11,))}  # of TensorRT, for version-compatible plans (its matrix)
_RTX_SYSTEMS = ("linux-x86_64", "windows-x86_64")  # one plan runs on both (NVIDIA's CPU-only AOT)


def host_os() -> str:
    """Operating system and processor, such as ``linux-x86_64``."""
    processor = platform.machine().lower()
    return f"{platform.system().lower()}-{_PROCESSORS.get(processor, processor)}"


def check_platform(header: EngineHeader, source: str) -> None:
    """Check the operating system and processor.

    A plan of TensorRT belongs to the system that built it; one of TensorRT for RTX runs on Linux
    and Windows.

    Raises:
        BackendError: The engine was built on another.
    """
    here = host_os()
    portable = header.flavour == "tensorrt_rtx" and {header.os, here} <= {*_RTX_SYSTEMS}
    if header.os != here and not portable:
        raise BackendError(
            f"{source}: built for {header.os}, this machine is {here}: build it here"
        )


def check_flavour_version(header: EngineHeader, source: str, version: str) -> None:
    """Check the installed flavour's version.

    A plan runs with the version that built it; a version-compatible one also with later releases of
    the same major version, and one of TensorRT 10 with 11.

    Raises:
        BackendError: It does not fit.
    """
    if version == header.flavour_version:
        return
    built, here = _numbers(header.flavour_version), _numbers(version)
    same = built[:1] == here[:1]
    follows = header.flavour == "tensorrt" and (built[:1], here[:1]) in _MAJORS_THAT_FOLLOW
    if header.version_compatible and here > built and (same or follows):
        return
    raise BackendError(
        f"{source}: built with {header.flavour} {header.flavour_version}, installed is {version}: "
        "build it again (or with --version-compatible, where the flavour has it)"
    )


def check_gpu(header: EngineHeader, source: str, gpu: GpuInfo) -> None:
    """Check the GPU.

    A plan of TensorRT belongs to the GPU model that built it; one for named targets to their
    architectures; a hardware-compatible one runs on 8.0 and later.

    Raises:
        BackendError: The engine is not for this GPU.
    """
    here = f"{gpu.name} ({gpu.compute_capability})"
    wanted = ", ".join(header.compute_capabilities)
    if header.hardware_compatible:
        if _numbers(gpu.compute_capability) < _COMPATIBLE_FROM:
            raise BackendError(
                f"{source}: built for compute capability 8.0 and later, this machine has {here}: "
                "build it here"
            )
        return
    if gpu.compute_capability not in header.compute_capabilities:
        raise BackendError(
            f"{source}: built for compute capability {wanted}, this machine has {here}: "
            "build it for this GPU"
        )
    if header.flavour != "tensorrt":
        return
    built, found = header.gpu_name, gpu.name
    if built == found and None not in (header.multiprocessors, gpu.multiprocessors):
        # The modules of Orin share name and architecture, not the number of multiprocessors.
        built = f"{built} with {header.multiprocessors} multiprocessors"
        found = f"{found} with {gpu.multiprocessors} multiprocessors"
        here = f"{found} ({gpu.compute_capability})"
    if built not in (None, found):
        raise BackendError(
            f"{source}: built on {built}, this machine has {here}: build it here, or with "
            "--hardware-compatible"
        )


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison."""
    parts = version.split(".")
    return tuple(int(part) for part in parts if part.isdigit())
