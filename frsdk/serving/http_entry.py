"""The service's HTTP: routes, limits, answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any  # Ray Serve's handles, Starlette's requests

from .face_worker import Answer, refusal
from .loopback_replicas import listen_on_loopback
from .request_body import discard_rest, read_body
from .service_defaults import ServiceOptions
from .service_metrics import ServiceMetrics

_JSON = "application/json"
_TRIES = 3
_DISCARDED = 10  # times the limit, of a body that is refused
_READY_SECONDS = 5.0
_NAME_LENGTH = 1000


class HttpEntry:
    """Takes requests, and hands pictures to the workers.

    Routes: `POST /v1/faces`, `GET /healthz`, `GET /readyz`, `GET /metrics`.
    """

    def __init__(self, workers: Any, options: ServiceOptions) -> None:
        """Begin to take requests.

        Args:
            workers: Ray Serve's handle of the workers.
            options: Of the service.
        """
        listen_on_loopback()
        self._workers, self._options = workers, options
        self._metrics = ServiceMetrics()
        self._running, self._draining = 0, False

    async def __call__(self, request: Any) -> Any:
        """Answer one request."""
        from starlette.responses import Response

        body = request.stream()
        path, kind = request.url.path.rstrip("/"), _JSON
        headers = {}
        if path == "/v1/faces":
            answer = await self._counted(request, body)
        elif path == "/metrics":
            answer, kind = Answer(200, self._metrics.text()), "text/plain; version=0.0.4"
        elif path == "/healthz":
            answer = Answer(200, b'{"status": "alive"}')
        elif path == "/readyz":
            answer = await self._readiness()
        else:
            answer = refusal(404, f"no such path: POST a picture to /v1/faces ({path or '/'})")
        if answer.status == 405:
            headers["Allow"] = "POST"
        if answer.status == 503:
            headers["Retry-After"] = "1"
        if answer.status in (408, 413):
            headers["Connection"] = "close"  # the rest of the body may be left
        if answer.status >= 400 and request.method == "POST" and "expect" not in request.headers:
            await self._discard(body)
        return Response(answer.body, answer.status, headers, media_type=kind)

    async def drain(self) -> int:
        """Take no more pictures, and wait for those that run; returns how many were left."""
        self._draining = True
        end = time.monotonic() + self._options.drain_seconds
        while self._running and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return self._running

    async def _discard(self, body: AsyncIterator[bytes]) -> None:
        from starlette.requests import ClientDisconnect

        most = _DISCARDED * self._options.max_bytes
        with suppress(ClientDisconnect):
            await discard_rest(body, max_bytes=most, seconds=self._options.body_seconds)

    async def _counted(self, request: Any, body: AsyncIterator[bytes]) -> Answer:
        begin = time.monotonic()
        self._running += 1
        self._metrics.begun()
        answer = refusal(499, "the client went away")
        try:
            answer = await self._faces(request, body)
        finally:
            self._running -= 1
            self._metrics.ended(answer, time.monotonic() - begin)
        return answer

    async def _faces(self, request: Any, chunks: AsyncIterator[bytes]) -> Answer:
        from starlette.requests import ClientDisconnect

        if request.method != "POST":
            return refusal(405, "POST a picture")
        if self._draining:
            return refusal(503, "shutting down: ask another server")
        if self._running > self._options.max_waiting:
            return refusal(503, f"{self._options.max_waiting} requests wait already: try again")
        try:
            body = await read_body(
                chunks,
                {name.lower(): value for name, value in request.headers.items()},
                max_bytes=self._options.max_bytes,
                seconds=self._options.body_seconds,
            )
        except ClientDisconnect:
            return refusal(499, "the client went away")
        if isinstance(body, Answer):
            return body
        name = request.query_params.get("file", "")[:_NAME_LENGTH]
        return await self._from_worker(body, name)

    async def _from_worker(self, body: bytes, name: str) -> Answer:
        """The answer of a worker; of another one where it dies, then without other pictures."""
        from ray.exceptions import RayError

        reason = ""
        for number in range(_TRIES):
            call = self._workers.batched if number == 0 else self._workers.alone
            try:
                answer: Answer = await call.remote(body, name)
                return answer
            except RayError as error:
                reason = type(error).__name__
                await asyncio.sleep(0.2 * number)
        return refusal(500, f"the process that had the picture died, each time ({reason})")

    async def _readiness(self) -> Answer:
        if self._draining:
            return refusal(503, "shutting down")
        try:
            await asyncio.wait_for(_result(self._workers.ready.remote()), _READY_SECONDS)
        except asyncio.TimeoutError:
            return refusal(503, "no worker answers yet")
        return Answer(200, b'{"status": "ready"}')


async def _result(response: Any) -> Any:
    return await response
