"""What each layer's quantisation costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .activation_ranges import Ranges
from .drift import DriftMeter
from .quantise_cpu import layers_cpu, quantise_cpu
from .quantise_tensorrt import layers_tensorrt, quantise_tensorrt

QUANTISE = {"cpu": quantise_cpu, "tensorrt": quantise_tensorrt}
"""INT8 pass by target."""

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


def layers_to_exclude(costs: Sequence[LayerCost], budget: float) -> tuple[str, ...]:
    """The fewest layers without which the others' expected cost is within a budget.

    Errors of different layers are taken as independent: their squares add.

    Args:
        costs: The dearest first.
        budget: In the costs' unit.
    """
    for count in range(len(costs) + 1):
        if math.sqrt(sum(each.cost**2 for each in costs[count:])) <= budget:
            return tuple(each.name for each in costs[:count])
    return tuple(each.name for each in costs)
