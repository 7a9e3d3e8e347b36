"""From an ONNX file to what a target runs: precision, engine, and the accuracy gate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.storage.atomic_write import atomic_write, check_destination
from frsdk.storage.path_kinds import same_file

from ..accuracy.gate_defaults import GateOptions
from ..graphs.network_file import NetworkFile, network_from_bytes, read_network
from ..tensorrt.build_defaults import BuildOptions
from ..tensorrt.build_progress import ReportProgress
from .gated_artefact import gated_engine, gated_network


def build_artefact(
    source: Path,
    output: Path | None = None,
    *,
    target: str,
    precision: str | None = None,
    calibration: Path | None = None,
    options: BuildOptions | None = None,
    gate: GateOptions | None = None,
    report: ReportProgress = lambda done, phase: None,
) -> Path:
    """Convert a network, measure what that cost and write it atomically.

    Args:
        source: The `.onnx` file.
        output: The file to write; None names it after the source, in its folder. For tensorrt and
            rtx, a name that ends in `.onnx` ends the work before the engine.
        target: ``"cpu"`` (an `.onnx`), ``"tensorrt"`` or ``"rtx"`` (an `.engine`).
        precision: ``"fp32"``, ``"fp16"`` or ``"int8"``; None is that of the source.
        calibration: Real face crops: int8 is calibrated on them, and every precision is compared
            with fp32 on them. None takes the table inside the source, and renderings.
        options: For an engine.
        gate: What the result may lose. It is written into the result's `spec.accuracy`. A source
            that is not fp32 was measured when it was made.
        report: Told how far the engine's build is.

    Returns:
        The file written.

    Raises:
        InputError: The source has another precision already, the output's suffix does not fit the
            target, or an engine's options were given for the CPU.
        AccuracyError: The result loses more than it may; nothing was written.
        OutputError: The output's folder is missing, or the file cannot be written.
        FrsdkError: As the precision pass and `build_engine` raise.
    """
    network = read_network(source)
    precision = precision or network.spec.precision
    suffixes = (".onnx",) if target == "cpu" else (".engine", ".onnx")
    path = output or source.with_name(default_name(source, precision, target))
    _check(source, path, suffixes, options)
    gate = gate or GateOptions()
    crops = None if calibration is None else _crops(network, source, calibration)
    converted = _converted(network, source, precision, target, crops)
    if path.suffix.lower() == ".onnx":
        atomic_write(path, gated_network(network, converted, target, gate, crops).content)
    else:
        gated_engine(
            network, converted, path, target=target, options=options, gate=gate, crops=crops,
            report=report,
        )  # fmt: skip
    return path


def default_name(source: Path, precision: str, target: str) -> str:
    """What a converted network's file is called."""
    return f"{source.stem}.{precision}.{target}.{'onnx' if target == 'cpu' else 'engine'}"


def _check(
    source: Path, path: Path, suffixes: tuple[str, ...], options: BuildOptions | None
) -> None:
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: expected an output that ends in {' or '.join(suffixes)}")
    if same_file(path, source):
        raise InputError(f"{path}: the output is the source: name another file with -o")
    check_destination(path)  # said before a build of minutes
    if path.suffix.lower() == ".onnx" and options not in (None, BuildOptions()):
        raise InputError(
            "--batch, --compute-capability and the other options of an engine do not apply to an "
            ".onnx file: leave them out"
        )


def _crops(network: NetworkFile, source: Path, calibration: Path) -> NDArray[np.uint8]:
    from ..calibration.calibration_images import read_calibration

    if network.spec.precision != "fp32":
        raise InputError(f"{source}: calibrated already: leave --calibration out")
    return read_calibration(calibration, network.spec.input.size)


def _converted(
    network: NetworkFile,
    source: Path,
    precision: str,
    target: str,
    crops: NDArray[np.uint8] | None,
) -> NetworkFile:
    """The network in the wanted precision; one that has it already, other than fp32, as it is."""
    if network.spec.precision != "fp32":
        if precision != network.spec.precision:
            raise InputError(
                f"{source}: its precision is {network.spec.precision} already, {precision} was "
                "asked for: start from the fp32 file"
            )
        return network
    from .convert_precision import convert_precision

    content = convert_precision(
        source,
        precision=precision,
        target="cpu" if target == "cpu" else "tensorrt",
        calibration=crops if precision == "int8" else None,
    )
    name = f"{source} as {precision}"
    return network_from_bytes(content, source=name, folder=source.parent)
