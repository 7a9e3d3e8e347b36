"""The body of a request, within its limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from .face_worker import Answer, refusal


async def read_body(
    chunks: AsyncIterator[bytes],
    headers: dict[str, str],
    *,
    max_bytes: int,
    seconds: float,
) -> bytes | Answer:
    """Read a body.

    Args:
        chunks: Its parts as they arrive.
        headers: Of the request, names in small letters.
        max_bytes: The most that is taken.
        seconds: Within which it has to arrive.

    Returns:
        The body, or the answer that refuses it: 413 too large, 415 a form instead of the picture,
        408 it did not arrive in time, 400 it is empty.
    """
    too_large = refusal(413, f"at most {max_bytes} bytes are taken: send a smaller picture")
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > max_bytes:
        return too_large
    if headers.get("content-type", "").startswith("multipart/"):
        return refusal(415, "expected the picture itself as the body, got a form")
    try:
        body = await asyncio.wait_for(_at_most(chunks, max_bytes), seconds)
    except asyncio.TimeoutError:
        return refusal(408, f"the picture did not arrive within {seconds:g} s")
    if body is None:
        return too_large
    return body or refusal(400, "expected a picture as the body, got none")


async def discard_rest(chunks: AsyncIterator[bytes], *, max_bytes: int, seconds: float) -> None:
    """Read what is left of a body that is refused.

    A client that listens only after it has sent everything would lose the answer otherwise: the
    connection is reset where it is closed with bytes that nobody read.

    Args:
        chunks: As `read_body` had them.
        max_bytes: After which it is given up.
        seconds: Likewise.
    """
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(_passed_by(chunks, max_bytes), seconds)


async def _passed_by(chunks: AsyncIterator[bytes], max_bytes: int) -> None:
    passed = 0
    async for chunk in chunks:
        passed += len(chunk)
        if passed > max_bytes:
            return


async def _at_most(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes | None:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)
