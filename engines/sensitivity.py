"""What each layer's quantisation costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .activation_ranges import Ranges
from .drift import DriftMeter
from .quantise_cpu import layers_cpu, quantise_cpu
from .quantise_tensorrt import layers_tensorrt, quantise_tensorrt

QUANTISE = {"cpu": quantise_cpu, "tensorrt": quantise_tensorrt}
"""INT8 pass by target."""

_DOMINANT = 0.3
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


def dominant_layers(costs: Sequence[LayerCost], whole: float) -> tuple[str, ...]:
    """Names of the layers that alone cost a large share of what all together cost.

    Errors of different layers are nearly independent, so their squares add: a layer of 0.3 of the
    whole cost is 9 % of its square, many times the share of one of about a hundred layers.

    Args:
        costs: Of each layer.
        whole: The cost of the network with all layers quantised, in the same unit.
    """
    return tuple(each.name for each in costs if each.cost >= _DOMINANT * whole)
