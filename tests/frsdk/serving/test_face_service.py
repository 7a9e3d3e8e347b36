"""The service on a local cluster: what faces.json says, to everybody, whatever others send."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from frsdk import FaceReconstructor
from frsdk.commands.reconstruct_defaults import JobOptions
from frsdk.commands.reconstruct_photos import reconstruct_files
from frsdk.errors import InputError
from frsdk.imaging.image_sources import find_images
from frsdk.serving.face_service import face_service
from frsdk.serving.service_defaults import ServiceOptions

from .sent_pictures import sent_pictures

pytestmark = pytest.mark.ray


def call(url: str, body: bytes | None = None) -> tuple[int, Any]:
    """The status and the JSON or text of an answer."""
    try:
        with urllib.request.urlopen(url, data=body, timeout=60) as reply:
            status, content = reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            status, content = error.code, error.read()
    return status, json.loads(content) if content[:1] == b"{" else content.decode()


@pytest.fixture(scope="module")
def service(local_ray: Any) -> Iterator[str]:
    options = ServiceOptions(port=0, body_seconds=4.0, max_bytes=2_000_000)
    with face_service(options) as url:
        yield url


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sent_pictures(tmp_path_factory.mktemp("photographs"))


def test_16_at_once_get_what_faces_json_says(
    service: str, photographs: list[Path], tmp_path: Path
) -> None:
    counts = served_as_in_faces_json(service, photographs, tmp_path)
    assert all(counts[:-1]) and counts[-1] == 0
    assert counts[7] == 2 and counts[8] == 5


def test_16_shared_photographs_get_what_faces_json_says(
    service: str, shared_data: Path, tmp_path: Path
) -> None:
    found = sorted((shared_data / "photos").glob("*.jpg"))
    assert len(found) == 16
    assert all(served_as_in_faces_json(service, found, tmp_path))


def served_as_in_faces_json(service: str, photographs: list[Path], tmp_path: Path) -> list[int]:
    """Send all at once, compare each answer with its record; returns the faces of each."""
    with FaceReconstructor() as reconstruct:
        options = JobOptions(mesh="none", overlay=False)
        reconstruct_files(reconstruct, find_images(photographs), tmp_path, options)
    expected = json.loads((tmp_path / "faces.json").read_text())
    assert expected["failures"] == []
    with ThreadPoolExecutor(16) as pool:
        urls = [f"{service}/v1/faces?file={path}" for path in photographs]
        answers = list(pool.map(call, urls, [path.read_bytes() for path in photographs]))
    assert [status for status, _ in answers] == [200] * len(photographs)
    for (_, found), record in zip(answers, expected["images"], strict=True):
        assert found == {**expected, "images": [record]}
    return [len(found["images"][0]["faces"]) for _, found in answers]


def test_bad_requests_harm_nobody(service: str, photographs: list[Path]) -> None:
    host, port = urlsplit(service).netloc.split(":")
    head = f"POST /v1/faces HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n\r\nabc"
    with socket.create_connection((host, int(port)), timeout=30) as half_sent:
        half_sent.sendall(head.encode())  # and no more
        assert call(f"{service}/v1/faces", b"no picture")[0] == 415
        assert call(f"{service}/v1/faces", bytes(2_000_001))[0] == 413
        assert call(f"{service}/v1/faces")[0] == 405
        assert call(f"{service}/nothing")[0] == 404
        status, found = call(f"{service}/v1/faces", photographs[0].read_bytes())
        assert status == 200 and found["images"][0]["faces"]
        assert half_sent.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_health_and_counts(service: str) -> None:
    assert call(f"{service}/healthz") == (200, {"status": "alive"})
    assert call(f"{service}/readyz") == (200, {"status": "ready"})
    status, text = call(f"{service}/metrics")
    assert status == 200
    assert 'frsdk_requests_total{status="200"}' in text
    assert "frsdk_requests_running 0.0" in text


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="needs Ray (frsdk[ray])")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(InputError, match="give another --port"),
            face_service(ServiceOptions(port=port)),
        ):
            pass


def test_a_second_service_is_refused_and_the_first_stays(service: str) -> None:
    with (
        pytest.raises(InputError, match="has an application frsdk already"),
        face_service(ServiceOptions(port=0)),
    ):
        pass
    assert call(f"{service}/readyz") == (200, {"status": "ready"})


def test_requests_that_run_are_answered_before_the_end(
    local_ray: Any, service: str, photographs: list[Path]
) -> None:
    from ray import serve

    picture, statuses = photographs[0].read_bytes(), []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(call(f"{service}/v1/faces", picture)[0]),
        )
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    while "frsdk_requests_running 0.0" in call(f"{service}/metrics")[1] and len(statuses) < 12:
        time.sleep(0.005)
    entry = serve.get_app_handle("frsdk")
    assert entry.drain.remote().result(timeout_s=60) == 0
    for thread in threads:
        thread.join()
    assert len(statuses) == 12 and set(statuses) <= {200, 503}
    status, found = call(f"{service}/v1/faces", picture)
    assert status == 503 and "shutting down" in found["error"]
    assert call(f"{service}/readyz")[0] == 503 and call(f"{service}/healthz")[0] == 200
