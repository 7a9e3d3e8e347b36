"""Write two sources' named expressions at the 68 landmarks for the runtime."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_table import (
    BLENDSHAPE_NAMES,
    UNSEEN,
    BlendshapeTable,
    NamedShapes,
)
from frsdk.morphable.compact_basis import on_grid
from frsdk.storage.atomic_write import atomic_write

from ..datasets.face_labels import MIRROR_68
from ..datasets.fit_parameters import align_similarity, remove_pose
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


def blendshape_table(meshes: IctMeshes, second: NamedShapes) -> BlendshapeTable:
    """The table of the meshes and of a second source, on the grid of the file, graded UNSEEN.

    Args:
        meshes: ICT-FaceKit's.
        second: Another source in any similar frame; it is brought to the meshes' frame.

    Raises:
        FaceModelError: The meshes lack an expression.
    """
    marks = ibug_vertices(mirror_pairs(meshes.neutral))
    neutral = meshes.neutral[marks]
    neutral = (neutral + neutral[MIRROR_68] * _FLIP_X) / 2.0
    unit = _OUTER_EYE_MM / float(np.linalg.norm(neutral[36] - neutral[45]))
    origin = [0.0, neutral[27:36, 1].mean(), neutral[[36, 39, 42, 45], 2].mean()]
    moves = np.stack([meshes.displacement(ict_name(name))[marks] for name in BLENDSHAPE_NAMES])
    people = leading_modes(meshes.identity[:, marks], neutral, _N_IDENTITY)
    first = NamedShapes((neutral - np.array(origin)) * unit, moves * unit, people * unit)
    other = brought_to(second, first.neutral)
    grade = np.full(len(BLENDSHAPE_NAMES), UNSEEN)
    return BlendshapeTable(*_on_grid(first), NamedShapes(*_on_grid(other)), grade)


def brought_to(shapes: NamedShapes, neutral: Array) -> NamedShapes:
    """The shapes after the similarity that brings their neutral face nearest to another."""
    pose = align_similarity(shapes.neutral[None], neutral, np.ones(len(neutral)))
    turned = pose.rotation[0] / pose.scale[0]
    return NamedShapes(
        remove_pose(shapes.neutral[None], pose)[0],
        shapes.displacement @ turned,
        shapes.identity @ turned,
    )


def leading_modes(differences: Array, neutral: Array, count: int) -> Array:
    """(count, 68, 3) leading directions in which faces differ, without pose, both sides alike.

    Args:
        differences: (k, 68, 3) whose squares add up to the covariance.
        neutral: (68, 3) about which they are turned and scaled.
        count: Directions.
    """
    mirrored = differences[:, MIRROR_68] * _FLIP_X
    both = np.concatenate([differences, mirrored]) / np.sqrt(2.0)
    flat = without_pose(both.reshape(len(both), -1), neutral)
    _, singular, rows = np.linalg.svd(flat, full_matrices=False)
    modes = rows[:count] * singular[:count, None]
    sign = np.sign(modes @ np.cos(np.arange(modes.shape[1])))
    return np.asarray((modes * sign[:, None]).reshape(-1, 68, 3), np.float64)


def write_blendshapes(table: BlendshapeTable, path: Path) -> None:
    """Write what `frsdk.expressions.blendshape_table` reads.

    Raises:
        OutputError: The file cannot be written.
    """
    whole = {
        f"{prefix}{name}": np.rint(getattr(shapes, name) / _STEP).astype(np.int16)
        for prefix, shapes in (("", table), ("second_", table.second))
        for name in ("neutral", "displacement", "identity")
    }
    whole["grade"] = table.grade.astype(np.int16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, names=np.array(BLENDSHAPE_NAMES), step=np.array(_STEP), **whole)
    atomic_write(path, buffer.getvalue())


def _on_grid(shapes: NamedShapes) -> tuple[Array, Array, Array]:
    neutral, moves, people = (
        on_grid(each, _STEP) for each in (shapes.neutral, shapes.displacement, shapes.identity)
    )
    return neutral, moves, people
