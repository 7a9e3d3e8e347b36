"""Numbers that callers give as options: refused in one line where they are none."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
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


def whole_numbers(name: str, values: object, least: int) -> list[int]:
    """One whole number or more, or `InputError`.

    Args:
        name: The option, for the message.
        values: What was given.
        least: The smallest allowed.
    """
    if not isinstance(values, Iterable):
        raise InputError(f"expected {name} as a list of whole numbers, got {values!r}")
    numbers = [whole_number(name, each, least) for each in values]
    if not numbers:
        raise InputError(f"expected {name} of one whole number or more, got none")
    return numbers


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
        if least == -math.inf:
            bounds = "as a finite number"
        raise InputError(f"expected {name} {bounds}, got {value}")
    return number
