"""How much a tracker smooths, by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from ..errors import InputError


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Constants of the filters of one face: docs/guide/live.md says what each preset costs.

    Speeds are in face sizes a second; the size of a face is the square root of the area of its
    landmarks' box in a frontal view.

    Attributes:
        min_cutoff_hz: Cutoff frequency of pose and expression at rest.
        beta: What a speed of one face size a second adds to it, Hz.
        speed_cutoff_hz: Of the filter of the velocity.
        hold_s: Time in which a speed that is gone falls to 1/e.
        noise_knee: Times the noise's own speed: speeds below it count little.
        lead: Share of the pose's motion that is predicted, 0..1; 0 is a plain One Euro filter.
        identity_frames: Shape coefficients are the mean over as many frames at most.
    """

    min_cutoff_hz: float = 0.2
    beta: float = 160.0
    speed_cutoff_hz: float = 1.5
    hold_s: float = 0.8
    noise_knee: float = 1.0
    lead: float = 1.0
    identity_frames: int = 300

    def __post_init__(self) -> None:
        """Refuse impossible constants.

        Raises:
            InputError: A number is negative or not finite, a cutoff or time is 0, or `lead` is
                above 1.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"smoothing: expected {each.name} of 0 or more, got {value}")
        if not (self.speed_cutoff_hz and self.hold_s and self.identity_frames):
            raise InputError(
                "smoothing: expected speed_cutoff_hz, hold_s and identity_frames above 0"
            )
        if self.lead > 1:
            raise InputError(f"smoothing: expected lead of at most 1, got {self.lead}")


PRESETS = {
    "balanced": Smoothing(),
    "steady": Smoothing(min_cutoff_hz=0.05, beta=60.0, speed_cutoff_hz=1.0),
    "responsive": Smoothing(min_cutoff_hz=0.05, beta=250.0, speed_cutoff_hz=3.0, noise_knee=1.5),
}


def smoothing_from_option(option: str | Smoothing | None) -> Smoothing | None:
    """Constants by the name of a preset.

    Raises:
        InputError: No such preset.
    """
    if option is None or isinstance(option, Smoothing):
        return option
    if option not in PRESETS:
        names = ", ".join(map(repr, PRESETS))
        raise InputError(f"expected smoothing {names}, a Smoothing or None, got {option!r}")
    return PRESETS[option]
