"""Calibrate a network on face crops: take ranges in several ways and keep the best."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.morphable.builtin_models import builtin_model_of
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.storage.atomic_write import atomic_write

from ..accuracy.landmark_drift import DriftMeter
from ..graphs.network_file import NetworkFile, read_network
from ..passes.fold_constants import fold_constants
from ..passes.tensor_range import Ranges
from .activation_ranges import METHODS, activation_ranges
from .calibration_images import FEWEST_IMAGES, read_calibration
from .calibration_table import (
    TARGETS,
    CalibrationTable,
    TargetCalibration,
    network_digest,
    with_table,
)
from .layer_sensitivity import BUDGET_PERCENT, QUANTISE, LayerCost, fewest_layers, layer_costs
from .outlier_crops import outlier_crops

Crops = NDArray[np.uint8]
ReportLayers = Callable[[int, int], None]

_HELD_OUT = 4  # every fourth crop only compares
_SENSITIVITY_CROPS = 32
# About a hundred crops cannot tell methods apart that differ by less; of those, the one that weighs
# how far it clips loses least on other faces (docs/notes/precision.md).
_PREFERRED, _TIE = "squares", 1.05


def calibrate_file(
    source: Path,
    crops: Path | Crops,
    output: Path,
    *,
    sensitivity: bool = False,
    report: ReportLayers = lambda done, of: None,
) -> CalibrationTable:
    """Write a network with its calibration table inside; the network stays the same.

    Args:
        source: The FP32 `.onnx` file.
        crops: What :func:`~frsdk.engines.calibration.calibration_images.read_calibration` reads, or
            (n, size, size, 3) uint8 BGR.
        output: The file to write; it may be the source.
        sensitivity: As :func:`calibrate` has it.
        report: As :func:`calibrate` has it.

    Raises:
        FrsdkError: As reading the network and the crops raises.
    """
    network = read_network(source)
    if isinstance(crops, Path):
        crops = read_calibration(crops, network.spec.input.size)
    table = calibrate(network, crops, sensitivity=sensitivity, report=report)
    atomic_write(output, with_table(network.content, table))
    return table


def calibrate(
    network: NetworkFile,
    crops: Crops,
    *,
    sensitivity: bool = False,
    report: ReportLayers = lambda done, of: None,
) -> CalibrationTable:
    """Take the ranges of a network's activations and choose a method for each target.

    Crops on which the network runs away are left out. Three of four others give the ranges. On the
    rest each method's INT8 network is compared with FP32 by its landmarks (by its parameters for a
    face model that is not the built-in one).

    Args:
        network: An FP32 network.
        crops: (n, size, size, 3) uint8 BGR, n >= 100.
        sensitivity: Where a target is not within the budget, measure each layer alone too
            (minutes), and leave the fewest in FP32 that bring it there.
        report: Told how many layers are measured, of how many; for each target anew.

    Raises:
        InputError: The network is not FP32, or there are too few crops.
    """
    _check(network, crops)
    folded = fold_constants(network.content)
    usual = ~outlier_crops(folded, crops, network.spec.input)
    held_out = np.arange(len(crops)) % _HELD_OUT == 0
    ranges = activation_ranges(folded, crops[usual & ~held_out], network.spec.input)
    compared = crops[usual & held_out]
    meter = DriftMeter(folded, network.spec, _face_model_of(network), compared)
    targets = {target: _best(target, folded, ranges, meter) for target in TARGETS}
    for target, best in targets.items():
        if sensitivity and best.final > BUDGET_PERCENT:
            some = DriftMeter(folded, network.spec, _face_model_of(network), _few(compared))
            costs = layer_costs(folded, ranges[best.method], some, target=target, report=report)
            targets[target] = _without_dearest(target, folded, ranges, meter, best, costs)
    return CalibrationTable(
        network_sha256=network_digest(network.content),
        crops_sha256=hashlib.sha256(np.ascontiguousarray(crops).tobytes()).hexdigest(),
        n_crops=len(crops),
        ranges={each.method: _short(ranges[each.method]) for each in targets.values()},
        targets=targets,
    )


def sensitivity_report(
    source: Path,
    *,
    target: str,
    calibration: Path | Crops,
    report: ReportLayers = lambda done, of: None,
) -> list[LayerCost]:
    """What each layer's quantisation costs, the dearest first.

    Args:
        source: The FP32 `.onnx` file; the method and ranges come from the crops.
        target: ``"cpu"`` or ``"tensorrt"``.
        calibration: As :func:`calibrate_file` has it.
        report: Told how many layers are measured, of how many.

    Raises:
        FrsdkError: As reading the network and the crops raises.
    """
    network = read_network(source)
    if isinstance(calibration, Path):
        calibration = read_calibration(calibration, network.spec.input.size)
    table = calibrate(network, calibration)
    folded = fold_constants(network.content)
    usual = ~outlier_crops(folded, calibration, network.spec.input)
    held_out = _few(calibration[::_HELD_OUT][usual[::_HELD_OUT]])
    meter = DriftMeter(folded, network.spec, _face_model_of(network), held_out)
    return layer_costs(folded, table.ranges_for(target), meter, target=target, report=report)


def _face_model_of(network: NetworkFile) -> MorphableModel:
    """The built-in face model that decodes a network's parameters, else the default one."""
    return builtin_model_of(network.spec.face_model) or builtin_face_model()


def _check(network: NetworkFile, crops: Crops) -> None:
    if network.spec.precision != "fp32":
        raise InputError(
            f"{network.source}: expected an fp32 network to calibrate, got "
            f"{network.spec.precision}: start from the fp32 file"
        )
    if len(crops) < FEWEST_IMAGES:
        raise InputError(
            f"expected at least {FEWEST_IMAGES} crops to calibrate on, got {len(crops)}: add crops"
        )


def _few(crops: Crops) -> Crops:
    return crops[:: -(-len(crops) // _SENSITIVITY_CROPS)]


def _best(
    target: str, folded: bytes, ranges: Mapping[str, Ranges], meter: DriftMeter
) -> TargetCalibration:
    drift = {
        method: meter.measure(QUANTISE[target](folded, ranges[method])).cost for method in METHODS
    }
    method = min(METHODS, key=drift.__getitem__)
    if drift[_PREFERRED] <= drift[method] * _TIE:
        method = _PREFERRED
    return TargetCalibration(method=method, drift=drift, final=drift[method])


def _without_dearest(
    target: str,
    folded: bytes,
    ranges: Mapping[str, Ranges],
    meter: DriftMeter,
    best: TargetCalibration,
    costs: Sequence[LayerCost],
) -> TargetCalibration:
    def measure(excluded: tuple[str, ...]) -> float:
        content = QUANTISE[target](folded, ranges[best.method], excluded=excluded)
        return meter.measure(content).cost

    excluded, final = fewest_layers(costs, measure, best.final)
    return replace(best, excluded=excluded, final=final)


def _short(ranges: Ranges) -> Ranges:
    """Six digits: the scale of 255 steps needs no more, and the file stays small."""
    return {
        name: (float(f"{low:.6g}"), float(f"{high:.6g}")) for name, (low, high) in ranges.items()
    }
