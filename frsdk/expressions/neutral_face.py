"""A person's neutral face, learned from frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .blendshape_solver import builtin_solver

Array = NDArray[np.float64]

_FRAMES = 15  # until it is believed
_MEMORY = 300  # frames over which it adapts
_MAX_CHANGE_MM = 12.0  # of a landmark, root mean square, from an average face: not a face


class NeutralFace:
    """Learns one person's neutral landmarks: what is left of each frame without its expression.

    Give it each frame of one person (`add`), then `blendshapes_of(face, neutral)` tells more names,
    more surely. A person who never relaxes is learned with that expression.

    Attributes:
        frames: Frames seen so far.
    """

    def __init__(self) -> None:
        self.frames = 0
        self._mean: Array = np.array(builtin_solver().neutral)

    @property
    def ready(self) -> bool:
        """Whether enough frames were seen (15)."""
        return self.frames >= _FRAMES

    @property
    def shape(self) -> Array:
        """(68, 3) neutral landmarks, y up, nominal mm (outer eye corners about 90 apart).

        Read-only.
        """
        view = self._mean.view()
        view.setflags(write=False)
        return view

    def add(self, landmarks: NDArray[np.floating]) -> None:
        """Learn from one frame.

        Args:
            landmarks: (68, 3) as `Face.landmarks`; frames of one person only.

        Raises:
            InputError: Another shape, or points that are no face.
        """
        solver = builtin_solver()
        weights = solver.weights(landmarks)
        moved = np.tensordot(weights, solver.displacement, 1)
        rest = solver.aligned(landmarks, toward=solver.neutral + moved) - moved
        change = np.sqrt(np.square(rest - solver.neutral).sum() / len(rest))
        if change > _MAX_CHANGE_MM:
            raise InputError(f"landmarks {change:.0f} mm from any face: give those of a face")
        share = 1.0 / min(self.frames + 1, _MEMORY)
        self._mean = self._mean + share * (rest - self._mean)
        self.frames += 1
