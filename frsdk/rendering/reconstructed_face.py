"""What textures, pictures and meshes need of a reconstructed face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..morphable.head_pose import Pose
    from ..morphable.morphable_model import MorphableModel


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
