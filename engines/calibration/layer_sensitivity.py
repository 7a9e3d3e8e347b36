"""What each layer's quantisation costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..accuracy.landmark_drift import DriftMeter
from ..passes.int8_cpu import layers_cpu, quantise_cpu
from ..passes.int8_tensorrt import layers_tensorrt, quantise_tensorrt
from ..passes.tensor_range import Ranges

QUANTISE = {"cpu": quantise_cpu, "tensorrt": quantise_tensorrt}
"""INT8 pass by target."""

BUDGET_PERCENT = 0.25
"""Landmarks' distance from FP32's that an INT8 form may have on calibration crops, as NME.

An error d that is independent of a network's own error e adds about d^2 / (2 e) to it: 0.016 points
for e = 2 %, a third of what the accuracy gate allows.
"""

_MOST_LAYERS = 12
_LAYERS = {"cpu": layers_cpu, "tensorrt": layers_tensorrt}


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer's quantisation with all others in FP32.

    Attributes:
        name: The node.
        cost: :attr:`Drift.cost`: distance of the landmarks from FP32's, NME in percent.
    """

    name: str
    cost: float


def layer_costs(
    folded: bytes,
    ranges: Ranges,
    meter: DriftMeter,
    *,
    target: str,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> list[LayerCost]:
    """Quantise each layer alone and measure.

    Args:
        folded: The FP32 network without Constant nodes.
        ranges: Of its activations.
        meter: Compares with FP32 on crops.
        target: ``"cpu"`` or ``"tensorrt"``.
        report: Told how many layers are done, of how many.

    Returns:
        The layers, the dearest first.
    """
    layers = _LAYERS[target](folded)
    costs = []
    for done, name in enumerate(layers):
        report(done, len(layers))
        others = set(layers) - {name}
        content = QUANTISE[target](folded, ranges, excluded=others)
        costs.append(LayerCost(name, meter.measure(content).cost))
    report(len(layers), len(layers))
    return sorted(costs, key=lambda each: -each.cost)


def fewest_layers(
    costs: Sequence[LayerCost], measure: Callable[[tuple[str, ...]], float], whole: float
) -> tuple[tuple[str, ...], float]:
    """The layers to leave in FP32 so that the rest stays within the budget.

    A layer in FP32 amid integer ones costs two changes of type, so the fewest are taken: none where
    the whole network is within :data:`BUDGET_PERCENT`, else the dearest, one after another.

    Args:
        costs: Of each layer, the dearest first.
        measure: Gives the cost of the network without the named layers.
        whole: The cost of the network with all layers quantised.

    Returns:
        Their names and the cost that is left. If the budget is not reached with 12 layers, the
        best of what was tried.
    """
    tried: dict[tuple[str, ...], float] = {(): whole}
    excluded: tuple[str, ...] = ()
    for each in costs[:_MOST_LAYERS]:
        if tried[excluded] <= BUDGET_PERCENT:
            break
        excluded = (*excluded, each.name)
        tried[excluded] = measure(excluded)
    best = excluded if tried[excluded] <= BUDGET_PERCENT else min(tried, key=tried.__getitem__)
    return best, tried[best]
