"""Serve the page on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from ..errors import InputError
from .page_files import HEADERS, INDEX, PageFile

HOST = "127.0.0.1"


class PageServer(ThreadingHTTPServer):
    """Serves a fixed set of files to this machine only: no path leads to another file."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, PageFile], port: int) -> None:
        """Open the port.

        Args:
            files: By their path below the page's folder.
            port: 0 takes any free one.

        Raises:
            InputError: The port cannot be used.
        """
        self.files = dict(files)
        try:
            super().__init__((HOST, port), _PageHandler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"port {port} cannot be used ({reason}): give another one with --port, or 0 for any"
            ) from error

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves in the middle of a file is no error of the server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/"


class _PageHandler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version = "frsdk"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        name = unquote(urlsplit(self.path).path).lstrip("/") or INDEX
        file = self.server.files.get(name)
        if file is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = file.read()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", file.content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-cache")
        for header, value in HEADERS.items():
            self.send_header(header, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: the command's output stays one line."""
