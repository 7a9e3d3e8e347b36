"""Routes and refusals of the service, with stand-ins for its workers: no process is started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from frsdk.serving.face_worker import Answer
from frsdk.serving.http_entry import HttpEntry
from frsdk.serving.service_defaults import ServiceOptions

exceptions = pytest.importorskip("ray.exceptions", reason="needs Ray (frsdk[ray])")
requests = pytest.importorskip("starlette.requests", reason="needs starlette (frsdk[ray])")
GOOD = Answer(200, b'{"images": []}', faces=2, batch=3)


class Calls:
    """A handle's method: what each call does in turn, the last one again and again."""

    def __init__(self, *turns: Callable[[], Answer] | None) -> None:
        self.turns, self.count = list(turns), 0

    async def remote(self, *arguments: Any) -> Answer:
        self.count += 1
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return turn() if turn else GOOD


class Workers:
    def __init__(self, batched: Calls, alone: Calls) -> None:
        self.batched, self.alone, self.ready = batched, alone, Calls(None)


def died() -> Answer:
    raise exceptions.ActorDiedError


def request(path: str, method: str = "POST", body: bytes = b"picture") -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return requests.Request(
        {"type": "http", "method": method, "path": path, "query_string": b"file=a.jpg",
         "headers": [], "server": ("localhost", 80), "scheme": "http"}, receive,
    )  # fmt: skip


def entry(*, batched: Calls | None = None, alone: Calls | None = None, **options: Any) -> HttpEntry:
    workers = Workers(batched or Calls(None), alone or Calls(None))
    return HttpEntry(workers, ServiceOptions(**options))


def test_paths_and_methods() -> None:
    async def statuses() -> list[int]:
        http = entry()
        asked = [("/v1/faces", "POST"), ("/v1/faces/", "POST"), ("/v1/faces", "GET"), ("/", "GET"),
                 ("/healthz", "GET"), ("/readyz", "GET"), ("/metrics", "GET")]  # fmt: skip
        return [(await http(request(*each))).status_code for each in asked]

    assert asyncio.run(statuses()) == [200, 200, 405, 404, 200, 200, 200]


def test_a_picture_is_tried_alone_after_its_worker_died() -> None:
    async def main() -> tuple[Any, Any, str]:
        once = entry(batched=Calls(died), alone=Calls(None))
        always = entry(batched=Calls(died), alone=(dead := Calls(died)))
        answers = await once(request("/v1/faces")), await always(request("/v1/faces"))
        assert dead.count == 2
        return *answers, always._metrics.text().decode()

    good, bad, text = asyncio.run(main())
    assert good.status_code == 200 and good.body == GOOD.body
    assert bad.status_code == 500 and "died, each time" in json.loads(bad.body)["error"]
    assert 'frsdk_requests_total{status="500"} 1.0' in text


def test_too_many_and_late_ones_are_told_to_come_again() -> None:
    async def main() -> list[Any]:
        begun = asyncio.Event()

        class Slow(Calls):
            async def remote(self, *arguments: Any) -> Answer:
                begun.set()
                await asyncio.sleep(0.2)
                return GOOD

        http = entry(batched=Slow(None), max_waiting=1)
        first = asyncio.create_task(http(request("/v1/faces")))
        await begun.wait()
        refused = await http(request("/v1/faces"))
        left = asyncio.create_task(http.drain())
        await asyncio.sleep(0)
        late = await http(request("/v1/faces"))
        assert await left == 0 and first.done()  # it waited for the one that ran
        return [await first, refused, late]

    first, refused, late = asyncio.run(main())
    assert first.status_code == 200
    assert refused.status_code == late.status_code == 503
    assert refused.headers["retry-after"] == late.headers["retry-after"] == "1"
    assert "1 requests wait" in json.loads(refused.body)["error"]
    assert "shutting down" in json.loads(late.body)["error"]
