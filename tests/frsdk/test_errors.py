"""Messages are one line, whatever they quote."""

from __future__ import annotations

from frsdk.errors import InputError


def test_line_breaks_in_quoted_names_become_spaces() -> None:
    error = InputError("labels.json: a\nb\r\nc\u2028d.jpg: expected 68 points")
    assert str(error) == "labels.json: a b c d.jpg: expected 68 points"
    assert str(InputError()) == ""
