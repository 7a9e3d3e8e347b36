"""The built-in face model's template: a face sculpted in code through 68 given landmarks."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from frsdk.errors import FaceModelError

from .landmark_interpolation import carry_modes
from .sculpting.sculpt_mesh import HalfMesh, mesh_half
from .sculpting.sculpt_patches import recess_patches
from .sculpting.sculpt_plane import feature_curves
from .sculpting.sculpt_reference import (
    HALF_LANDMARKS,
    LANDMARK_COUNT,
    LANDMARK_MIRROR,
    FloatArray,
    reference_landmarks,
)
from .sculpting.sculpt_surface import sculpt_surface
from .template_surface import Template


def build_template(landmarks: FloatArray) -> Template:
    """Build the template whose landmark vertices lie exactly at the given points.

    The sculpture is made once through reference landmarks and then bent to the given ones.

    Args:
        landmarks: (68, 3) iBUG landmarks in the model frame, exactly symmetric in x.

    Raises:
        FaceModelError: the landmarks have another shape, or are not finite or not symmetric.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    _check(points)
    template = reference_template()
    shift = carry_modes(template, (points - reference_landmarks())[None])[0]
    shift = (shift + shift[template.mirror] * np.array([-1.0, 1.0, 1.0])) / 2  # to the last bit
    vertices = template.vertices + shift
    vertices[template.landmark_indices] = points
    mirrored = vertices[template.mirror] * np.array([-1.0, 1.0, 1.0])
    return replace(template, vertices=(vertices + mirrored) / 2)  # symmetric to the last bit


def _check(points: FloatArray) -> None:
    if points.shape != (LANDMARK_COUNT, 3):
        raise FaceModelError(
            f"expected landmarks of shape (68, 3), got {points.shape}: pass the 68 iBUG points"
        )
    flip = np.array([-1.0, 1.0, 1.0])
    if not np.array_equal(points, points[list(LANDMARK_MIRROR)] * flip):
        raise FaceModelError(
            "expected finite landmarks that are exactly symmetric in x, got others: average the "
            "points with their mirror image first"
        )


@lru_cache(maxsize=1)
def reference_template() -> Template:
    """Sculpt the template through the reference landmarks."""
    curves = feature_curves()
    half = mesh_half(curves)
    points = recess_patches(sculpt_surface().at(half.plane), half)
    points[half.plane[:, 0] == 0, 0] = 0.0
    points[half.landmarks] = reference_landmarks()[list(HALF_LANDMARKS)]
    return _double(half, points)


def _double(half: HalfMesh, points: FloatArray) -> Template:
    """Add the mirror image of the half, sharing the vertices on the midline."""
    count = len(points)
    own = half.plane[:, 0] > 0
    image = np.arange(count, dtype=np.int32)
    image[own] = count + np.arange(int(own.sum()), dtype=np.int32)
    mirror = np.concatenate([image, np.flatnonzero(own).astype(np.int32)])
    landmarks = np.zeros(LANDMARK_COUNT, dtype=np.int32)
    for landmark, vertex in zip(HALF_LANDMARKS, half.landmarks, strict=True):
        landmarks[landmark] = vertex
        landmarks[LANDMARK_MIRROR[landmark]] = image[vertex]
    plane = np.concatenate([half.plane, half.plane[own] * np.array([-1.0, 1.0])])
    return Template(
        vertices=np.concatenate([points, points[own] * np.array([-1.0, 1.0, 1.0])]),
        triangles=np.concatenate([half.triangles, image[half.triangles[:, [0, 2, 1]]]]),
        uv=_texture_coordinates(plane),
        landmark_indices=landmarks,
        mirror=mirror,
        region=np.concatenate([half.region, half.region[own]]),
    )


def _texture_coordinates(plane: FloatArray) -> npt.NDArray[np.float32]:
    low, high = plane.min(axis=0), plane.max(axis=0)
    scaled = 0.5 + (plane - (low + high) / 2) * (0.99 / float(np.max(high - low)))
    uv: npt.NDArray[np.float32] = scaled.astype(np.float32)
    return uv
