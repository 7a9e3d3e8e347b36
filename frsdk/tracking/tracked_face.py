"""One face in one frame of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..expressions.face_expressions import FaceExpressions
from ..face import Face, JsonValue, VertexDecoder
from ..imaging.roi import Roi
from ..morphable.head_pose import Pose
from ..morphable.morphable_model import MorphableModel
from ..rendering.face_outputs import FaceOutputs


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace(FaceOutputs, FaceExpressions):
    """A face with an identity through time; what a :class:`~frsdk.Face` has, smoothed.

    Attributes:
        id: Number of the person in this stream, from 0; none is used for two people.
        age_s: Seconds since the person was first seen.
        presence: How surely a face is where the landmarks are, 0..1.
        smooth: The smoothed face; `landmarks`, `pose`, `vertices` and the rest are its own.
        raw: What the network says of this frame alone.
    """

    id: int
    age_s: float
    presence: float
    smooth: Face = field(repr=False)
    raw: Face = field(repr=False)

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) float32 image pixels, iBUG's order."""
        return self.smooth.landmarks

    @property
    def pose(self) -> Pose:
        """Angles in degrees, scale and translation in image pixels."""
        return self.smooth.pose

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) float32 dense surface in image pixels, decoded at the first call, read-only."""
        return self.smooth.vertices

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) int32 corners of the surface."""
        return self.smooth.triangles

    @property
    def params(self) -> NDArray[np.float32]:
        """(62,) float32 in the frame of the crop that :attr:`roi` says."""
        return self.smooth.params

    @property
    def box(self) -> NDArray[np.float64]:
        """(4,) float64 box of the landmarks, x0, y0, x1, y1."""
        return self.smooth.box

    @property
    def roi(self) -> Roi:
        """The square that the network saw in this frame."""
        return self.smooth.roi

    @property
    def score(self) -> float:
        """The detector's score when the face was last detected, 0..1."""
        return self.smooth.score

    @property
    def face_model(self) -> MorphableModel:
        """What the parameters belong to."""
        return self.smooth.face_model

    @property
    def image_size_wh(self) -> tuple[int, int] | None:
        """Width, height of the frame."""
        return self.smooth.image_size_wh

    @property
    def crop_size(self) -> int:
        """Pixels of a side of the network's crop."""
        return self.smooth.crop_size

    @property
    def decoder(self) -> VertexDecoder | None:
        """What decodes the dense surface; None is the face model itself."""
        return self.smooth.decoder

    def draw(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Draw the face over a copy of the frame, as :meth:`frsdk.Face.draw` does."""
        return self.smooth.draw(image_bgr)

    def to_dict(self) -> dict[str, JsonValue]:
        """Everything but the dense surface as plain numbers, ready for JSON."""
        own: dict[str, JsonValue] = {
            "id": self.id,
            "age_s": float(self.age_s),
            "presence": float(self.presence),
        }
        return {**own, **self.smooth.to_dict()}
