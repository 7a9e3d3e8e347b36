"""Convert an FP32 network to the precision and form that a target runs best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from frsdk.backends.cpu_features import FITTING_WEIGHT_BITS, fp32_block
from frsdk.errors import InputError
from frsdk.specs.model_spec import METADATA_KEY

from ..calibration.calibrate_network import calibrate
from ..calibration.calibration_images import read_calibration
from ..calibration.calibration_table import (
    CALIBRATION_KEY,
    TARGETS,
    CalibrationTable,
    set_metadata,
    table_of,
)
from ..calibration.layer_sensitivity import QUANTISE
from ..graphs.network_file import NetworkFile, read_network
from ..passes.fold_constants import fold_constants
from ..passes.fp16_cpu import half_weights
from ..passes.fp16_tensorrt import typed_half
from ..passes.fp32_cpu import fp32_for_cpu, in_blocks
from ..passes.int8_tensorrt import with_half_rest

PRECISIONS = ("fp32", "fp16", "int8")


def convert_precision(
    source: Path,
    *,
    precision: str,
    target: str,
    calibration: Path | NDArray[np.uint8] | None = None,
) -> bytes:
    """Convert an FP32 `.onnx` file.

    Args:
        source: The file, as `frsdk-export` wrote it.
        precision: ``"fp32"`` (constants folded; for the CPU also in the form that is fastest on
            this machine's CPU), ``"fp16"`` (for the CPU weights stored as FP16 and computed with in
            FP32; for TensorRT typed FP16 with FP32 where the numbers need it) or ``"int8"``.
        target: ``"cpu"`` or ``"tensorrt"``, which stands for TensorRT for RTX too.
        calibration: For int8, real face crops: a folder, a tar or an npz, or (n, size, size, 3)
            uint8 BGR. None takes the table that the source carries.

    Returns:
        The serialised ONNX model; its spec has the precision and the calibration's digest.

    Raises:
        InputError: An unknown precision or target, a source that is not FP32, calibration for
            another precision than int8, or int8 without calibration.
        BackendError: The source is missing, damaged, or has numbers beyond FP16's range.
        SpecError: The source has no specification, or its calibration table is not its own.
    """
    _check_choice("precision", precision, PRECISIONS)
    _check_choice("target", target, TARGETS)
    network = read_network(source)
    if network.spec.precision != "fp32":
        raise InputError(
            f"{source}: expected an fp32 network, got {network.spec.precision}: start from the "
            "fp32 file"
        )
    if precision == "int8":
        table = _table(network, source, calibration)
        folded = fold_constants(network.content)
        excluded = table.targets[target].excluded
        content = QUANTISE[target](folded, table.ranges_for(target), excluded=excluded)
        bits = None
        if target == "cpu":
            content, bits = in_blocks(content, fp32_block()), FITTING_WEIGHT_BITS
        else:
            content = with_half_rest(content)
        return _with_spec(content, network, precision, digest=table.crops_sha256, bits=bits)
    if calibration is not None:
        raise InputError(f"{source}: {precision} takes no calibration: leave --calibration out")
    return _with_spec(_float_form(network, precision, target), network, precision)


def _float_form(network: NetworkFile, precision: str, target: str) -> bytes:
    folded = fold_constants(network.content)
    if target == "tensorrt":
        return folded if precision == "fp32" else typed_half(folded)
    form = fp32_for_cpu(folded, fp32_block())
    return form if precision == "fp32" else half_weights(form)


def _table(
    network: NetworkFile, source: Path, calibration: Path | NDArray[np.uint8] | None
) -> CalibrationTable:
    if calibration is None:
        table = table_of(network.content, source=str(source))
        if table is None:
            raise InputError(
                f"{source}: int8 needs a calibration and the network carries none: give "
                "--calibration a folder, .tar or .npz of real face crops"
            )
        return table
    if isinstance(calibration, Path):
        calibration = read_calibration(calibration, network.spec.input.size)
    return calibrate(network, calibration)


def _with_spec(
    content: bytes,
    network: NetworkFile,
    precision: str,
    *,
    digest: str | None = None,
    bits: int | None = None,
) -> bytes:
    """The converted network with its specification, without the table of the source's tensors."""
    model = onnx.load_model_from_string(content)
    spec = network.spec.replace(precision=precision, calibration_digest=digest, weight_bits=bits)
    kept = [entry for entry in model.metadata_props if entry.key != CALIBRATION_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    set_metadata(model, METADATA_KEY, spec.to_json())
    return bytes(model.SerializeToString(deterministic=True))


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"expected {name} {', '.join(choices)}, got {value!r}")
