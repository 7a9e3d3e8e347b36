"""Write ICT-FaceKit's expressions at the 68 landmarks, by ARKit's names, for the runtime."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, UNSEEN, BlendshapeTable
from frsdk.morphable.compact_basis import on_grid
from frsdk.storage.atomic_write import atomic_write

from ..datasets.face_labels import MIRROR_68
from .expression_subspace import without_pose
from .ict_meshes import IctMeshes
from .open_template import ibug_vertices, mirror_pairs

Array = NDArray[np.float64]

_OUTER_EYE_MM = 90.0
_STEP = 2.0**-6  # nominal mm
_N_IDENTITY = 40
_FLIP_X = np.array([-1.0, 1.0, 1.0])


def ict_name(name: str) -> str:
    """ICT-FaceKit's name of an ARKit blendshape: ``eyeBlinkLeft`` -> ``eyeBlink_L``."""
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return name
    return name.replace("Left", "_L").replace("Right", "_R")


def blendshape_table(meshes: IctMeshes) -> BlendshapeTable:
    """The table of the meshes, on the grid of the file, every name graded UNSEEN.

    Raises:
        FaceModelError: The meshes lack an expression.
    """
    marks = ibug_vertices(mirror_pairs(meshes.neutral))
    neutral = meshes.neutral[marks]
    neutral = (neutral + neutral[MIRROR_68] * _FLIP_X) / 2.0
    unit = _OUTER_EYE_MM / float(np.linalg.norm(neutral[36] - neutral[45]))
    origin = [0.0, neutral[27:36, 1].mean(), neutral[[36, 39, 42, 45], 2].mean()]
    moves = np.stack([meshes.displacement(ict_name(name))[marks] for name in BLENDSHAPE_NAMES])
    return BlendshapeTable(
        neutral=on_grid((neutral - np.array(origin)) * unit, _STEP),
        displacement=on_grid(moves * unit, _STEP),
        identity=on_grid(_identity(meshes.identity[:, marks], neutral) * unit, _STEP),
        grade=np.full(len(BLENDSHAPE_NAMES), UNSEEN),
    )


def write_blendshapes(table: BlendshapeTable, path: Path) -> None:
    """Write what `frsdk.expressions.blendshape_table` reads.

    Raises:
        OutputError: The file cannot be written.
    """
    whole = {
        name: np.rint(getattr(table, name) / _STEP).astype(np.int16)
        for name in ("neutral", "displacement", "identity")
    }
    whole["grade"] = table.grade.astype(np.int16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, names=np.array(BLENDSHAPE_NAMES), step=np.array(_STEP), **whole)
    atomic_write(path, buffer.getvalue())


def _identity(scans: Array, neutral: Array) -> Array:
    """(40, 68, 3) leading directions of the scans and their mirror images, without pose."""
    both = np.concatenate([scans, scans[:, MIRROR_68] * _FLIP_X]) / np.sqrt(2.0)
    flat = without_pose(both.reshape(len(both), -1), neutral)
    _, singular, rows = np.linalg.svd(flat, full_matrices=False)
    modes = rows[:_N_IDENTITY] * singular[:_N_IDENTITY, None]
    sign = np.sign(modes @ np.cos(np.arange(modes.shape[1])))
    return np.asarray((modes * sign[:, None]).reshape(-1, 68, 3), np.float64)
