"""Build face model 2 from sources that a product may ship: ICT-FaceKit's scans and expressions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.compact_basis import on_grid
from frsdk.morphable.morphable_model import MorphableModel

from .expression_subspace import GOALS, choose_span
from .ict_meshes import IctMeshes
from .identity_prior import identity_modes
from .open_template import EYEBALL, OpenTemplate, crop_template

Array = NDArray[np.float64]

OPEN_NAME = "frsdk-face-2"
_OUTER_EYE_MM = 90.0  # as face model 1: sets the unit
_MEAN_STEP, _MODE_STEP = 2.0**-8, 2.0**-6  # mm: the grid that the file keeps in 16 bits
_FLIP_X = np.array([-1.0, 1.0, 1.0])
_LICENCE = (
    "MIT (geometry, scans and expressions: ICT-FaceKit, USC Institute for Creative Technologies)"
)


def build_open(meshes: IctMeshes) -> MorphableModel:
    """Build the model; equal meshes give equal bytes on one machine.

    Raises:
        FaceModelError: The meshes are of another version.
    """
    template = crop_template(meshes)
    surface = template.surface.values(meshes.neutral)
    surface = (surface + surface[template.mirror] * _FLIP_X) / 2.0
    movements = np.stack([_symmetric(meshes, template, name) for name in GOALS])
    marks = template.landmark_indices
    span = choose_span(movements[:, marks], np.array(list(GOALS.values())), surface[marks])
    expression = np.einsum("km,mnj->knj", span.mixture, movements)
    scans = template.surface.values(meshes.identity)
    scans = np.concatenate([scans, scans[:, template.mirror] * _FLIP_X]) / np.sqrt(2.0)
    identity = identity_modes(scans, surface, marks, expression[:, marks])
    modes = _with_rigid_eyes(np.concatenate([identity, expression]), surface, template)
    return _assemble(surface, modes, template)


def _symmetric(meshes: IctMeshes, template: OpenTemplate, name: str) -> Array:
    """A movement averaged with the mirror image of its other side's."""
    own = template.surface.values(meshes.displacement(name))
    other = template.surface.values(meshes.displacement(mirror_name(name)))
    return np.asarray((own + other[template.mirror] * _FLIP_X) / 2.0, np.float64)


def mirror_name(name: str) -> str:
    """The movement of the mirrored face: ``eyeBlink_L`` -> ``eyeBlink_R``."""
    swaps = {"_L": "_R", "_R": "_L", "Left": "Right", "Right": "Left"}
    for end, other in swaps.items():
        if name.endswith(end):
            return name.removesuffix(end) + other
    return name


def _with_rigid_eyes(modes: Array, surface: Array, template: OpenTemplate) -> Array:
    """Eyeballs move and grow with a mode and keep their form."""
    modes = modes.copy()
    for side in (-1.0, 1.0):
        eye = np.flatnonzero((template.part == EYEBALL) & (surface[:, 0] * side > 0.0))
        centred = surface[eye] - surface[eye].mean(axis=0)
        shift = modes[:, eye].mean(axis=1, keepdims=True)  # (50, 1, 3)
        growth = ((modes[:, eye] - shift) * centred).sum(axis=(1, 2)) / (centred**2).sum()
        modes[:, eye] = shift + growth[:, None, None] * centred
    return modes


def _assemble(surface: Array, modes: Array, template: OpenTemplate) -> MorphableModel:
    marks = template.landmark_indices
    unit = _OUTER_EYE_MM / float(np.linalg.norm(surface[marks[36]] - surface[marks[45]]))
    eyes = surface[marks[[36, 39, 42, 45]]]
    nose = surface[marks[27:36]]
    origin = np.array([0.0, nose[:, 1].mean(), eyes[:, 2].mean()])
    mean = on_grid((surface - origin) * unit, _MEAN_STEP)
    moves = on_grid(modes * unit, _MODE_STEP)
    basis = np.concatenate([mean[None], moves])
    return MorphableModel(
        name=OPEN_NAME,
        basis=basis.reshape(len(basis), -1).astype(np.float32),
        coefficient_std=np.ones(len(modes), np.float32),
        landmark_indices=marks.astype(np.int32),
        triangles=template.triangles.astype(np.int32),
        uv=np.round(template.uv, 5).astype(np.float32),
        mirror=template.mirror.astype(np.int32),
        licence=_LICENCE,
        units="nominal mm",
    )
