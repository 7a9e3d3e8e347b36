"""The page's server: this machine only, with the headers that threads need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from frsdk import InputError
from frsdk.web.page_files import PageFile
from frsdk.web.page_server import PageServer

FILES = {
    "index.html": PageFile("text/html; charset=utf-8", lambda: b"<p>hi"),
    "models/network.onnx": PageFile("application/octet-stream", lambda: b"\1" * 1000),
}


@pytest.fixture
def server() -> Iterator[PageServer]:
    with PageServer(FILES, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def asked(server: PageServer, path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/index.html", "/?a=1", "/index%2Ehtml"])
def test_the_page_comes_with_the_headers_for_threads(server: PageServer, path: str) -> None:
    response, content = asked(server, path)
    assert response.status == 200 and content == b"<p>hi"
    assert response.getheader("Cross-Origin-Opener-Policy") == "same-origin"
    assert response.getheader("Cross-Origin-Embedder-Policy") == "require-corp"
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert response.getheader("Server") == "frsdk "


def test_a_head_request_has_the_length_and_no_content(server: PageServer) -> None:
    response, content = asked(server, "/models/network.onnx", "HEAD")
    assert response.getheader("Content-Length") == "1000" and content == b""


@pytest.mark.parametrize(
    "path", ["/setup.cfg", "/../setup.cfg", "/models/", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"]
)
def test_no_path_leads_to_another_file(server: PageServer, path: str) -> None:
    assert asked(server, path)[0].status == 404


def test_only_this_machine_is_served(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"


def test_a_port_in_use_is_one_line(server: PageServer) -> None:
    port = server.server_address[1]
    with pytest.raises(InputError, match=f"port {port} cannot be used .*--port"):
        PageServer(FILES, port)
