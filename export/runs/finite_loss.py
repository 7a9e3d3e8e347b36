"""A loss that is no number any more ends a run."""

from __future__ import annotations

import math

from frsdk.errors import InputError


def check_finite_loss(loss: float, step: int) -> None:
    """Refuse to go on; what was saved before stays.

    Raises:
        InputError: The loss is infinite or NaN.
    """
    if not math.isfinite(loss):
        raise InputError(
            f"the loss is {loss} at step {step}: use an empty --output with a lower "
            "--learning-rate, or look at the labels"
        )
