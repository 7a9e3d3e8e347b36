"""The structure of a MATLAB 5 file, checked before SciPy reads it.

SciPy's reader takes types and sizes in a file for granted: a damaged one ended the process.
"""

from __future__ import annotations

import math
import struct
import zlib

_MOST_BYTES = 1 << 28  # of a variable that was compressed
_COMPRESSED, _MATRIX = 15, 14
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_CELL, _STRUCTURE, _TEXT = 1, 2, 4
_NUMBERS = range(6, 16)  # classes of arrays: double, single, and integers of 8 to 64 bits
_COMPLEX = 0x0800
_DEEPEST = 8


def check_mat(content: bytes) -> None:
    """Check a file's elements; those of other versions than 5 are not looked at.

    Raises:
        ValueError: A type, size or class is none that MATLAB writes; one line.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise ValueError("not a MAT-file of version 5 or later")
    (version,) = struct.unpack_from(f"{order}H", content, 124)
    if version == 0x0100:
        for kind, data in _elements(content[128:], order, padded=False):
            if kind == _COMPRESSED:
                for inner, matrix in _elements(_inflated(data), order):
                    _check_matrix(inner, matrix, order)
            else:
                _check_matrix(kind, data, order)
    elif version != 0x0200:  # 7.3, which SciPy refuses by name
        raise ValueError(f"a MAT-file of version {version:#x}")


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(data, _MOST_BYTES)
    if not stream.eof:
        raise ValueError("a compressed variable that is cut short, or too large")
    return content


def _elements(data: bytes, order: str, *, padded: bool = True) -> list[tuple[int, bytes]]:
    """(type, content) of the elements in a row."""
    found, at = [], 0
    while at < len(data):
        if at + 8 > len(data):
            raise ValueError("an element that is cut short")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:  # up to four bytes, within the tag
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        else:
            start = at + 8
            # Compressed variables are not filled up to eight bytes.
            end = start + (size if kind == _COMPRESSED or not padded else -(-size // 8) * 8)
        if start + size > len(data):
            raise ValueError(f"an element of {size} bytes, of which {len(data) - start} are there")
        found.append((kind, data[start : start + size]))
        at = end
    return found


def _check_matrix(kind: int, data: bytes, order: str, depth: int = 0) -> None:
    if kind != _MATRIX:
        raise ValueError(f"an element of type {kind}, not a variable")
    if not data:
        return  # an empty cell
    parts = _elements(data, order)
    if len(parts) < 3 or [each for each, _ in parts[:3]] != [6, 5, 1] or len(parts[0][1]) != 8:
        raise ValueError("a variable without flags, sizes and name")
    (flags,) = struct.unpack_from(f"{order}I", parts[0][1])
    axes = len(parts[1][1]) // 4
    sizes = struct.unpack_from(f"{order}{axes}i", parts[1][1])
    if len(sizes) < 2 or min(sizes) < 0:
        raise ValueError(f"a variable of sizes {sizes}")
    kind, rest, items = flags & 0xFF, parts[3:], math.prod(sizes)
    if kind in _NUMBERS or kind == _TEXT:
        _check_values(rest, items, 2 if flags & _COMPLEX else 1, exact=kind in _NUMBERS)
    elif kind in (_CELL, _STRUCTURE) and depth < _DEEPEST:
        if kind == _STRUCTURE:
            _check_values(rest[:2], 0, 2, exact=False)
            (length,) = struct.unpack(f"{order}i", rest[0][1][:4]) if len(rest[0][1]) == 4 else (0,)
            if not 0 < length <= 64 or len(rest[1][1]) % length:
                raise ValueError("a structure without names of its fields")
            items, rest = items * (len(rest[1][1]) // length), rest[2:]
        if len(rest) != items:
            raise ValueError(f"{len(rest)} parts where its sizes say {items}")
        for inner, part in rest:
            _check_matrix(inner, part, order, depth + 1)
    else:
        raise ValueError(f"a variable of class {kind}")


def _check_values(parts: list[tuple[int, bytes]], items: int, count: int, *, exact: bool) -> None:
    if len(parts) != count or any(kind not in _ITEM_BYTES for kind, _ in parts):
        raise ValueError("a variable without its values")
    if exact and any(len(data) != items * _ITEM_BYTES[kind] for kind, data in parts):
        raise ValueError(f"other values than the {items} that its sizes say")
