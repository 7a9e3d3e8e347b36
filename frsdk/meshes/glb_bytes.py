"""Meshes into the bytes of a binary glTF 2.0 file."""

from __future__ import annotations

import json
import struct

import numpy as np
from numpy.typing import NDArray

from .mesh_arrays import FileMesh

# glTF counts in metres: with 1 px = 1 mm a 200-px face is as large as a head.
METRES_PER_PIXEL = 0.001

_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_UNSIGNED_SHORT, _UNSIGNED_INT, _FLOAT = 5123, 5125, 5126


def glb_from_mesh(mesh: FileMesh) -> bytes:
    """A binary glTF 2.0 file: header, JSON chunk, buffer chunk (Khronos glTF 2.0, section 4)."""
    buffer = _GlbBuffer()
    attributes = {
        "POSITION": buffer.add(mesh.positions, "VEC3", _FLOAT, bounds=True),
        "NORMAL": buffer.add(mesh.normals, "VEC3", _FLOAT),
    }
    if mesh.colours is not None:
        attributes["COLOR_0"] = buffer.add(
            _linear_rgba(mesh.colours), "VEC4", _UNSIGNED_SHORT, normalized=True
        )
    if mesh.uv is not None:  # glTF's v points down
        flipped = np.column_stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]]).astype(np.float32)
        attributes["TEXCOORD_0"] = buffer.add(flipped, "VEC2", _FLOAT)
    small = len(mesh.positions) < 65535  # 65535 itself is glTF's primitive restart value
    indices = mesh.triangles.reshape(-1).astype("<u2" if small else "<u4")  # (3M,)
    index = buffer.add(indices, "SCALAR", _UNSIGNED_SHORT if small else _UNSIGNED_INT, index=True)
    material: dict[str, object] = {
        "name": "skin",
        "doubleSided": True,
        "pbrMetallicRoughness": {
            "baseColorFactor": [1, 1, 1, 1],
            "metallicFactor": 0,
            "roughnessFactor": 1,
        },
    }
    document: dict[str, object] = {
        "asset": {"version": "2.0", "generator": "frsdk", "extras": {"unit": "image pixel"}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "face", "scale": [METRES_PER_PIXEL] * 3}],
        "meshes": [
            {
                "name": "face",
                "primitives": [
                    {"attributes": attributes, "indices": index, "material": 0, "mode": 4}
                ],
            }
        ],
        "materials": [material],
        "buffers": [{"byteLength": len(buffer.data)}],
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
    }
    if mesh.colours is not None:  # the photo's own light is in the colours: do not light it twice
        material["extensions"] = {"KHR_materials_unlit": {}}
        document["extensionsUsed"] = ["KHR_materials_unlit"]
    return _glb_container(document, bytes(buffer.data))


class _GlbBuffer:
    """The buffer of a GLB, with the views and accessors into it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, object]] = []
        self.accessors: list[dict[str, object]] = []

    def add(
        self,
        values: NDArray[np.generic],
        kind: str,
        component: int,
        *,
        normalized: bool = False,
        bounds: bool = False,
        index: bool = False,
    ) -> int:
        """Append an array on a 4-byte boundary; returns its accessor's number."""
        self.data.extend(bytes(-len(self.data) % 4))
        content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        self.views.append(
            {
                "buffer": 0,
                "byteOffset": len(self.data),
                "byteLength": len(content),
                "target": _ELEMENT_ARRAY_BUFFER if index else _ARRAY_BUFFER,
            }
        )
        self.data.extend(content)
        accessor: dict[str, object] = {
            "bufferView": len(self.views) - 1,
            "componentType": component,
            "count": len(values),
            "type": kind,
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            accessor["min"] = values.min(axis=0).tolist()
            accessor["max"] = values.max(axis=0).tolist()
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _glb_container(document: dict[str, object], content: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    content += bytes(-len(content) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(content), b"BIN\0") + content
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _linear_rgba(colours: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Linear light from sRGB (IEC 61966-2-1), 16 bits each, alpha 1."""
    srgb = np.arange(256) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    table = np.rint(linear * 65535).astype(np.uint16)
    alpha = np.full((len(colours), 1), 65535, np.uint16)
    return np.concatenate([table[colours], alpha], axis=1)
