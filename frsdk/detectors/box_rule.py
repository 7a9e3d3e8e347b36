"""From a detector's box to the network's square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..imaging.roi import Roi


@dataclass(frozen=True, slots=True)
class BoxRule:
    """How the network's square follows from a detector's box.

    With m the longer side of the box: the square's side is scale * m, and its centre is the box's
    centre + (shift_x, shift_y) * m, x right and y down.
    """

    scale: float
    shift_x: float = 0.0
    shift_y: float = 0.0


DEFAULT_BOX_RULE = BoxRule(scale=1.12, shift_x=0.0, shift_y=0.117)
"""For `boxes=` and detectors without a rule of their own: boxes from the middle of the forehead to
the chin, as the WIDER FACE data set and detectors trained on it (YuNet, fitted there) draw them."""


def roi_from_box(
    box_xyxy: Sequence[float], rule: BoxRule = DEFAULT_BOX_RULE, *, roll_deg: float = 0.0
) -> Roi:
    """The network's square for a detector's box.

    Args:
        box_xyxy: x0, y0, x1, y1 in image pixels with x1 > x0 and y1 > y0.
        rule: How the detector's boxes lie on faces.
        roll_deg: Roll of the face, positive clockwise in the image.

    Raises:
        InputError: The box is not four numbers.
    """
    try:
        x0, y0, x1, y1 = (float(value) for value in box_xyxy)
    except (TypeError, ValueError):
        raise InputError(f"expected a box x0, y0, x1, y1, got {box_xyxy!r}") from None
    longer = max(x1 - x0, y1 - y0)
    # The shift is stated in the face's own frame, which roll turns about the box's centre.
    cos, sin = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    shift_x = rule.shift_x * cos - rule.shift_y * sin
    shift_y = rule.shift_x * sin + rule.shift_y * cos
    side = rule.scale * longer
    return Roi(
        x0=(x0 + x1) / 2 + shift_x * longer - side / 2,
        y0=(y0 + y1) / 2 + shift_y * longer - side / 2,
        side=side,
        roll_deg=roll_deg,
    )
