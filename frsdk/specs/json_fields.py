"""Specs as JSON: checked fields out of an object, and one line of text back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar  # Any: values of a JSON document, each checked where it is taken

from ..errors import SpecError
from .json_text import parse_json

_NOTHING: Any = object()
_FieldsT = TypeVar("_FieldsT", bound="JsonFields")


class JsonFields:
    """One JSON object of a spec, from which each known field is taken once.

    What is left at the end are the optional fields of later versions: :attr:`rest`. A subclass for
    another kind of document says what messages call it and what mends it.
    """

    _noun = "spec"
    _remedy = "export it again"

    def __init__(self, value: object, source: str, path: str = "") -> None:
        """Wrap a parsed value.

        Args:
            value: What should be a JSON object.
            source: The file, for messages.
            path: Where the object lies in the document, for messages.

        Raises:
            SpecError: It is not an object.
        """
        self._source, self._path = source, path
        if not isinstance(value, dict):
            where = f"{self._noun} field {path}" if path else f"the {self._noun}"
            raise SpecError(f"{source}: {where} is not a JSON object: {self._remedy}")
        self._left: dict[str, Any] = dict(value)

    @classmethod
    def from_text(cls: type[_FieldsT], text: str, source: str) -> _FieldsT:
        """Parse a document.

        Raises:
            SpecError: It is not JSON, or not an object.
        """
        try:
            value = parse_json(text, finite=True)
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise SpecError(
                f"{source}: the {cls._noun} is not JSON ({reason}): {cls._remedy}"
            ) from error
        return cls(value, source)

    @property
    def rest(self) -> dict[str, Any]:
        """The fields that nobody took."""
        return self._left

    def part(self, name: str, default: Any = _NOTHING) -> JsonFields:
        """A nested object."""
        return type(self)(self._take(name, default), self._source, self._full(name))

    def text(self, name: str, default: Any = _NOTHING, *, empty: bool = False) -> str:
        """A string, which may be empty only where `empty` says so."""
        value = self._take(name, default)
        if not isinstance(value, str) or not (value or empty):
            self.refuse(name, "a text", value)
        return str(value)

    def choice(self, name: str, choices: Iterable[str], default: Any = _NOTHING) -> str:
        """One of some strings."""
        value, allowed = self._take(name, default), tuple(choices)
        if not isinstance(value, str) or value not in allowed:
            self.refuse(name, " or ".join(map(repr, allowed)), value)
        return str(value)

    def integer(self, name: str, *, minimum: int) -> int:
        """A whole number."""
        value = self._take(name)
        if not _is_integer(value) or value < minimum:
            self.refuse(name, f"a whole number of at least {minimum}", value)
        return int(value)

    def integers(self, name: str, default: Any = _NOTHING) -> tuple[int, ...]:
        """A list of positive whole numbers."""
        values = self._take(name, default)
        usable = isinstance(values, list | tuple) and all(_is_integer(v) for v in values)
        if not usable or any(value < 1 for value in values):
            self.refuse(name, "a list of positive whole numbers", values)
        return tuple(values)

    def numbers(
        self, name: str, length: int, default: Any = _NOTHING, *, positive: bool = False
    ) -> tuple[float, ...]:
        """A list of finite numbers."""
        values = self._take(name, default)
        if not isinstance(values, list | tuple) or len(values) != length:
            self.refuse(name, f"{length} numbers", values)
        if not all(_is_number(value) for value in values):
            self.refuse(name, "finite numbers", values)
        numbers = tuple(float(value) for value in values)
        if positive and min(numbers) <= 0.0:
            self.refuse(name, "positive numbers", min(numbers))
        return numbers

    def number(self, name: str, default: Any = _NOTHING) -> float:
        """A finite number."""
        value = self._take(name, default)
        if not _is_number(value):
            self.refuse(name, "a finite number", value)
        return float(value)

    def number_or_none(self, name: str) -> float | None:
        """A finite number, or nothing."""
        return self.number(name) if self.optional(name) else None

    def mapping(self, name: str, default: Any = _NOTHING) -> dict[str, Any]:
        """A free-form object."""
        value = self._take(name, default)
        if not isinstance(value, dict):
            self.refuse(name, "an object", value)
        return dict(value)

    def optional(self, name: str) -> bool:
        """Whether the field is there and not null; a null is taken."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return False
        return True

    def refuse(self, name: str, expected: str, got: object) -> None:
        """Say what is wrong with a field.

        Raises:
            SpecError: Always.
        """
        shown = repr(got)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        raise SpecError(
            f"{self._source}: {self._noun} field {self._full(name)}: expected {expected}, "
            f"got {shown}: {self._remedy}"
        )

    def _take(self, name: str, default: Any = _NOTHING) -> Any:
        if name in self._left:
            return self._left.pop(name)
        if default is _NOTHING:
            raise SpecError(
                f"{self._source}: the {self._noun} lacks {self._full(name)!r}: {self._remedy}"
            )
        return default

    def _full(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def json_line(document: Mapping[str, Any]) -> str:
    """One line of JSON with sorted keys: equal documents give equal text.

    Raises:
        SpecError: A field holds something that JSON has not, such as NaN.
    """
    try:
        return json.dumps(document, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SpecError(f"a spec holds finite JSON values only: {error}") from error


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    # The limit keeps whole numbers that overflow a float out.
    return (_is_integer(value) or isinstance(value, float)) and abs(value) < 1e300  # type: ignore[arg-type]  # a number by now
