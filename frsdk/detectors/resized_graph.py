"""The built-in detector's graph for squares of another size.

Its file states one input size: in the input's dimensions, in how many cells each head is laid out,
and, unless it names them only, in the output's. All are numbers in the file (protocol buffers,
onnx.proto3), which are rewritten here without the onnx package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import SpecError

# Fields of ModelProto and GraphProto.
_GRAPH, _NODE, _INPUT, _OUTPUT, _VALUE_INFO = 7, 1, 11, 12, 13
_VARINT, _BYTES = 0, 2  # wire types
_FIXED_BYTES = {1: 8, 5: 4}

Part = tuple[int, int, bytes]  # field, wire type, content (a varint as its own bytes)


def resized_graph(model: bytes, *, size: int, to_size: int, strides: Sequence[int]) -> bytes:
    """An ONNX detector that takes squares of another size.

    Args:
        model: The file's content.
        size: Pixels of a side that it takes.
        to_size: Pixels of a side that the result takes, a multiple of every stride.
        strides: Of its cells.

    Raises:
        SpecError: The graph is not laid out as `frsdk-export` lays it out.
    """
    cells = {(size // stride) ** 2: (to_size // stride) ** 2 for stride in strides}
    changed = 0
    out = []
    for field, wire, content in _parts(model):
        if field == _GRAPH:
            content, changed = _graph(content, size, to_size, cells)
        out.append(_written(field, wire, content))
    if changed != 2 + len(cells):
        raise SpecError(
            f"the face detector's graph cannot be resized ({changed} sizes found): "
            "export it again with frsdk-export"
        )
    return b"".join(out)


def _graph(graph: bytes, size: int, to_size: int, cells: dict[int, int]) -> tuple[bytes, int]:
    out, changed = [], 0
    for field, wire, content in _parts(graph):
        if field == _VALUE_INFO:
            continue  # sizes of what lies between, which no longer hold; the engine infers them
        if field == _INPUT:
            content, count = _replaced_numbers(content, {size: to_size})
            changed += count
        elif field == _OUTPUT:
            content, _ = _replaced_numbers(content, {sum(cells): sum(cells.values())})
        elif field == _NODE:
            content, count = _replaced_shapes(content, cells)
            changed += count
        out.append(_written(field, wire, content))
    return b"".join(out), changed


def _replaced_numbers(value: bytes, numbers: dict[int, int]) -> tuple[bytes, int]:
    """Dimensions of a ValueInfoProto: type (2) > tensor (1) > shape (2) > dim (1) > value (1)."""
    return _along(value, (2, 1, 2, 1), numbers)


def _along(message: bytes, path: tuple[int, ...], numbers: dict[int, int]) -> tuple[bytes, int]:
    out, changed = [], 0
    for field, wire, content in _parts(message):
        if path and field == path[0] and wire == _BYTES:
            content, count = _along(content, path[1:], numbers)
            changed += count
        elif not path and field == 1 and wire == _VARINT and _number(content) in numbers:
            content = _varint(numbers[_number(content)])
            changed += 1
        out.append(_written(field, wire, content))
    return b"".join(out), changed


def _replaced_shapes(node: bytes, cells: dict[int, int]) -> tuple[bytes, int]:
    """A constant node's int64 values (-1, n, cells): attribute (5) > tensor (5) > raw data (9)."""
    out, changed = [], 0
    for field, wire, content in _parts(node):
        if field == 5 and wire == _BYTES:
            attribute = []
            for inner, inner_wire, tensor in _parts(content):
                if inner == 5 and inner_wire == _BYTES:
                    tensor, count = _replaced_tensor(tensor, cells)
                    changed += count
                attribute.append(_written(inner, inner_wire, tensor))
            content = b"".join(attribute)
        out.append(_written(field, wire, content))
    return b"".join(out), changed


def _replaced_tensor(tensor: bytes, cells: dict[int, int]) -> tuple[bytes, int]:
    out, changed = [], 0
    for field, wire, content in _parts(tensor):
        if field == 9 and wire == _BYTES and len(content) == 24:
            values = np.frombuffer(content, "<i8").copy()
            if values[0] == -1 and int(values[2]) in cells:
                values[2] = cells[int(values[2])]
                content = values.tobytes()
                changed += 1
        out.append(_written(field, wire, content))
    return b"".join(out), changed


def _parts(message: bytes) -> Iterator[Part]:
    """The fields of a message in their order."""
    place = 0
    while place < len(message):
        key, place = _read_varint(message, place)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            _, end = _read_varint(message, place)
        elif wire == _BYTES:
            length, place = _read_varint(message, place)
            end = place + length
        else:
            end = place + _FIXED_BYTES.get(wire, len(message))
        if end > len(message):
            raise SpecError("the face detector's file is damaged: install frsdk again")
        yield field, wire, message[place:end]
        place = end


def _written(field: int, wire: int, content: bytes) -> bytes:
    length = _varint(len(content)) if wire == _BYTES else b""
    return _varint(field << 3 | wire) + length + content


def _number(content: bytes) -> int:
    return _read_varint(content, 0)[0]


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise SpecError("the face detector's file is damaged: install frsdk again")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
