"""ONNX Runtime's CUDA provider: its options, and whether it can be loaded with its libraries."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from functools import cache
from typing import Any  # ONNX Runtime is optional and has no types

import numpy as np

from ..installation.optional_packages import pip_line

CUDA_PROVIDER = "CUDAExecutionProvider"
CUDA_BATCHES = (1, 2, 4, 8)
"""What batches are filled up to: cuDNN looks for the kernels of every size that is new to it."""

_FAILED = "Failed to load "
_CUDNN = "cudnn64_9.dll" if sys.platform == "win32" else "libcudnn.so.9"


def with_cuda_options(provider: str) -> str | tuple[str, dict[str, str]]:
    """A provider as ONNX Runtime takes it, with what frsdk sets.

    On CUDA each new batch size would cost an exhaustive search of kernels, and FP32 would be TF32.
    """
    if provider == CUDA_PROVIDER:
        return provider, {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
    return provider


@cache
def cuda_provider_problem(ort: Any) -> str | None:
    """Why the CUDA provider does not load; None where it does.

    ONNX Runtime lists it wherever the package has it, and gives a session on the CPU where its
    libraries are missing.

    Args:
        ort: The package `onnxruntime`.
    """
    if CUDA_PROVIDER not in ort.get_available_providers():
        return f"this onnxruntime has no {CUDA_PROVIDER}: {pip_line('gpu')}"
    missing = _missing_library(ort)
    if missing is None:
        try:
            ort.OrtValue.ortvalue_from_shape_and_type([1], np.float32, "cuda", 0)
            return None
        except (RuntimeError, ValueError) as error:
            missing = " ".join(str(error).split()).rpartition("_CUDA() ")[2]  # without its source
    version = getattr(ort, "cuda_version", None)
    level = f" of CUDA {version}" if version else ""
    return (
        f"{CUDA_PROVIDER}{level} cannot be loaded ({missing}): {pip_line('gpu')}, and a driver for "
        "that CUDA"
    )


def _missing_library(ort: Any) -> str | None:
    """Load CUDA and cuDNN from pip's packages, else from the system; what is not there.

    PyTorch's are not looked for: they may be of another version.
    """
    printed = io.StringIO()
    if hasattr(ort, "preload_dlls"):
        with contextlib.redirect_stdout(printed):  # it prints what it does not find
            ort.preload_dlls(directory="")
    for line in printed.getvalue().splitlines():
        if line.startswith(_FAILED):
            return line.removeprefix(_FAILED)
    try:
        ctypes.CDLL(_CUDNN)  # which the provider itself loads only when it runs a convolution
    except OSError as error:
        return str(error)
    return None
