"""Times of frames that only run forward."""

from __future__ import annotations

_SAME_S = 1e-6  # nearer than this, two stamps are one
_SMALLEST_STEP_S = 0.001
_JUMP_S = 1.0
_DAY_S = 86_400.0


class FrameClock:
    """Turns presentation times, as files have them, into times that strictly increase.

    A frame without a time follows the last one by the nominal duration. One at or a little before
    the last one (up to a second: a repeated stamp, a muxer's slip) comes a millisecond after it.
    One further back is a cut, as where recordings were joined: from there on time goes on from the
    last frame; so is a jump of over a day forward. Shorter ones are pauses and kept.
    """

    def __init__(self, *, start_s: float, nominal_s: float) -> None:
        """Set the file's time that counts as 0 and the nominal duration of a frame, in seconds."""
        self._shift_s = -start_s
        self._nominal_s = nominal_s
        self._last_s: float | None = None
        self.corrected = 0

    def time_s(self, presented_s: float | None) -> float:
        """The time of the next frame, in seconds from the start.

        Args:
            presented_s: Its time in the file, or None where it has none.
        """
        last = self._last_s
        if presented_s is None:
            time = 0.0 if last is None else last + self._nominal_s
            self.corrected += 1
        else:
            time = presented_s + self._shift_s
            if last is None:
                if not 0 <= time <= _DAY_S:
                    self._shift_s -= max(time, 0.0)
                    time = 0.0
            elif not last - _JUMP_S < time <= last + _DAY_S:
                self._shift_s += last + self._nominal_s - time
                time = last + self._nominal_s
                self.corrected += 1
            elif time < last + _SAME_S:
                time = last + _SMALLEST_STEP_S
                self.corrected += 1
        self._last_s = time
        return time
