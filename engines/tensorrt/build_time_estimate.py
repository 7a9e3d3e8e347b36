"""How long a build will take, said before it starts."""

from __future__ import annotations

# TensorRT for RTX compiles without timing anything. Measured on two shared cores of a server CPU
# with the built-in network (292 nodes): fp32 and fp16 1.6-3 s, for one target or for five at once;
# int8, whose graph has a pair of nodes more for each quantised tensor, 3.5-11 s.
_RTX_SECONDS_PER_NODE = {"fp32": 0.007, "fp16": 0.007, "int8": 0.02}


def estimate(flavour: str, nodes: int, precision: str) -> str:
    """About how long a build takes, for people.

    Args:
        flavour: ``"tensorrt"`` or ``"tensorrt_rtx"``.
        nodes: Of the network that the build starts from.
        precision: Of the engine.
    """
    if flavour == "tensorrt_rtx":
        return f"about {max(1, round(nodes * _RTX_SECONDS_PER_NODE[precision]))} s on a server CPU"
    return (
        "minutes: TensorRT times kernels on the GPU, more of them for lower precisions (a timing "
        "cache shortens the next build)"
    )
