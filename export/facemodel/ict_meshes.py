"""Read ICT-FaceKit's meshes with their names: its folder of ``.obj`` files, or an ``.npz``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError
from frsdk.morphable.face_model_files import read_arrays

from .import_ict_face_model import NEUTRAL_NAME, obj_triangles, obj_vertices

Array = NDArray[np.float64]

N_VERTICES = 26719
_GET = (
    "get https://github.com/ICT-VGL/ICT-FaceKit @ da5f95a6 and give its folder FaceXModel, or an "
    ".npz made from it"
)


@dataclass(frozen=True, slots=True)
class IctMeshes:
    """ICT-FaceKit's neutral face and what moves it, in its own unit (about cm, y up).

    Attributes:
        neutral: (26719, 3) mean neutral face, exactly symmetric up to 1e-3.
        identity: (100, 26719, 3) displacements of one standard deviation.
        expression: Name -> (26719, 3) displacement at full strength, as ``eyeBlink_L``.
        triangles: (t, 3) int32.
    """

    neutral: Array
    identity: Array
    expression: dict[str, Array]
    triangles: NDArray[np.int32]

    def displacement(self, name: str) -> Array:
        """(26719, 3) of a shape; a name without side is the sum of its two sides.

        Raises:
            FaceModelError: There is no such shape.
        """
        sides = [name] if name in self.expression else [f"{name}_L", f"{name}_R"]
        if any(side not in self.expression for side in sides):
            raise FaceModelError(f"ICT-FaceKit has no expression {name}: {_GET}")
        return np.asarray(sum(self.expression[side] for side in sides), np.float64)


def read_ict_meshes(path: Path) -> IctMeshes:
    """Read the whole model.

    Args:
        path: The repository's folder ``FaceXModel``, or an ``.npz`` with ``neutral``, ``identity``,
            ``expression``, ``expression_names`` and ``faces``.

    Raises:
        FaceModelError: It is missing, damaged, or another version.
    """
    if not path.exists():
        raise FaceModelError(f"{path}: no such file or folder: {_GET}")
    meshes = _from_folder(path) if path.is_dir() else _from_archive(path)
    counts = (len(meshes.neutral), len(meshes.identity), len(meshes.expression))
    if counts[0] != N_VERTICES or counts[1] < 100 or counts[2] < 55:
        raise FaceModelError(
            f"{path}: {counts[0]} vertices, {counts[1]} identity modes, {counts[2]} expressions: "
            f"expected {N_VERTICES}, 100 and 55 or more: {_GET}"
        )
    return meshes


def _from_archive(path: Path) -> IctMeshes:
    names = ("neutral", "identity", "expression", "expression_names", "faces")
    neutral, identity, moves, labels, faces = read_arrays(str(path), names).values()
    shape = neutral.shape
    fits = moves.shape[1:] == shape and identity.shape[1:] == shape and len(labels) == len(moves)
    if shape[1:] != (3,) or not fits or labels.dtype.kind != "U":
        raise FaceModelError(f"{path}: arrays that do not belong together: {_GET}")
    wide = np.float64
    expression = {str(name): move.astype(wide) for name, move in zip(labels, moves, strict=True)}
    return IctMeshes(
        neutral.astype(wide), identity.astype(wide), expression, faces.astype(np.int32)
    )


def _from_folder(folder: Path) -> IctMeshes:
    files = {path.stem: path for path in sorted(folder.glob("*.obj"))}
    if NEUTRAL_NAME not in files:
        raise FaceModelError(f"{folder}: lacks {NEUTRAL_NAME}.obj: {_GET}")
    neutral_file = files.pop(NEUTRAL_NAME)
    neutral = obj_vertices(neutral_file)
    moved = {}
    for stem, path in files.items():
        vertices = obj_vertices(path)
        if vertices.shape != neutral.shape:
            raise FaceModelError(f"{path}: {len(vertices)} vertices, not {len(neutral)}: {_GET}")
        moved[stem] = vertices - neutral
    identity = [each for stem, each in moved.items() if stem.startswith("identity")]
    expression = {stem: each for stem, each in moved.items() if not stem.startswith("identity")}
    triangles = obj_triangles(neutral_file)
    return IctMeshes(neutral, np.array(identity).reshape(-1, *neutral.shape), expression, triangles)
