"""What this machine's CPU can compute with, as far as its system tells."""

from __future__ import annotations

import platform
from pathlib import Path

FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "asimd": "NEON",
    "asimddp": "NEON dot product",
}
"""Vector instructions that matter here: the name by Linux's flag."""

FITTING_WEIGHT_BITS = 7
"""With weights of at most this many bits, two products with UINT8 fit the 16 bits in which x86-64
without VNNI adds them: its fast INT8 kernels are exact then."""

_CPU_FILE = Path("/proc/cpuinfo")
_X86_64 = ("x86_64", "amd64")
_VNNI = {FEATURES["avx512_vnni"], FEATURES["avx_vnni"]}


def cpu_features() -> tuple[str, ...] | None:
    """From Linux's list; other systems have none that can be read without a package: None."""
    try:
        words = set(_CPU_FILE.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return None
    return tuple(name for flag, name in FEATURES.items() if flag in words)


def fp32_block() -> int | None:
    """Channels in a block of the layout in which ONNX Runtime computes FP32 on this CPU.

    Returns:
        8 on x86-64 that is known to lack AVX-512, 16 on other x86-64; None elsewhere, where it has
        no such layout or we do not know it.
    """
    if platform.machine().lower() not in _X86_64:
        return None
    found = cpu_features()
    return 8 if found is not None and FEATURES["avx512f"] not in found else 16


def int8_products_saturate() -> bool:
    """Whether UINT8 x INT8 products overflow 16 bits here: x86-64 that is known to lack VNNI."""
    found = cpu_features()
    return found is not None and platform.machine().lower() in _X86_64 and not _VNNI & set(found)
