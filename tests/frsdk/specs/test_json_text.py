"""JSON as damaged files have it."""

from __future__ import annotations

import json
import math

import pytest

from frsdk.specs.json_text import parse_json


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "{", "", "[1,]", "9" * 400, '["\\uD800"]']
)
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_numbers_fit_a_float() -> None:
    document = {"a": [1, -2.5, 10**299], "b": "\U0001f600"}
    assert parse_json(json.dumps(document)) == document
    assert math.isnan(parse_json("NaN"))
    for text in ("NaN", "[Infinity]", "-1e999"):
        with pytest.raises(ValueError, match="not finite"):
            parse_json(text, finite=True)


def test_objects_may_be_checked_as_they_come() -> None:
    assert parse_json('{"a": 1, "a": 2}', pairs=len) == 2
