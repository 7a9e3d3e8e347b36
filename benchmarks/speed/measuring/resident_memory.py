"""The largest resident memory of a process."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any  # a module that Windows does not have

_STATUS = Path("/proc/self/status")


def peak_mib() -> float | None:
    """Of this process so far, in MiB; None where the system does not tell.

    On Linux the kernel's own `VmHWM`: `ru_maxrss` of a process that was started by a larger one
    is the larger one's, because fork and exec hand it on.
    """
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) / 2**10  # KiB
    try:
        resource: Any = import_module("resource")
    except ImportError:
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes or KiB
