"""Read files of PyTorch without letting them run anything, whatever is wrong with them."""

from __future__ import annotations

import io
import pickle
import struct
from importlib import import_module
from pathlib import Path
from typing import Any  # what such a file holds is checked after reading

_DAMAGE = (
    pickle.UnpicklingError, RuntimeError, EOFError, ValueError, TypeError, KeyError, IndexError,
    AttributeError, OverflowError, MemoryError, AssertionError, OSError, struct.error,
)  # fmt: skip


class TorchFileError(ValueError):
    """Why a file cannot be read, in one line; the caller adds the file and the remedy."""


def read_torch_file(path: Path) -> Any:
    """What `torch.save` wrote, of weights and plain containers only.

    Raises:
        TorchFileError: It is missing, damaged, or carries code.
    """
    if path.is_file() and not path.stat().st_size:
        raise TorchFileError("the file is empty")
    try:
        return import_module("torch").load(path, map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        raise TorchFileError(_reason(error)) from error


def torch_bytes(content: Any) -> bytes:
    """What `torch.save` writes, in memory: of a file on a full disk it raises its own error."""
    buffer = io.BytesIO()
    import_module("torch").save(content, buffer)
    return buffer.getvalue()


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    if "weights_only" in text or "Weights only" in text:  # PyTorch advises to switch the check off
        return "more than weights and plain values, or damaged"
    return " ".join(str(text).split())[:120]
