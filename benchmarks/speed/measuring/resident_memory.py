"""The largest resident memory of a process."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any  # a module that Windows does not have


def peak_mib() -> float | None:
    """Of this process so far, in MiB; None where the system does not tell."""
    try:
        resource: Any = import_module("resource")
    except ImportError:
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes or KiB
