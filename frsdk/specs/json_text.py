"""Parse JSON of files that anybody may have written or damaged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any  # values of a JSON document

from ..errors import InputError

_MOST_DIGITS = 300  # of a whole number: more overflow a float


def parse_json(
    text: str,
    *,
    finite: bool = False,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """What a text of JSON holds; all its texts can be written as UTF-8 again.

    Args:
        text: The document.
        finite: Refuse NaN, Infinity and fractions that overflow to it.
        pairs: Makes each object of its pairs; None makes dictionaries.

    Raises:
        ValueError: Not JSON, nested too deep, a number is not finite or larger than a float can
            be, or half a character (a lone surrogate).
    """
    number = finite_number if finite else None
    try:
        value = json.loads(
            text,
            parse_float=number,
            parse_constant=number,
            parse_int=_integer,
            object_pairs_hook=pairs,
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def json_of_file(path: Path, *, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """What a file of JSON holds.

    Args:
        path: The file.
        pairs: As `parse_json` takes it.

    Raises:
        InputError: The file cannot be read, or is not JSON.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8"), pairs=pairs)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file ({error})") from error


def finite_number(value: Any) -> float:
    """A number, or its text, as a float.

    Raises:
        ValueError: No number, NaN or infinite.
        TypeError: Neither a number nor a text.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the number {str(value)[:40]} is not finite")
    return number


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)
