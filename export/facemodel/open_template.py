"""The surface of face model 2: ICT-FaceKit's face, cropped ear to ear, with mouth and eyeballs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from frsdk.errors import FaceModelError

from ..datasets.face_labels import MIRROR_68
from .clip_surface import ClippedSurface, clip_surface
from .ict_meshes import IctMeshes
from .import_ict_face_model import ICT_LANDMARKS
from .texture_unrolling import unroll

Array = NDArray[np.float64]
IndexArray = NDArray[np.int64]

SKIN, EYEBALL, MOUTH, SOCKET = 0, 1, 2, 3

# Vertex ranges of ICT-FaceKit's README: the face, mouth and eye sockets, the outer eyeballs.
_PARTS = (
    (SKIN, 0, 9409),
    (MOUTH, 11248, 13294),
    (SOCKET, 13294, 14062),
    (EYEBALL, 21451, 22221),
    (EYEBALL, 23021, 23791),
)
#: Where iBUG's annotators put a point and ICT's list does not: the inner end of the brow over the
#: inner corner of the eye, the inner lips' points below the peaks of the upper lip. The other side
#: has their mirror images.
_REPLACED = {21: 1402, 61: 5712, 67: 5952}
_MIDLINE = 1e-4  # |x| of a vertex on the midline
_PARTED_LIPS = 0.3  # of jawOpen, while the texture is laid out
_PAIRED = 0.01  # largest distance of a vertex to its pair's mirror image


@dataclass(frozen=True, slots=True)
class OpenTemplate:
    """A symmetric surface whose vertices are mixtures of ICT-FaceKit's.

    Attributes:
        surface: From ICT's vertices to ours.
        mirror: (n,) each vertex's mirror image.
        part: (n,) SKIN, EYEBALL, MOUTH or SOCKET.
        landmark_indices: (68,) vertices of the iBUG landmarks.
        uv: (n, 2) in [0, 1]; the parts do not overlap.
    """

    surface: ClippedSurface
    mirror: IndexArray
    part: IndexArray
    landmark_indices: IndexArray
    uv: Array

    @property
    def triangles(self) -> IndexArray:
        """(m, 3) counter-clockwise seen from outside."""
        return self.surface.triangles


def crop_template(meshes: IctMeshes) -> OpenTemplate:
    """Crop the neutral face; the right half is cut and mirrored.

    Raises:
        FaceModelError: The mesh is not symmetric, or lacks a landmark after the crop.
    """
    pair = mirror_pairs(meshes.neutral)
    half = clip_surface(_half_triangles(meshes), _field(meshes.neutral))
    surface, mirror = _doubled(half, pair, meshes.neutral)
    part = _part_of(surface.ends[:, 0])
    landmarks = _landmarks(surface, ibug_vertices(pair))
    parted = surface.values(meshes.neutral + _PARTED_LIPS * meshes.displacement("jawOpen"))
    uv = unroll(
        parted,
        surface.triangles,
        is_eyeball=part == EYEBALL,
        is_inside=(part == MOUTH) | (part == SOCKET),
        mirror=mirror,
    )
    return OpenTemplate(surface, mirror, part, landmarks, uv)


def _field(neutral: Array) -> Array:
    """(26719,) positive where a vertex is kept; unit: ICT's."""
    x, y, z = neutral.T
    hairline = 10.4 - y - 0.04 * x**2 + 0.12 * (z - 9.0)
    neck = np.minimum(y + 7.5 + 0.26 * (z - 0.9), z + 3.4 + 0.97 * (y + 2.0))
    field = np.minimum(hairline, neck)
    field[_PARTS[1][1] :] = 1.0  # the sockets are kept whole
    for part, first, end in _PARTS:
        if part == EYEBALL:  # the front of the eyeball is what lids can uncover
            depth = z[first:end]
            field[first:end] = depth - (depth.max() - 0.48 * np.ptp(depth))
    return np.asarray(field, np.float64)


def _half_triangles(meshes: IctMeshes) -> IndexArray:
    """Triangles of the parts that are kept, x >= 0."""
    x = meshes.neutral[:, 0]
    inside = np.zeros(len(x), bool)
    for _, first, end in _PARTS:
        inside[first:end] = True
    triangles = meshes.triangles.astype(np.int64)
    keep = inside[triangles].all(axis=1) & (x[triangles] > -_MIDLINE).all(axis=1)
    return triangles[keep]


def mirror_pairs(neutral: Array) -> IndexArray:
    """(26719,) the nearest vertex to each one's mirror image, inside its own part."""
    pair = np.arange(len(neutral))
    flip = np.array([-1.0, 1.0, 1.0])
    groups = [[(first, end)] for part, first, end in _PARTS if part != EYEBALL]
    groups.append([(first, end) for part, first, end in _PARTS if part == EYEBALL])
    for ranges in groups:
        index = np.concatenate([np.arange(*each) for each in ranges])
        distance, nearest = cKDTree(neutral[index]).query(neutral[index] * flip)
        if distance.max() > _PAIRED or len(np.unique(nearest)) != len(index):
            raise FaceModelError(
                "the neutral mesh is not symmetric: get ICT-FaceKit @ da5f95a6 unchanged"
            )
        pair[index] = index[nearest]
    return pair


def _doubled(
    half: ClippedSurface, pair: IndexArray, neutral: Array
) -> tuple[ClippedSurface, IndexArray]:
    """Add the mirror image of the half; vertices on the midline are shared."""
    count = len(half.ends)
    own = half.values(neutral)[:, 0] > _MIDLINE
    image = np.arange(count)
    image[own] = count + np.arange(int(own.sum()))
    surface = ClippedSurface(
        np.concatenate([half.ends, pair[half.ends[own]]]),
        np.concatenate([half.share, half.share[own]]),
        np.concatenate([half.triangles, image[half.triangles[:, [0, 2, 1]]]]),
    )
    return surface, np.concatenate([image, np.flatnonzero(own)])


def _part_of(source: IndexArray) -> IndexArray:
    part = np.zeros(len(source), np.int64)
    for name, first, end in _PARTS:
        part[(source >= first) & (source < end)] = name
    return part


def ibug_vertices(pair: IndexArray) -> IndexArray:
    """(68,) ICT vertices of the iBUG landmarks; ``pair`` is each vertex's mirror vertex."""
    chosen = np.array(ICT_LANDMARKS)
    for landmark, vertex in _REPLACED.items():
        chosen[landmark] = vertex
        chosen[MIRROR_68[landmark]] = pair[vertex]
    return chosen


def _landmarks(surface: ClippedSurface, chosen: IndexArray) -> IndexArray:
    kept = {int(i): k for k, i in enumerate(surface.ends[:, 0]) if surface.share[k] == 0.0}
    missing = [int(index) for index in chosen if index not in kept]
    if missing:
        raise FaceModelError(f"the crop loses landmark vertices {missing}: keep more of the neck")
    return np.array([kept[int(index)] for index in chosen])
