"""Artefacts that passed the accuracy gate, with what it measured in their specification."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.backends.cuda.open_device import gpu_info
from frsdk.backends.tensorrt_backend import TensorrtBackend
from frsdk.backends.tensorrt_modules import load_tensorrt
from frsdk.engine_files.engine_compatibility import check_gpu, check_platform
from frsdk.engine_files.engine_file import read_engine, write_engine
from frsdk.engine_files.engine_header import EngineHeader
from frsdk.errors import BackendError, MissingDependencyError, SpecError
from frsdk.specs.accuracy_spec import RAN_ENGINE, RAN_ONNX, RAN_ONNX_ONLY, AccuracySpec
from frsdk.storage.draft_folder import draft_folder

from ..accuracy.accuracy_gate import AccuracyGate, NetworkOutputs, check_drop
from ..accuracy.engine_batches import outputs_in_batches, sizes_to_measure
from ..accuracy.fp16_reference import half_reference
from ..accuracy.gate_defaults import GateOptions
from ..graphs.network_file import NetworkFile, fixed_batch, with_spec
from ..graphs.run_on_cpu import NetworkRun
from ..tensorrt.build_defaults import TARGETS, BuildOptions
from ..tensorrt.build_progress import ReportProgress
from ..tensorrt.engine_builder import build_engine

Crops = NDArray[np.uint8]

_CALIBRATION_HELD_OUT = 4  # as `calibrate`: of every fourth crop no range was taken


def gated_network(
    source: NetworkFile,
    converted: NetworkFile,
    target: str,
    gate: GateOptions,
    crops: Crops | None = None,
) -> NetworkFile:
    """A converted network with its accuracy in its specification.

    Args:
        source: Where it came from; only an FP32 one can be compared with, and another's accuracy
            was measured when it was made.
        converted: The network in the precision that it shall have.
        target: ``"cpu"``, ``"tensorrt"`` or ``"rtx"``.
        gate: What it may lose.
        crops: (n, size, size, 3) uint8 BGR to measure on.

    Raises:
        AccuracyError: It loses more.
        MissingDependencyError: ONNX Runtime, which measures, is not installed.
    """
    accuracy = converted.spec.accuracy
    if source.spec.precision == "fp32":
        accuracy = _onnx_accuracy(_gate(source, gate, crops), converted, target, RAN_ONNX)
    check_drop(accuracy, gate, converted.source)
    return with_spec(converted, converted.spec.replace(accuracy=accuracy))


def gated_engine(
    source: NetworkFile,
    converted: NetworkFile,
    path: Path,
    *,
    target: str,
    options: BuildOptions | None,
    gate: GateOptions,
    crops: Crops | None = None,
    report: ReportProgress,
) -> EngineHeader:
    """Build an engine, measure it where this machine can run it, and write it.

    Its ONNX graph is measured before the build, so that one that is too bad costs no minutes.

    Args:
        source: As in :func:`gated_network`; its digest goes into the header.
        converted: The network in the precision that it shall have.
        path: The `.engine` file.
        target: ``"tensorrt"`` or ``"rtx"``.
        options: Of the build.
        gate: What the engine may lose.
        crops: (n, size, size, 3) uint8 BGR to measure on.
        report: Told how far the build is.

    Returns:
        The header as written.

    Raises:
        AccuracyError: It loses more; nothing was written.
        SpecError: The network takes one batch size alone.
        FrsdkError: As the build raises, and running the engine.
    """
    load_tensorrt(TARGETS[target])  # one that is missing is said before anything is measured
    if (size := fixed_batch(source)) is not None:
        raise SpecError(
            f"{source.source}: takes batches of {size} alone, engines are built from networks that "
            "take any: export it without --batch"
        )
    meter, accuracy = None, converted.spec.accuracy
    if source.spec.precision == "fp32":
        meter = _gate(source, gate, crops)
        accuracy = _onnx_accuracy(meter, converted, target, RAN_ONNX_ONLY)
    elif accuracy is not None:
        accuracy = replace(accuracy, ran=RAN_ONNX_ONLY)
    check_drop(accuracy, gate, converted.source)
    with draft_folder(Path(tempfile.gettempdir()), "frsdk-build-") as folder:
        draft = folder / path.name
        header = build_engine(
            converted, draft, target=target, options=options, onnx_sha256=source.sha256,
            report=report,
        )  # fmt: skip
        if meter is not None and _runs_here(header):
            accuracy = _engine_accuracy(meter, draft, header, gate, path)
        plan = read_engine(draft).plan
    return write_engine(path, header.replace(spec=header.spec.replace(accuracy=accuracy)), plan)


def _gate(source: NetworkFile, gate: GateOptions, crops: Crops | None) -> AccuracyGate:
    held_out = None if crops is None else crops[::_CALIBRATION_HELD_OUT]
    return AccuracyGate(source.content, source.spec, crops=held_out, quick=gate.quick)


def _onnx_accuracy(
    meter: AccuracyGate, converted: NetworkFile, target: str, ran: str
) -> AccuracySpec:
    """By ONNX Runtime on the CPU; typed FP16 is rounded as its types say, which that leaves out."""
    typed_half = converted.spec.precision != "fp32" and target != "cpu"
    content = half_reference(converted.content) if typed_half else converted.content
    run, spec = NetworkRun(content), converted.spec
    return meter.measure(
        lambda crops: NetworkOutputs(*run.outputs(crops, spec)), ran, spec.precision
    )


def _engine_accuracy(
    meter: AccuracyGate, engine: Path, header: EngineHeader, gate: GateOptions, path: Path
) -> AccuracySpec:
    """The worst of all batch sizes that it was tuned for; each must pass."""
    found: list[AccuracySpec] = []
    with TensorrtBackend(engine) as backend:
        for size in sizes_to_measure(header.profiles):
            run = functools.partial(outputs_in_batches, backend, size=size)
            found.append(meter.measure(run, RAN_ENGINE, header.spec.precision))
            check_drop(found[-1], gate, f"{path} in batches of {size}")
    return max(found, key=lambda each: (each.nme_drift_points or 0.0, each.params_rms))


def _runs_here(header: EngineHeader) -> bool:
    """Whether the engine is for this machine; one that is must then run."""
    try:
        check_platform(header, "the engine")
        check_gpu(header, "the engine", gpu_info())
    except (BackendError, MissingDependencyError):
        return False
    return True
