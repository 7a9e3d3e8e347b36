"""Numbers that callers give as options: refused in one line where they are none."""

from __future__ import annotations

import math
import operator
from typing import SupportsFloat, SupportsIndex, cast

from ..errors import InputError


def whole_number(name: str, value: object, least: int) -> int:
    """A whole number, or `InputError`.

    Args:
        name: The option, for the message.
        value: What was given.
        least: The smallest allowed.
    """
    try:
        number = operator.index(cast("SupportsIndex", value))
    except TypeError:
        raise InputError(f"expected {name} as a whole number, got {value!r}") from None
    if number < least:
        raise InputError(f"expected {name} >= {least}, got {value}")
    return number


def finite_number(name: str, value: object, least: float, most: float = math.inf) -> float:
    """A finite number within bounds, or `InputError`.

    Args:
        name: The option, for the message.
        value: What was given.
        least: The smallest allowed.
        most: The largest allowed.
    """
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(cast("SupportsFloat", value))
    except (TypeError, ValueError):
        raise InputError(f"expected {name} as a number, got {value!r}") from None
    if not (least <= number <= most and math.isfinite(number)):
        bounds = f">= {least:g}" if most == math.inf else f"in {least:g}..{most:g}"
        raise InputError(f"expected {name} {bounds}, got {value}")
    return number
