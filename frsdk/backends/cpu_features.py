"""What this machine's CPU can compute with, as OpenCV finds it on every system."""

from __future__ import annotations

import functools
import platform

import cv2

FEATURES = {
    "AVX2": "AVX2",
    "AVX512F": "AVX-512",
    "AVX512VNNI": "AVX-512 VNNI",
    "AVX_VNNI": "AVX VNNI",
    "NEON": "NEON",
    "NEON_DOTPROD": "NEON dot product",
}
"""Vector instructions that matter here: the name by OpenCV's; OpenCV 4 knows no AVX VNNI."""

FITTING_WEIGHT_BITS = 7
"""With weights of at most this many bits, two products with UINT8 fit the 16 bits in which x86-64
without VNNI adds them: its fast INT8 kernels are exact then."""

_MOST_FEATURES = 512  # CV_HARDWARE_MAX_FEATURE
_X86_64 = ("x86_64", "amd64")
_VNNI = {FEATURES["AVX512VNNI"], FEATURES["AVX_VNNI"]}


def cpu_features() -> tuple[str, ...]:
    """Those of :data:`FEATURES` that this CPU and its system have."""
    numbers = _number_by_name()
    return tuple(
        name
        for key, name in FEATURES.items()
        if key in numbers and cv2.checkHardwareSupport(numbers[key])
    )


@functools.cache
def _number_by_name() -> dict[str, int]:
    """OpenCV's features; 512 questions, so asked once."""
    return {cv2.getHardwareFeatureName(number): number for number in range(_MOST_FEATURES)}


def fp32_block() -> int | None:
    """Channels in a block of the layout in which ONNX Runtime computes FP32 on this CPU.

    Returns:
        16 on x86-64 with AVX-512, 8 on other x86-64; None elsewhere, where it has no such layout
        or we do not know it.
    """
    if not _is_x86_64():
        return None
    return 16 if FEATURES["AVX512F"] in cpu_features() else 8


def int8_products_saturate() -> bool:
    """Whether UINT8 x INT8 products overflow 16 bits here: x86-64 without VNNI."""
    return _is_x86_64() and not _VNNI & set(cpu_features())


def _is_x86_64() -> bool:
    return platform.machine().lower() in _X86_64
