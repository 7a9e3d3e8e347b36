"""Build what a backend needs when it is first asked for, and keep it in the cache."""

from __future__ import annotations

import hashlib
import logging
from importlib.util import find_spec
from pathlib import Path

from .._version import __version__
from ..engine_files.engine_compatibility import host_os
from ..errors import BackendError, MissingDependencyError
from ..installation.optional_packages import pip_line
from .cpu_features import fp32_block
from .cuda.open_device import gpu_info
from .engine_cache import get_or_build
from .tensorrt_modules import load_tensorrt

_LOG = logging.getLogger(__name__)
_BLOCK = 1 << 20
_TARGETS = {"tensorrt": "tensorrt", "tensorrt_rtx": "rtx"}


def built_engine(source: Path, *, flavour: str, precision: str | None) -> Path:
    """An engine for this machine's GPU.

    Args:
        source: The `.onnx` file.
        flavour: ``"tensorrt"`` or ``"tensorrt_rtx"``.
        precision: Of the engine; None is that of the source.

    Raises:
        MissingDependencyError: The flavour, a binding of CUDA, onnx or ONNX Runtime is not
            installed.
        BackendError: There is no GPU, or the build failed.
        FrsdkError: As the build raises.
    """
    handle = load_tensorrt(flavour)
    gpu = gpu_info()
    facts: dict[str, object] = {
        "flavour": flavour,
        "flavour_version": handle.version,
        "gpu_name": gpu.name,
        "compute_capability": gpu.compute_capability,
        "multiprocessors": gpu.multiprocessors,
        "driver_version": gpu.driver_version,
        "cuda_version": gpu.cuda_version,
    }
    return _built(source, _TARGETS[flavour], precision, facts, ".engine")


def built_network(source: Path, *, target: str, precision: str) -> Path:
    """An ONNX file in a precision, in the form that a target's kernels are made for.

    Args:
        source: The `.onnx` file.
        target: ``"cpu"`` or ``"tensorrt"``.
        precision: ``"fp32"``, ``"fp16"`` or ``"int8"``.

    Raises:
        MissingDependencyError: onnx or ONNX Runtime is not installed.
        FrsdkError: As the precision pass raises.
    """
    machine: dict[str, object] = {}
    if target == "cpu":
        machine["fp32_block"] = str(fp32_block())
    return _built(source, target, precision, machine, ".onnx")


def _built(
    source: Path, target: str, precision: str | None, machine: dict[str, object], suffix: str
) -> Path:
    facts = {
        **machine,
        "onnx_sha256": _digest(source),
        "precision": precision,
        "target": target,
        "kind": suffix,
        "os": host_os(),
        "frsdk_version": __version__,
        "passes_sha256": _passes_digest(),
    }
    name = f"{source.stem}.{precision or 'as-it-is'}.{target}{suffix}"

    def build(path: Path) -> None:
        _LOG.info("building %s, once: frsdk cache list shows where it is kept", name)
        try:
            from frsdk.engines.accuracy.gate_defaults import GateOptions
            from frsdk.engines.artefacts.build_artefact import build_artefact
            from frsdk.engines.tensorrt.build_progress_bar import shown_progress
        except ImportError as error:
            missing = (error.name or "").partition(".")[0]
            if missing == "frsdk":
                raise BackendError(
                    f"building {name} needs {error.name}, which the source folder "
                    f"{Path(__file__).parents[2]} hides: run it outside of that folder, or install "
                    "it with pip install -e"
                ) from error
            if missing not in ("onnx", "google"):
                raise
            raise MissingDependencyError(
                f"building {name} needs onnx: {pip_line('engines')}"
            ) from error
        gate = GateOptions(quick=True)
        with shown_progress(source, target, precision) as report:
            build_artefact(
                source, path, target=target, precision=precision, gate=gate, report=report
            )
        if _digest(source) != facts["onnx_sha256"]:  # the cache would give it out for the old one
            raise BackendError(f"{source}: changed while it was built: try again")

    return get_or_build(facts, name, build)


def _passes_digest() -> str:
    """Of the code that builds, so that an artefact of another state of it is not taken for ours."""
    digest = hashlib.sha256()
    found = find_spec("frsdk.engines")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(folder).rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}|".encode() + path.read_bytes())
    return digest.hexdigest()


def _digest(source: Path) -> str:
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BackendError(f"{source}: cannot be read ({reason}): give an .onnx file") from error
