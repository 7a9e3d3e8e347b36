"""Whether a face model is the one that a network's parameters belong to.

The digest of the content says it of a file. The same morphable model also comes with another
surface (3DDFA's 68 points, or the whole of the Basel Face Model) or rounded by another processor's
linear algebra: then the numbers at its 68 landmarks say it.
"""

from __future__ import annotations

import numpy as np

from ..errors import SpecError
from ..specs.model_spec import FaceModelRef
from .morphable_model import MorphableModel

_TOLERANCE = 1e-3  # of each row's norm; displacements stored as float16 move it by 3e-4


def reference_to(model: MorphableModel) -> FaceModelRef:
    """What a spec says of a face model."""
    return FaceModelRef(model.name, model.sha256, model.n_vertices, landmark_signature(model))


def fits(model: MorphableModel, wanted: FaceModelRef, *, surface: bool = False) -> bool:
    """Whether coefficients for ``wanted`` have the same meaning in ``model``.

    Args:
        model: The one at hand.
        wanted: The network's.
        surface: Whether the surfaces have to be the same as well.
    """
    if model.sha256 == wanted.sha256:
        return True
    if surface or wanted.landmark_signature is None:
        return False
    there, here = np.array(wanted.landmark_signature), np.array(landmark_signature(model))
    norms = np.maximum(here[::2], 1e-12).repeat(2)
    return bool((np.abs(there - here) <= _TOLERANCE * norms).all())


def check_fits(
    model: MorphableModel, wanted: FaceModelRef, source: str, *, surface: bool = False
) -> None:
    """Refuse another face model.

    Args:
        model: The one at hand.
        wanted: The network's.
        source: What the network is, for the message.
        surface: Whether the surfaces have to be the same as well.

    Raises:
        SpecError: It is another.
    """
    if not fits(model, wanted, surface=surface):
        other = "another version of it" if model.name == wanted.name else f"got {model.name}"
        raise SpecError(
            f"{source} is for face model {wanted.name} ({wanted.sha256[:12]}), {other} "
            f"({model.sha256[:12]}): pass face_model= (--face-model) the file of {wanted.name}"
        )


def landmark_signature(model: MorphableModel) -> tuple[float, ...]:
    """(102,) norm of the mean and of each mode at the landmarks, and its part along one vector."""
    rows = model.landmark_basis.astype(np.float64)  # (51, 204)
    along = rows @ np.cos(np.arange(rows.shape[1]))
    pairs = np.stack([np.linalg.norm(rows, axis=1), along], axis=1)
    return tuple(float(f"{value:.7g}") for value in pairs.reshape(-1))
