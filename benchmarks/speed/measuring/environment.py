"""Where a measurement was made."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from frsdk import __version__
from frsdk.backends.cpu_features import cpu_features

_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "torch", "tensorrt", "tensorrt-rtx", "mediapipe")


@dataclass(frozen=True, slots=True)
class Environment:
    """What a figure depends on.

    Attributes:
        cpu: Model name.
        features: Instruction sets that matter here.
        cores: That this process may use.
        load_before: One-minute load average when the run began; None where there is none.
        os: Name and release.
        python: Version.
        packages: Version by name, of those that are installed.
    """

    cpu: str
    features: tuple[str, ...]
    cores: int
    load_before: float | None
    os: str
    python: str
    packages: dict[str, str]


def this_environment() -> Environment:
    """Look at this machine."""
    return Environment(
        cpu=_processor(),
        features=cpu_features(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        load_before=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        os=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages={
            "frsdk": __version__,
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            **dict(_installed()),
        },
    )


def _installed() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name, from Linux where it tells it."""
    fields: dict[str, str] = {}
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip().lower(), value.strip())
    name = fields.get("model name") or fields.get("model") or platform.processor()
    return name or platform.machine()
