"""Read pickles of arrays without letting them run anything, NumPy's own unpickling included.

A pickle of an array calls NumPy's reconstruction functions with a state of its choice, and a type
whose flags it changed makes NumPy follow pointers out of the file. Here stand-ins take the same
calls, and arrays are made from their bytes and a plain number type.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
from pathlib import Path
from typing import Any  # what a pickle holds is anything until it was checked

import numpy as np

_TYPE = re.compile(r"[<>=|]?[biuf][0-9]{1,2}")
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    OverflowError, MemoryError, RecursionError, OSError, struct.error, ImportError,
)  # fmt: skip


class PickleError(ValueError):
    """Why a pickle is not one of arrays, in one line; the caller adds the file and the remedy."""


def read_array_pickle(path: Path) -> Any:
    """Read a pickle that holds arrays of numbers, dictionaries, lists, texts and numbers only.

    Raises:
        PickleError: It is missing, damaged, or wants any other class.
    """
    try:
        content = io.BytesIO(path.read_bytes())
        return _plain(_ArrayUnpickler(content, encoding="latin1").load())
    except _DAMAGE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PickleError(str(reason).splitlines()[0]) from error


class _Type:
    """Stands in for ``numpy.dtype``."""

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not _TYPE.fullmatch(code):
            raise ValueError(f"an array of {code!r}: only numbers are read")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        order, parts = state[1], state[2:5]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in parts):
            raise ValueError("a type that is not a plain number")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands in for an array under reconstruction."""

    def __init__(self, *_: object) -> None:
        self.value: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, raw = state
        data = raw.encode("latin1") if isinstance(raw, str) else raw  # str: Python 2
        self.value = _array(data, kind, shape, "F" if fortran else "C")


def _array(data: object, kind: object, shape: object, order: str) -> np.ndarray[Any, Any]:
    if not isinstance(kind, _Type) or not isinstance(data, bytes | bytearray | pickle.PickleBuffer):
        raise ValueError("an array that is not of numbers")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError(f"an array of shape {shape!r}")
    content = bytes(data)
    if math.prod(shape) * kind.dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for an array of shape {shape}")
    flat = np.frombuffer(content, kind.dtype) if content else np.zeros(0, kind.dtype)
    return flat.reshape(shape, order="F" if order == "F" else "C").copy()


def _scalar(kind: object, data: object) -> object:
    content = data.encode("latin1") if isinstance(data, str) else data
    return _array(content, kind, (), "C").item()


def _from_buffer(data: object, kind: object, shape: object, order: str) -> np.ndarray[Any, Any]:
    return _array(data, kind, shape, order)


def _encoded(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError(f"a text in {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""  # older protocols write empty bytes as a call


# What a pickled array is made of; NumPy 2 renamed its modules.
_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", _Array),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


def _load_bytearray8(unpickler: Any) -> None:
    """What there is of it, where pickle itself takes the memory first."""
    (size,) = struct.unpack("<Q", unpickler.read(8))
    content = unpickler.read(size)
    if len(content) != size:
        raise EOFError("pickle data was truncated")
    unpickler.append(bytearray(content))


class _ArrayUnpickler(pickle._Unpickler):
    """In Python: the one in C takes memory for as many objects as a number in the file says."""

    dispatch = {**pickle._Unpickler.dispatch, pickle.BYTEARRAY8[0]: _load_bytearray8}  # noqa: RUF012

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it wants {module}.{name}, only NumPy arrays are read")
        stand_in = _STAND_INS[module, name]
        # A function of its own: a pickle may set attributes of what it was given.
        return (lambda *given: stand_in(*given)) if callable(stand_in) else stand_in


def _plain(value: Any) -> Any:
    """The same with arrays in the place of their stand-ins."""
    if isinstance(value, _Array):
        if value.value is None:
            raise ValueError("an array without content")
        return value.value
    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_plain(each) for each in value)
    if isinstance(value, str | bytes | int | float | complex | np.ndarray | None):
        return value
    raise ValueError(f"a {type(value).__name__}")
