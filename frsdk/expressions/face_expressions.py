"""What a face's landmarks say by name: blendshapes, closed eyes, an open mouth."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..rendering.face_protocol import checked_face
from .blendshape_solver import builtin_solver
from .blendshape_table import BLENDSHAPE_NAMES, WITH_NEUTRAL
from .eye_and_mouth import eyes_closed, mouth_open
from .neutral_face import NeutralFace


class FaceWithLandmarks(Protocol):
    """What names need of a face; :class:`~frsdk.Face` has it."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels."""


class FaceExpressions:
    """Base of `Face`: its expression by name.

    The landmarks alone are asked, so that any face model serves.
    """

    __slots__ = ()

    @property
    def blendshapes(self: FaceWithLandmarks) -> dict[str, float]:
        """ARKit's names that landmarks of a stranger show well -> 0..1.

        The 9 names that correlate with the truth in `frsdk-export facemodel blendshapes`; the
        others are left out, not guessed. :func:`~frsdk.blendshapes_of` has 23 more where the
        person's neutral face is known.
        """
        return blendshapes_of(self)

    @property
    def eyes_closed(self: FaceWithLandmarks) -> tuple[float, float]:
        """The person's left and right eye, 0 open to 1 closed.

        Linear between the openings (lids' over corners' distance) that people call open (0.25 and
        more) and closed (0.12 and less).
        """
        return eyes_closed(self.landmarks)

    @property
    def mouth_open(self: FaceWithLandmarks) -> float:
        """0 lips together to 1 jaw fully down (inner lips 0.37 of the eyes' outer distance)."""
        return mouth_open(self.landmarks)


def blendshapes_of(face: FaceWithLandmarks, neutral: NeutralFace | None = None) -> dict[str, float]:
    """A face's expression by ARKit's names.

    Args:
        face: With landmarks.
        neutral: What is known of the person's neutral face; more names can be told of it. One that
            has seen too few frames counts as None.

    Returns:
        Name -> 0..1, in the order of ARKit's capture apps; names that cannot be told are left out.

    Raises:
        InputError: It is no face.
    """
    checked_face(face)
    solver = builtin_solver()
    known = neutral is not None and neutral.ready
    shape = neutral.shape if neutral is not None and known else None
    weights = solver.weights(face.landmarks, shape)
    least = solver.table.grade >= WITH_NEUTRAL if known else solver.table.grade > WITH_NEUTRAL
    return {name: float(weights[k]) for k, name in enumerate(BLENDSHAPE_NAMES) if least[k]}
