"""Bodies of requests: whole, too large, too late, none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from frsdk.serving.face_worker import Answer
from frsdk.serving.request_body import discard_rest, read_body


def read(parts: list[bytes], headers: dict[str, str], pause_s: float = 0.0) -> bytes | Answer:
    async def chunks() -> AsyncIterator[bytes]:
        for part in parts:
            await asyncio.sleep(pause_s)
            yield part

    async def main() -> bytes | Answer:
        return await read_body(chunks(), headers, max_bytes=10, seconds=0.2)

    return asyncio.run(main())


def status(found: bytes | Answer) -> int:
    assert isinstance(found, Answer) and b'{"error": "' in found.body
    return found.status


def test_a_body_comes_in_parts() -> None:
    assert read([b"abc", b"", b"defg"], {"content-length": "7"}) == b"abcdefg"
    assert read([b"0123456789"], {}) == b"0123456789"


def test_limits_have_their_own_status() -> None:
    assert status(read([], {"content-length": "11"})) == 413  # before a byte was read
    assert status(read([b"012345", b"6789", b"0"], {})) == 413  # without a length, too
    assert status(read([b"a", b"b"], {}, pause_s=5.0)) == 408
    assert status(read([], {})) == 400
    assert status(read([b"a"], {"content-type": "multipart/form-data; boundary=x"})) == 415


def left_after_discarding(count: int, pause_s: float = 0.0) -> int:
    left = count

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal left
        while left:
            await asyncio.sleep(pause_s)
            left -= 1
            yield b"0123456789"

    async def main() -> None:
        body = chunks()
        assert (
            status(await read_body(body, {"content-length": "99"}, max_bytes=9, seconds=1)) == 413
        )
        await discard_rest(body, max_bytes=100, seconds=0.2)

    asyncio.run(main())
    return left


def test_what_is_refused_is_read_to_its_end() -> None:
    assert left_after_discarding(10) == 0
    assert left_after_discarding(1000) == 1000 - 11  # within limits
    assert left_after_discarding(3, pause_s=5.0) == 3
