"""Keep the C library from giving freed tensors back to the kernel."""

from __future__ import annotations

import ctypes
import sys

# <malloc.h>
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let glibc reuse large freed blocks instead of mapping fresh, zeroed pages every step.

    A training step on a CPU frees and allocates hundreds of large tensors; with this, a step took
    10 to 25 % less time on two cores. Other C libraries are left alone.

    Returns:
        Whether the allocator took the setting.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
