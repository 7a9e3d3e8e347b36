"""How strict the accuracy gate is, by default."""

from __future__ import annotations

import math
from dataclasses import dataclass

from frsdk.errors import InputError

MAX_DROP_POINTS = 0.05


@dataclass(frozen=True, slots=True)
class GateOptions:
    """How strict the gate is.

    Attributes:
        max_drop: Percentage points of NME that an artefact may lose.
        allow_drop: Let one that loses more pass; what it loses is written down all the same.
        quick: Measure on half as many faces.
    """

    max_drop: float = MAX_DROP_POINTS
    allow_drop: bool = False
    quick: bool = False

    def __post_init__(self) -> None:
        """Check the limit.

        Raises:
            InputError: It is negative or not finite.
        """
        if not math.isfinite(self.max_drop) or self.max_drop < 0.0:
            raise InputError(
                f"expected a largest drop of 0 or more points of NME, got {self.max_drop}"
            )
