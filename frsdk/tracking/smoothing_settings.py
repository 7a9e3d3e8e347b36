"""How much a tracker smooths, by name."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Constants of the filters of one face.

    Attributes:
        min_cutoff_hz: Cutoff frequency of the pose at rest.
        beta: What a speed of one face size a second adds to it, Hz.
        derivative_cutoff_hz: Of the speed.
        lead: Share of the motion that is predicted, 0..1.
        identity_frames: The identity is the mean of this many frames, at most.
    """

    min_cutoff_hz: float = 0.05
    beta: float = 80.0
    derivative_cutoff_hz: float = 1.0
    lead: float = 1.0
    identity_frames: int = 300


PRESETS = {"balanced": Smoothing()}


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
