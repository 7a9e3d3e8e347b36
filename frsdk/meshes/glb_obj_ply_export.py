"""Meshes into the bytes of mesh files, written by trimesh."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any  # Any: trimesh is not typed strictly

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MissingDependencyError
from .mesh_arrays import FileMesh
from .mesh_formats import obj_plain_stem

if TYPE_CHECKING:
    from PIL.Image import Image
    from trimesh import Trimesh

METRES_PER_UNIT = 0.001  # glTF counts in metres: with 1 px = 1 mm a 200-px face is a head's size
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_JPEG_QUALITY = 95
_PNG_EFFORT = 1  # of 9: a photograph shrinks little further
_UNITS = {"image": "image pixel", "model": "face model's unit (nominal mm)"}


def trimesh_from_mesh(mesh: FileMesh) -> Trimesh:
    """The mesh as trimesh has it, with its texture as a picture or the colours of its vertices."""
    from PIL import Image

    if mesh.texture_bgr is None:
        return _trimesh(mesh, None)
    rgb = np.ascontiguousarray(mesh.texture_bgr[..., ::-1])
    return _trimesh(mesh, Image.fromarray(rgb))


def mesh_content(mesh: FileMesh, suffix: str, stem: str, frame: str) -> dict[str, bytes]:
    """The files of one mesh.

    Args:
        mesh: What to write.
        suffix: Of `MESH_SUFFIXES`.
        stem: File name without its suffix: names what an OBJ refers to.
        frame: `"image"` or `"model"`, for the unit that a GLB states.

    Returns:
        Name to content, in the order in which to write; the mesh itself is "".

    Raises:
        MissingDependencyError: 3MF needs networkx and lxml.
    """
    if suffix == ".glb":
        return {"": glb_from_meshes({"face": mesh}, unit=_UNITS[frame])}
    if suffix == ".obj":
        return _obj_content(mesh, stem)
    if suffix == ".ply":
        from trimesh.exchange.ply import export_ply

        return {"": bytes(export_ply(_trimesh(mesh, None), vertex_normal=True))}
    if suffix == ".stl":
        from trimesh.exchange.stl import export_stl

        return {"": bytes(export_stl(_trimesh(mesh, None)))}
    for package in ("networkx", "lxml"):  # trimesh would fail without a name
        if find_spec(package) is None:
            raise MissingDependencyError(f"writing 3MF needs {package}: pip install networkx lxml")
    from trimesh.exchange.threemf import export_3MF

    return {"": bytes(export_3MF(_trimesh(mesh, None)))}


def glb_from_meshes(meshes: dict[str, FileMesh], *, unit: str) -> bytes:
    """One binary glTF 2.0 file; its nodes are scaled to metres.

    A texture goes in as a JPEG. Colours are shown as they are (`KHR_materials_unlit`): the photo's
    own light is in them, and they must not be lit twice.

    Args:
        meshes: Name of each node to its mesh.
        unit: What one unit of the positions is, for the file's `asset.extras`.
    """
    import trimesh
    from trimesh.exchange.gltf import export_glb

    scene = trimesh.Scene()
    for name, mesh in meshes.items():
        image = None if mesh.texture_bgr is None else _encoded(mesh.texture_bgr, "JPEG")
        scene.add_geometry(
            _trimesh(mesh, image, linear=True),
            node_name=name,
            geom_name=name,
            transform=np.diag([METRES_PER_UNIT] * 3 + [1.0]),
        )
    coloured = {n for n, m in meshes.items() if m.texture_bgr is not None or m.colours is not None}

    def finish(tree: dict[str, Any]) -> None:
        tree["asset"] = {"version": "2.0", "generator": "frsdk", "extras": {"unit": unit}}
        _finish_materials(tree, coloured)
        _state_targets(tree)

    return bytes(export_glb(scene, include_normals=True, tree_postprocessor=finish))


def _finish_materials(tree: dict[str, Any], coloured: set[str]) -> None:
    """Give every mesh a matte, two-sided material; unlit where it has colours."""
    materials = tree.setdefault("materials", [])
    for entry in tree["meshes"]:
        (primitive,) = entry["primitives"]
        entry.pop("extras", None)
        if "material" not in primitive:
            primitive["material"] = len(materials)
            materials.append({"pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 1}})
        material = materials[primitive["material"]]
        material.update(name="skin", doubleSided=True)
        if entry["name"] in coloured:
            material["extensions"] = {"KHR_materials_unlit": {}}
            tree["extensionsUsed"] = ["KHR_materials_unlit"]


def _state_targets(tree: dict[str, Any]) -> None:
    """Say of each buffer view what it is for, as the validator recommends."""
    for entry in tree["meshes"]:
        for primitive in entry["primitives"]:
            uses = {index: _ARRAY_BUFFER for index in primitive["attributes"].values()}
            uses[primitive["indices"]] = _ELEMENT_ARRAY_BUFFER
            for accessor, target in uses.items():
                view = tree["accessors"][accessor]["bufferView"]
                tree["bufferViews"][view]["target"] = target


def _obj_content(mesh: FileMesh, stem: str) -> dict[str, bytes]:
    """OBJ, and with a texture its MTL and PNG: their names have no spaces, which OBJ cannot."""
    from trimesh.exchange.obj import export_obj

    name = obj_plain_stem(stem)
    image = None if mesh.texture_bgr is None else _encoded(mesh.texture_bgr, "PNG")
    text, files = export_obj(
        _trimesh(mesh, image, simple=name),
        include_normals=True,
        return_texture=True,
        write_texture=False,
        digits=5,
        mtl_name=f"{name}.mtl",
        header="frsdk face mesh: x right, y up, z toward the viewer",
    )
    if image is None:
        files = {}
    return {**{key: bytes(value) for key, value in files.items()}, "": text.encode()}


def _trimesh(
    mesh: FileMesh, image: _Encoded | Image | None, *, linear: bool = False, simple: str = ""
) -> Trimesh:
    import trimesh
    from trimesh.visual import ColorVisuals, TextureVisuals
    from trimesh.visual.material import PBRMaterial, SimpleMaterial

    visual: Any = None
    if image is not None:
        material: Any = PBRMaterial(
            name="skin",
            baseColorTexture=image,
            metallicFactor=0.0,
            roughnessFactor=1.0,
            doubleSided=True,
        )
        if simple:
            white = [255, 255, 255, 255]
            material = SimpleMaterial(
                image=image, diffuse=white, ambient=white, specular=[0, 0, 0, 255], glossiness=1.0
            )
            material.name = f"{simple}.texture"  # names the picture too
        visual = TextureVisuals(uv=np.asarray(mesh.uv, np.float64), material=material)
    elif mesh.colours is not None:
        rgb = _LINEAR[mesh.colours] if linear else mesh.colours
        alpha = np.full((len(rgb), 1), 255, np.uint8)
        visual = ColorVisuals(vertex_colors=np.concatenate([rgb, alpha], axis=1))
    return trimesh.Trimesh(
        mesh.positions,
        mesh.triangles,
        vertex_normals=mesh.normals,
        visual=visual,
        process=False,
        validate=False,
    )


def _linear_table() -> NDArray[np.uint8]:
    """(256,) linear light of each sRGB value (IEC 61966-2-1)."""
    srgb = np.arange(256) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.rint(linear * 255), np.uint8)


_LINEAR = _linear_table()


class _Encoded:
    """A picture that is encoded already, as trimesh asks a picture to write itself."""

    def __init__(self, kind: str, content: bytes) -> None:
        self.format, self._content = kind, content

    def save(self, fp: IO[bytes], format: str | None = None) -> None:
        """Write the encoded bytes, whatever `format` says."""
        fp.write(self._content)


def _encoded(image_bgr: NDArray[np.uint8], kind: str) -> _Encoded:
    options: Sequence[int] = [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT]
    if kind == "JPEG":
        options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, content = cv2.imencode(".jpg" if kind == "JPEG" else ".png", image_bgr, options)
    if not done:
        raise InputError(f"OpenCV cannot encode a texture of shape {image_bgr.shape} as {kind}")
    return _Encoded(kind, content.tobytes())
