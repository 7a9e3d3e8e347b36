"""Whether this machine has an NVIDIA GPU that CUDA can use, asked of the driver itself."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@cache
def gpu_obstacle() -> str | None:
    """Why there is no usable GPU; None where there is one.

    It loads the driver's library and nothing else, so it is quick and needs no package.
    """
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError:
        return f"no NVIDIA driver ({_LIBRARY})"
    code = driver.cuInit(0)
    if code:
        return f"the NVIDIA driver does not start (cuInit: {code})"
    count = ctypes.c_int()
    code = driver.cuDeviceGetCount(ctypes.byref(count))
    if code:
        return f"the NVIDIA driver does not count its GPUs ({code})"
    return None if count.value else "no NVIDIA GPU"
