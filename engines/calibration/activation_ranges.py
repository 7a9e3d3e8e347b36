"""Find the range of each tensor that INT8 shall span, in four ways.

Min-max spans everything seen. Percentile leaves out the outermost 0.01 % at each end. Entropy
takes the threshold whose 128-level histogram is nearest to the full one in Kullback-Leibler
divergence (S. Migacz, "8-bit inference with TensorRT", GTC 2017). Least squares takes the share of
the whole range at which rounding inside and clipping outside add up to the least squared error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.specs.model_spec import InputSpec

from ..graphs.onnx_graph import OnnxGraph
from ..graphs.run_on_cpu import NetworkRun
from ..passes.tensor_range import Range, Ranges

Counts = NDArray[np.int64]

METHODS = ("minmax", "percentile", "entropy", "squares")

_BINS = 2048
_LEVELS = 128
_TAIL = 1e-4
_SAMPLES = 4096  # values of a tensor and image that are counted
_CANDIDATES = 32  # thresholds that entropy compares
_SHARES = np.geomspace(0.03, 1.0, 64)  # of the whole range, that least squares compares
_STEPS = 255


def activation_ranges(
    content: bytes, crops: NDArray[np.uint8], entry: InputSpec
) -> dict[str, Ranges]:
    """Ranges of every FP32 activation by each method.

    Args:
        content: The FP32 network without Constant nodes.
        crops: (n, size, size, 3) uint8 BGR.
        entry: How crops become the input.

    Returns:
        By method and tensor name: (lowest, highest) with lowest <= 0 <= highest.
    """
    graph = OnnxGraph(content)
    made = [name for node in graph.nodes for name in node.output]
    tensors = [*graph.inputs, *made]
    run = NetworkRun(content, tensors)
    low, high = np.zeros(len(tensors)), np.zeros(len(tensors))
    counts = np.zeros((len(tensors), _BINS), np.int64)
    for values in run.batches(crops, entry):
        low = np.minimum(low, [each.min() for each in values])
        high = np.maximum(high, [each.max() for each in values])
    for values in run.batches(crops, entry):
        for index, each in enumerate(values):
            counts[index] += _histogram(each, low[index], high[index])
    found: dict[str, Ranges] = {}
    for method in METHODS:
        found[method] = {
            name: _range(method, counts[index], float(low[index]), float(high[index]))
            for index, name in enumerate(tensors)
        }
    return found


def _histogram(values: NDArray[np.float32], low: float, high: float) -> Counts:
    if high <= low:
        return np.zeros(_BINS, np.int64)
    flat = values.reshape(-1)[:: max(1, values[0].size // _SAMPLES)]
    bins = ((flat - low) * ((_BINS - 1) / (high - low))).astype(np.int64)
    return np.bincount(bins, minlength=_BINS)[:_BINS]


def _range(method: str, counts: Counts, low: float, high: float) -> Range:
    """A range inside [low, high] that holds 0."""
    if method == "minmax" or not counts.any():
        return low, high
    edges = np.linspace(low, high, _BINS)
    if method == "percentile":
        below = np.cumsum(counts) / counts.sum()
        first = int(np.searchsorted(below, _TAIL))
        last = min(int(np.searchsorted(below, 1 - _TAIL)) + 1, _BINS - 1)
        return min(0.0, float(edges[first])), max(0.0, float(edges[last]))
    if method == "squares":
        share = _least_squares_share(edges, counts)
        return low * share, high * share
    threshold = _entropy_threshold(np.abs(edges), counts)
    return max(low, -threshold), min(high, threshold)


def _least_squares_share(edges: NDArray[np.float64], counts: Counts) -> float:
    """The share of the range whose 256 levels are nearest to the values, in squares."""
    low, high = edges[0], edges[-1]
    errors = []
    for share in _SHARES:
        clipped = edges - np.clip(edges, low * share, high * share)
        rounding = ((high - low) * share / _STEPS) ** 2 / 12  # variance within a step
        errors.append(float((counts * np.where(clipped == 0, rounding, clipped**2)).sum()))
    return float(_SHARES[int(np.argmin(errors))])


def _entropy_threshold(distance: NDArray[np.float64], counts: Counts) -> float:
    """The clipping of |x| that loses least information."""
    top = float(distance.max())
    slots = np.minimum((distance / top * _BINS).astype(np.int64), _BINS - 1)
    folded = np.bincount(slots, weights=counts, minlength=_BINS).astype(np.float64)
    folded[0] = 0  # zeros that ReLU makes are exact at any scale
    if not folded.any():
        return top
    stops = np.unique(np.linspace(_LEVELS, _BINS, _CANDIDATES).astype(int))
    losses = [_divergence(folded, int(stop)) for stop in stops]
    return top * float(stops[int(np.argmin(losses))]) / _BINS


def _divergence(folded: NDArray[np.float64], stop: int) -> float:
    """KL(P || Q) of the histogram clipped at a bin, and the same in 128 levels."""
    reference = folded[:stop].copy()
    present = reference > 0
    reference[-1] += folded[stop:].sum()
    level = np.arange(stop) * _LEVELS // stop
    total = np.bincount(level, weights=folded[:stop], minlength=_LEVELS)
    filled = np.bincount(level, weights=present, minlength=_LEVELS)
    coarse = np.where(present, (total / np.maximum(filled, 1))[level], 0.0)
    p, q = reference / reference.sum(), coarse / max(coarse.sum(), 1.0)
    q = np.maximum(q, 1e-9)  # what is clipped away but for the last bin has a price
    inside = p > 0
    return float((p[inside] * np.log(p[inside] / q[inside])).sum())
