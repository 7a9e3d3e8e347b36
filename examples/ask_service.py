"""Ask a running `frsdk serve` for the faces of photographs.

    frsdk serve &
    python examples/ask_service.py photo.jpg another.png

Needs nothing but Python: whatever speaks HTTP can do the same.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit


def main() -> None:
    """Print a line a face, and what the service says of the pictures that it refuses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    address = urlsplit(arguments.url)
    service = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
    failed = False
    for path in arguments.photos:
        try:
            photo = path.read_bytes()
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            failed = True
            continue
        try:
            service.request("POST", f"/v1/faces?file={quote(path.name)}", photo)
            reply = service.getresponse()
            answer = reply.read()
        except (OSError, http.client.HTTPException) as error:
            sys.exit(f"{arguments.url}: no service answers ({error}): start it with frsdk serve")
        try:
            content = json.loads(answer)
            faces = content["images"][0]["faces"] if reply.status == 200 else []
            refusal = "" if reply.status == 200 else content["error"]
        except (ValueError, LookupError, TypeError):
            sys.exit(f"{arguments.url}: what answers is not frsdk serve (HTTP {reply.status})")
        if refusal:
            print(f"{path.name}: {refusal}", file=sys.stderr)
            failed = True
        for face in faces:
            pose, tip = face["pose"], face["landmarks_px"][30]
            print(f"{path.name}: yaw {pose['yaw_deg']:.0f}, nose at {tip[0]:.0f}, {tip[1]:.0f}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
