"""Find the crops on which a network's activations run away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.specs.model_spec import InputSpec

from ..graphs.onnx_graph import OnnxGraph
from ..graphs.run_on_cpu import NetworkRun

_TIMES_MEDIAN = 4.0
_LARGEST_SHARE = 0.02


def outlier_crops(content: bytes, crops: NDArray[np.uint8], entry: InputSpec) -> NDArray[np.bool_]:
    """Which crops make an activation several times as large as the median crop makes it.

    A residual network may amplify a strange crop from block to block, up to a hundred times what
    others reach. Its result is wrong in FP32 too, and a range that spans it leaves all other crops
    few of the 256 levels. A crop counts if the largest value behind any ReLU is over 4 times the
    median crop's, and at most one crop in 50 does, the worst first: what is more frequent is no
    accident.

    Args:
        content: The FP32 network without Constant nodes.
        crops: (n, size, size, 3) uint8 BGR.
        entry: How crops become the input.

    Returns:
        (n,) true where a crop runs away.
    """
    tensors = [node.output[0] for node in OnnxGraph(content).nodes if node.op_type == "Relu"]
    if not tensors:
        return np.zeros(len(crops), np.bool_)
    largest = np.concatenate(
        [
            np.stack([each.reshape(len(each), -1).max(axis=1) for each in values], axis=1)
            for values in NetworkRun(content, tensors).batches(crops, entry)
        ]
    )  # (n, tensors)
    usual = np.median(largest, axis=0)
    times = (largest[:, usual > 0] / usual[usual > 0]).max(axis=1, initial=0.0)  # (n,)
    allowed = int(len(crops) * _LARGEST_SHARE)
    worst = np.argsort(-times, kind="stable")[:allowed]
    found = np.zeros(len(crops), np.bool_)
    found[worst] = times[worst] > _TIMES_MEDIAN
    return found
