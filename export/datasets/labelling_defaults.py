"""How a teacher looks at the faces that it labels, by default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """How a teacher looks at a face.

    Attributes:
        crops: Jittered crops, each also mirrored; the first is not jittered.
        scale: Of the crop's side, +-.
        shift: Share of the crop's side, +-.
        largest_spread: Faces whose members disagree more (root mean square distance to the median,
            share of the ROI side) are left out.
        seed: Of the jitter.
        least_turn_deg: Faces that look less far past the camera, sideways or up and down, are left
            out.
    """

    crops: int = 10
    scale: float = 0.06
    shift: float = 0.04
    largest_spread: float = 0.02
    seed: int = 0
    least_turn_deg: float = 0.0
