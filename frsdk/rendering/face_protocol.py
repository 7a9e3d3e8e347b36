"""What textures, pictures and meshes need of a reconstructed face."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

if TYPE_CHECKING:
    from ..morphable.head_pose import Pose
    from ..morphable.morphable_model import MorphableModel

AnyFace = TypeVar("AnyFace")


class ReconstructedFace(Protocol):
    """What the outputs need of a face; :class:`~frsdk.Face` has it."""

    @property
    def params(self) -> NDArray[np.float32]:
        """(62,)."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels."""

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) image pixels."""

    @property
    def pose(self) -> Pose:
        """Rotation, scale, translation."""

    @property
    def face_model(self) -> MorphableModel:
        """The face model."""

    @property
    def image_size_wh(self) -> tuple[int, int] | None:
        """Width, height of the photograph."""


def listed_faces(faces: Iterable[AnyFace]) -> list[AnyFace]:
    """The faces of an argument.

    Args:
        faces: Whatever a caller passed; a list of objects with landmarks passes.

    Raises:
        InputError: It is one face, or holds something else.
    """
    if not isinstance(faces, Iterable):
        remedy = ": pass [face]" if hasattr(faces, "landmarks") else ""
        raise InputError(f"expected a list of faces, got one {type(faces).__name__}{remedy}")
    return [checked_face(face) for face in faces]


def checked_face(face: AnyFace) -> AnyFace:
    """The face of an argument.

    Raises:
        InputError: It is something else.
    """
    if not hasattr(face, "landmarks"):
        raise InputError(
            f"expected a face, as FaceReconstructor returns them, got {type(face).__name__}"
        )
    return face
