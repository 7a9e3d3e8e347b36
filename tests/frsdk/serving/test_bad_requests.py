"""`frsdk serve` beside clients that send nonsense, bombs and halves: everybody else is served."""

from __future__ import annotations

import io
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frsdk import read_image

pytestmark = pytest.mark.ray
SIDE = 31_623  # squared it is just above 10^9


@dataclass(frozen=True)
class Server:
    process: int
    host: str
    port: int

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.request("POST", "/v1/faces", body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def peak_mib(self) -> float:
        """The most memory that its processes have had, each by itself, summed."""
        total = 0
        for pid in descendants(self.process):
            with suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                total += int(status.partition("VmHWM:")[2].split()[0]) if "VmHWM:" in status else 0
        return total / 1024


def descendants(root: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (path / "stat").read_text().rpartition(")")[2].split()
            parents[int(path.name)] = int(stat[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("ray", reason="needs Ray (frsdk[ray])")
    log = tmp_path_factory.mktemp("server") / "stderr"
    command = [sys.executable, "-m", "frsdk", "serve", "--port", "0"]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line, log.read_text()
        port = int(line.partition("http://127.0.0.1:")[2].partition("/")[0])
        yield Server(process.pid, "127.0.0.1", port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


@pytest.fixture(scope="module")
def picture() -> bytes:
    pixels = np.ascontiguousarray(read_image("sample:astronaut")[..., ::-1])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@contextmanager
def others_are_served(server: Server, picture: bytes) -> Iterator[None]:
    """A client that asks again and again meanwhile gets one and the same right answer."""
    expected = server.post(picture)
    assert expected[0] == 200 and len(json.loads(expected[1])["images"][0]["faces"]) == 1
    over, answers = threading.Event(), []

    def ask() -> None:
        while not over.is_set() or not answers:
            answers.append(server.post(picture))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert set(answers) == {expected}


def refused(status: int, found: tuple[int, bytes]) -> str:
    assert found[0] == status, found
    (reason,) = json.loads(found[1]).values()
    assert reason and "\n" not in reason
    return str(reason)


def test_what_is_no_picture(server: Server, picture: bytes) -> None:
    with others_are_served(server, picture):
        for body in (b"text", b"%PDF-1.7 no picture", b"PK\3\4" + bytes(50), b"\x00" * 100_000):
            refused(415, server.post(body))
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        assert "form" in refused(415, server.post(b"--x\r\n\r\n" + picture, form))
        for body in (picture[:9000], picture[:300]):
            refused(422, server.post(body))


def test_a_body_that_is_too_large_gets_its_answer(server: Server, picture: bytes) -> None:
    reason = refused(413, server.post(picture + bytes(21_000_000)))  # sent whole before it listens
    assert "at most 20000000 bytes" in reason


def listening(pids: set[int]) -> dict[str, int]:
    """The addresses that processes listen on, as /proc/net has them, and whose they are."""
    inodes = {}
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                inodes[str(link.readlink())] = pid
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                found[fields[1]] = inodes[f"socket:[{fields[9]}]"]
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux")
def test_nothing_listens_to_other_machines(server: Server) -> None:
    found = listening(descendants(server.process))
    own = ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")
    assert found and all(address.startswith(own) for address in found), found


def bombs() -> dict[str, bytes]:
    """Small files whose headers claim 10^9 pixels."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**6), 9))):
        check = struct.pack(">I", zlib.crc32(name + content))
        png += struct.pack(">I", len(content)) + name + content + check
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "JPEG")
    jpeg = small.getvalue()
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg = jpeg[:at] + struct.pack(">HH", SIDE, SIDE) + jpeg[at + 4 :]
    bitmap = io.BytesIO()
    Image.new("RGB", (16, 16)).save(bitmap, "BMP")
    bmp = bitmap.getvalue()
    bmp = bmp[:18] + struct.pack("<ii", SIDE, SIDE) + bmp[26:]
    gif = b"GIF89a" + struct.pack("<HH", SIDE, SIDE) + bytes(3) + b"\x2c" + bytes(4)
    gif += struct.pack("<HH", SIDE, SIDE) + b"\x00\x02\x02\x4c\x01\x00\x3b"
    return {"png": png, "jpeg": jpeg, "bmp": bmp, "gif": gif}


def test_pictures_of_a_billion_pixels(server: Server, picture: bytes) -> None:
    with others_are_served(server, picture):
        before = server.peak_mib()
        for name, body in bombs().items():
            assert len(body) < 5000, name
            begin = time.monotonic()
            reason = refused(413, server.post(body))
            assert "pixels" in reason, name
            assert time.monotonic() - begin < 20.0, name  # also where others use the machine
        if Path("/proc/self").is_dir():
            assert server.peak_mib() - before < 300.0  # decoded it would take 3,000


def test_requests_that_hang_half_sent(server: Server, picture: bytes) -> None:
    head = f"POST /v1/faces HTTP/1.1\r\nHost: x\r\nContent-Length: {len(picture)}\r\n"
    begin = time.monotonic()
    with (
        socket.create_connection((server.host, server.port), timeout=60) as in_the_body,
        socket.create_connection((server.host, server.port), timeout=60) as drop_by_drop,
        socket.create_connection((server.host, server.port), timeout=60) as in_the_head,
        others_are_served(server, picture),
    ):
        in_the_body.sendall(head.encode() + b"\r\n" + picture[: len(picture) // 2])
        drop_by_drop.sendall(head.encode() + b"\r\n")
        in_the_head.sendall(head.encode())
        while time.monotonic() - begin < 15.0:
            drop_by_drop.sendall(picture[:1])
            time.sleep(1.0)
        for each in (in_the_body, drop_by_drop):
            answer = all_of(each)
            assert answer.startswith(b"HTTP/1.1 408 "), answer
            assert b"did not arrive within 20 s" in answer
        assert time.monotonic() - begin > 19.0
        # A head has no limit of time: it holds its connection, and nothing else.
        in_the_head.sendall(b"Connection: close\r\n\r\n" + picture)
        assert all_of(in_the_head).startswith(b"HTTP/1.1 200 ")


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)
