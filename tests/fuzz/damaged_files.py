"""How files are damaged, and what readers may do with them."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from frsdk.errors import FrsdkError


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes:
        seeds: Good files, which the reader takes.
        suffix: Of the file's name.
        read: Reads a path; raises a FrsdkError (or what `refusals` names) for what it refuses.
        refusals: Errors of modules below the public ones, which their callers turn into one line.
        text: Whether the file is a text of numbers and names, which is damaged as such, too.
    """

    seeds: Callable[[], list[bytes]]
    suffix: str
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...] = (FrsdkError,)
    text: bool = False

    def damaged(self, rng: random.Random) -> bytes:
        """A good file after a few edits."""
        content = rng.choice(_good_files(self))
        if self.text and rng.random() < 0.5:
            content = with_wrong_words(content, rng)
            if rng.random() < 0.7:
                return content
        return damaged(content, rng)


@functools.cache
def _good_files(reader: Reader) -> list[bytes]:
    return reader.seeds()


_WORD = re.compile(rb'"[^"]*"|[-+.\w]+|[\[\]{}]')
_WRONG_WORDS = (
    b"0", b"-1", b"1.5", b"1e-400", b"1e999", b"-1e999", b"9" * 20, b"9" * 400, b"9" * 5000,
    b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}", b"[1]", b'""', b'"x"', b'"a\\nb"',
    b'"\\ud800"', b"[" * 20_000, b'{"a":' * 20_000, b"\xef\xbb\xbf", b"\x00", b"\xff", b",", b"",
)  # fmt: skip


def with_wrong_words(content: bytes, rng: random.Random) -> bytes:
    """One or two words of a text replaced: numbers at their ends, other types, names, nesting."""
    for _ in range(rng.choice((1, 1, 2))):
        words = list(_WORD.finditer(content))
        if not words:
            return content
        first, last = rng.choice(words).span()
        other = content[slice(*rng.choice(words).span())]
        word = rng.choice((*_WRONG_WORDS, other))
        content = content[:first] + word + content[last:]
    return content


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A few edits: bits, bytes, numbers at their ends, parts cut, doubled, moved or zeroed."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            break
        at = rng.randrange(len(data))
        if rng.random() < 0.5:  # headers lie in front and decide more
            at = min(at, rng.randrange(min(len(data), 512)))
        length = rng.choice((1, 2, 4, 8, 16, 64, 512))
        kind = rng.randrange(9)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind == 2:
            number = rng.choice((0, 1, -1, 2**31 - 1, -(2**31), 2**16, 2**24, 255))
            data[at : at + 4] = (number % 2**32).to_bytes(4, rng.choice(("little", "big")))
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length]
        elif kind == 5:
            data[at : at + length] = bytes(min(length, len(data) - at))
        elif kind == 6:
            del data[at:]
        elif kind == 7:
            data[at : at + length] = rng.randbytes(length)
        else:
            other = rng.randrange(len(data))
            data[at : at + length] = data[other : other + length]
    return bytes(data)


def try_once(reader: Reader, path: Path, content: bytes) -> str:
    """Read a damaged file: "read", "refused", or what escaped."""
    path.write_bytes(content)
    try:
        reader.read(path)
    except reader.refusals as error:
        text = str(error)
        return "refused" if text and "\n" not in text else f"message of several lines: {text!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "read"
