"""Interpolation of landmark displacements over the template's surface."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from .sculpting.sculpt_reference import LANDMARK_MIRROR, FloatArray, IntArray
from .template_surface import Template

_SKIN = 0
_TENSION_LENGTH = 10.0  # mm beyond which the plate under tension is like a membrane
_TREND_STIFFNESS = 1.5  # weight of the penalty on the affine trend (see _trend)


def carry_modes(template: Template, landmark_modes: FloatArray) -> FloatArray:
    """Carry displacements of the 68 landmarks to every vertex.

    The field is a thin-plate spline under tension on the surface itself: it takes the given values
    at the landmarks and has the least squared surface Laplacian plus squared gradient (which keeps
    the forehead from overshooting) elsewhere, about an affine trend. As the
    plate is the skin, cut open at the mouth and the eyes, opposite lips and lids do not pull at
    each other. The inside of the mouth and the eyeballs follow their rims harmonically.

    Args:
        template: the surface.
        landmark_modes: (K, 68, 3) displacements in the template's unit.

    Returns:
        (K, N, 3) float64, equal to the given displacements at the landmarks.
    """
    weights = landmark_weights(template)
    modes = np.asarray(landmark_modes, dtype=np.float64)
    columns = modes.transpose(1, 0, 2).reshape(len(weights[0]), -1)  # (68, K * 3)
    carried = (weights @ columns).reshape(len(weights), len(modes), 3)  # (N, K, 3)
    carried[template.landmark_indices] = modes.transpose(1, 0, 2)
    return np.ascontiguousarray(carried.transpose(1, 0, 2))


def landmark_weights(template: Template) -> FloatArray:
    """Return (N, 68) weights of the landmarks' displacements in each vertex's; rows sum to one."""
    count = len(template.vertices)
    skin = np.flatnonzero(template.region == _SKIN).astype(np.int32)
    place = np.full(count, -1, dtype=np.int32)
    place[skin] = np.arange(len(skin))
    on_skin = template.triangles[np.all(template.region[template.triangles] == _SKIN, axis=1)]
    stiffness, area = laplacian(template.vertices[skin], place[on_skin])
    bending = stiffness @ sparse.diags(1.0 / area) @ stiffness
    plate = (bending + stiffness / _TENSION_LENGTH**2).tocsc()
    marks = place[template.landmark_indices]
    response, energy = _response(plate, marks)
    linear = _linear_terms(template.vertices[skin], template.vertices[template.landmark_indices])
    weights = np.zeros((count, len(marks)))
    weights[skin] = response + (linear - response @ linear[marks]) @ _trend(energy, linear[marks])
    weights = _fill_patches(template, weights, skin)
    weights[template.landmark_indices] = np.eye(len(marks))
    mirrored = weights[template.mirror][:, LANDMARK_MIRROR]
    symmetric: FloatArray = (weights + mirrored) / 2
    return symmetric


def laplacian(vertices: FloatArray, triangles: IntArray) -> tuple[sparse.csc_matrix, FloatArray]:
    """Return the cotangent stiffness matrix (n, n), positive semi-definite, and vertex areas.

    Pinkall and Polthier, "Computing discrete minimal surfaces and their conjugates" (1993).
    """
    count = len(vertices)
    rows, columns, values = [], [], []
    for corner in range(3):
        a, b, c = (triangles[:, (corner + k) % 3] for k in range(3))
        to_b, to_c = vertices[b] - vertices[a], vertices[c] - vertices[a]
        doubled_area = np.linalg.norm(np.cross(to_b, to_c), axis=1)
        half_cot = 0.5 * np.sum(to_b * to_c, axis=1) / doubled_area
        rows += [b, c, b, c]
        columns += [c, b, b, c]
        values += [-half_cot, -half_cot, half_cot, half_cot]
    index = (np.concatenate(rows), np.concatenate(columns))
    stiffness = sparse.csc_matrix((np.concatenate(values), index), shape=(count, count))
    third = np.repeat(doubled_area / 6, 3)
    return stiffness, np.bincount(triangles.ravel(), third, minlength=count).astype(np.float64)


def _response(bending: sparse.csc_matrix, marks: IntArray) -> tuple[FloatArray, FloatArray]:
    """Least-energy fields (n, 68) of unit landmark displacements, and their energies (68, 68)."""
    count = bending.shape[0]
    free = np.setdiff1d(np.arange(count), marks)
    coupling = bending[free][:, marks]
    solved = splu(bending[free][:, free].tocsc()).solve(-coupling.toarray())
    response = np.zeros((count, len(marks)))
    response[marks] = np.eye(len(marks))
    response[free] = solved
    energy = bending[marks][:, marks].toarray() + coupling.T @ solved
    return response, (energy + energy.T) / 2


def _linear_terms(vertices: FloatArray, landmarks: FloatArray) -> FloatArray:
    """(n, 4): one, x, y and z, the coordinates about the landmarks' centre in units of 50 mm."""
    centred = (vertices - landmarks.mean(axis=0)) / 50.0
    return np.concatenate([np.ones((len(vertices), 1)), centred], axis=1)


def _trend(energy: FloatArray, linear: FloatArray) -> FloatArray:
    """(4, 68) map to the affine trend about which the least bending remains.

    Universal kriging's estimate with a ridge on the gradient: where the landmarks do not ask for
    an affine change, there is none, so that a dropping jaw does not stretch the forehead.
    """
    normal = linear[:, 1:].T @ energy @ linear[:, 1:]
    ridge = _TREND_STIFFNESS * np.diag(np.diag(normal))
    gradient = np.linalg.solve(normal + ridge, linear[:, 1:].T @ energy)
    return np.concatenate([np.zeros((1, len(linear))), gradient])


def _fill_patches(template: Template, weights: FloatArray, skin: IntArray) -> FloatArray:
    """Extend the weights from the rims into the eyeballs and the inside of the mouth."""
    inside = np.flatnonzero(template.region != _SKIN)
    stiffness, _ = laplacian(template.vertices, template.triangles)
    coupled = stiffness[inside][:, skin] @ weights[skin]
    filled = weights.copy()
    filled[inside] = splu(stiffness[inside][:, inside].tocsc()).solve(-coupled)
    return filled
