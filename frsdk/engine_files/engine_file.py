"""Engine files: a header that says what a TensorRT plan is, then the plan.

A plan is executable code, so nothing of it is handed on before every byte of the file was checked::

    offset  bytes  content
    0       8      magic
    8       4      format version, little-endian
    12      4      length of the header, little-endian
    16      32     SHA-256 of the header
    48      n      header: canonical JSON of EngineHeader, with the plan's SHA-256 and length
    48 + n  m      plan

The digests find damage and edits by accident. They are no signature: whoever can write a plan can
write its digests too. Load engines that you built, or whose maker you trust.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import BackendError
from ..storage.atomic_write import atomic_write
from .engine_header import EngineHeader

MAGIC = b"\x93FRSDK\r\n"  # the line break shows a transfer that rewrites them
FORMAT_VERSION = 1

_PREFIX = struct.Struct("<8sII32s")
_MAX_HEADER_BYTES = 1 << 20
_REMEDY = "build it again with frsdk-build, or copy it again"


@dataclass(frozen=True, slots=True)
class EngineFile:
    """A checked engine file: the header and the plan."""

    header: EngineHeader
    plan: bytes


def write_engine(path: str | os.PathLike[str], header: EngineHeader, plan: bytes) -> EngineHeader:
    """Write an engine file atomically.

    Args:
        path: Destination; an existing file is replaced.
        header: What the plan is; its digest and length are filled in here.
        plan: The serialised engine.

    Returns:
        The header as written.

    Raises:
        OutputError: The file cannot be written; the destination is as it was.
        BackendError: The plan is empty, or the header too long.
    """
    if not plan:
        raise BackendError(f"{path}: the plan is empty: nothing was written")
    header = header.replace(plan_sha256=hashlib.sha256(plan).hexdigest(), plan_bytes=len(plan))
    text = header.to_json().encode("ascii")
    if len(text) > _MAX_HEADER_BYTES:
        raise BackendError(
            f"{path}: the header takes {len(text)} bytes, at most {_MAX_HEADER_BYTES} are allowed: "
            "shorten the spec's free-form fields"
        )
    prefix = _PREFIX.pack(MAGIC, FORMAT_VERSION, len(text), hashlib.sha256(text).digest())

    def write(file: BinaryIO) -> None:
        for part in (prefix, text, plan):
            file.write(part)

    atomic_write(path, write)
    return header


def read_engine(path: str | os.PathLike[str]) -> EngineFile:
    """Read an engine file and check every byte of it.

    Raises:
        BackendError: The file is missing, no engine file, of a newer format, truncated, longer than
            it says, or altered; one line with the remedy.
        SpecError: The header is not what frsdk writes.
    """
    file = Path(path)
    try:
        with file.open("rb") as handle:
            # The header is checked before memory is taken for what follows.
            header, start = _checked_header(
                handle.read(_PREFIX.size + _MAX_HEADER_BYTES), str(file)
            )
            length = handle.seek(0, os.SEEK_END) - start
            if length != header.plan_bytes:
                kind = "truncated" if length < header.plan_bytes else "followed by other bytes"
                raise BackendError(
                    f"{file}: the plan is {kind}: expected {header.plan_bytes} bytes, got "
                    f"{length}: {_REMEDY}"
                )
            handle.seek(start)
            plan = handle.read()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BackendError(
            f"{file}: cannot be read ({reason}): give the path of an .engine file"
        ) from error
    digest = hashlib.sha256(plan).hexdigest()
    if digest != header.plan_sha256:
        raise BackendError(
            f"{file}: the plan was altered: expected SHA-256 {header.plan_sha256[:12]}, "
            f"got {digest[:12]}: {_REMEDY}"
        )
    return EngineFile(header, plan)


def _checked_header(content: bytes, source: str) -> tuple[EngineHeader, int]:
    """The header, and where the plan starts."""
    if content[: len(MAGIC)] != MAGIC[: len(content)] or not content:
        raise BackendError(
            f"{source}: not an engine file of frsdk (a bare TensorRT plan does not say where it "
            "runs): build one with frsdk-build"
        )
    if len(content) < _PREFIX.size:
        raise BackendError(f"{source}: truncated within its first bytes: {_REMEDY}")
    _, version, length, digest = _PREFIX.unpack_from(content)
    if version != FORMAT_VERSION:
        remedy = "pip install -U frsdk" if version > FORMAT_VERSION else _REMEDY
        raise BackendError(
            f"{source}: expected engine file format {FORMAT_VERSION}, got {version}: {remedy}"
        )
    start = _PREFIX.size + length
    if not 0 < length <= _MAX_HEADER_BYTES:
        raise BackendError(f"{source}: the header's length {length} is impossible: {_REMEDY}")
    if start > len(content):
        raise BackendError(f"{source}: truncated within its header: {_REMEDY}")
    text = content[_PREFIX.size : start]
    if hashlib.sha256(text).digest() != digest:
        raise BackendError(f"{source}: the header was altered: {_REMEDY}")
    try:
        decoded = text.decode("ascii")
    except UnicodeDecodeError as error:
        raise BackendError(f"{source}: the header is not ASCII: {_REMEDY}") from error
    return EngineHeader.from_json(decoded, source=source), start
