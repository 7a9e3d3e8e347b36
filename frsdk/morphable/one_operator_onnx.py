"""Write one-operator ONNX graphs without the onnx package (protocol buffers, onnx.proto3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # arrays of several types

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6}
_IR_VERSION, _OPSET = 8, 17

Shape = Sequence[int | str]


def one_operator(
    operator: str,
    *,
    inputs: Mapping[str, tuple[str, Shape]],
    constants: Mapping[str, NDArray[Any]],
    output: tuple[str, str, Shape],
) -> bytes:
    """An ONNX file of one node, which takes the inputs first and the constants after them.

    Args:
        operator: Such as ``"MatMulInteger"``, of ONNX's own domain.
        inputs: Type and shape by name; a text in a shape is a dimension left open.
        constants: Values by name.
        output: Name, type and shape.
    """
    node = b"".join(_text(1, name) for name in (*inputs, *constants))
    node += _text(2, output[0]) + _text(4, operator)
    graph = _bytes(1, node) + _text(2, operator)
    graph += b"".join(_bytes(5, _tensor(name, value)) for name, value in constants.items())
    graph += b"".join(_bytes(11, _value(name, *kind)) for name, kind in inputs.items())
    graph += _bytes(12, _value(*output))
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, _OPSET))


def _tensor(name: str, value: NDArray[Any]) -> bytes:
    dims = b"".join(_number(1, size) for size in value.shape)
    data = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
    kind = _number(2, _TYPES[value.dtype.name])
    return dims + kind + _text(8, name) + _bytes(9, data.tobytes())


def _value(name: str, kind: str, shape: Shape) -> bytes:
    sizes = (_text(2, size) if isinstance(size, str) else _number(1, size) for size in shape)
    dims = b"".join(_bytes(1, size) for size in sizes)
    tensor = _number(1, _TYPES[kind]) + _bytes(2, dims)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
