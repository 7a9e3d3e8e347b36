"""The template's arrays: one symmetric face surface with its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .sculpting.sculpt_reference import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Template:
    """A bilaterally symmetric face surface, one closed disc with an outer border.

    Attributes:
        vertices: (N, 3) float64 in the model frame: x toward the image's right, y up, z toward
            the viewer, nominal mm.
        triangles: (M, 3) int32, counter-clockwise seen from outside.
        uv: (N, 2) float32 in [0, 1]: the cylinder unrolled, u along x, v up; no overlaps.
        landmark_indices: (68,) int32, the vertex of each iBUG landmark.
        mirror: (N,) int32, each vertex's mirror image in the plane x = 0.
        region: (N,) uint8: 0 skin (rims of the lids and lips included), 1 eyeball, 2 inside of
            the mouth.
    """

    vertices: FloatArray
    triangles: IntArray
    uv: npt.NDArray[np.float32]
    landmark_indices: IntArray
    mirror: IntArray
    region: npt.NDArray[np.uint8]
