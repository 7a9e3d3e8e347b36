"""A small HTTP service: POST a picture, get its faces as JSON.

    python examples/serve_http.py --port 8000
    curl --data-binary @photo.jpg http://127.0.0.1:8000/

One `FaceReconstructor` serves all threads. It binds 127.0.0.1 only: put a real server and limits of
your own before it when it is to be reached from elsewhere.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from frsdk import FaceReconstructor, ImageFileError, read_image

MOST_BYTES = 20_000_000


def handler_of(reconstruct: FaceReconstructor) -> type[BaseHTTPRequestHandler]:
    """A request handler that shares one reconstructor."""

    class Faces(BaseHTTPRequestHandler):
        timeout = 20  # seconds for a request that hangs half-sent

        def do_POST(self) -> None:
            """Answer with the faces, or with one line that says why not."""
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= MOST_BYTES:
                self.answer(413 if length else 411, {"error": f"1 to {MOST_BYTES} bytes expected"})
                return
            try:
                image_bgr = read_image(self.rfile.read(length))
            except ImageFileError as error:
                self.answer(415, {"error": str(error)})
                return
            self.answer(200, {"faces": [face.to_dict() for face in reconstruct(image_bgr)]})

        def answer(self, status: int, content: dict[str, object]) -> None:
            """Send JSON."""
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Faces


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=8000)
    with FaceReconstructor() as reconstruct:
        reconstruct.warm_up()
        address = ("127.0.0.1", parser.parse_args().port)
        with ThreadingHTTPServer(address, handler_of(reconstruct)) as server:
            print(f"http://127.0.0.1:{server.server_port}/", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()


if __name__ == "__main__":
    main()
