"""How long a build will take, said before it starts."""

from __future__ import annotations

# TensorRT for RTX compiles without timing anything. Measured on two shared cores of a server CPU
# with the built-in network (328 layers): 1.6-2.2 s, for one target or for five at once.
_RTX_SECONDS_PER_LAYER = 0.007


def estimate(flavour: str, layers: int) -> str:
    """About how long a build takes, for people.

    Args:
        flavour: ``"tensorrt"`` or ``"tensorrt_rtx"``.
        layers: Nodes of the network.
    """
    if flavour == "tensorrt_rtx":
        return f"about {max(1, round(layers * _RTX_SECONDS_PER_LAYER))} s on a server CPU"
    return (
        "minutes: TensorRT times kernels on the GPU, more of them for lower precisions (a timing "
        "cache shortens the next build)"
    )
