#!/usr/bin/env python3
"""Build the wheel and check what is in it: no weights but the built-in ones, 16 MB at most.

The page of `frsdk web` is in it, and 22 MB are allowed, where `npm run build` in web/ has made it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 16_000_000
MAX_BYTES_WITH_PAGE = 22_000_000
PAGE = ROOT / "frsdk" / "assets" / "web"
ASSETS = {
    "MODEL_CARD.md",
    "MODEL_CARD_OPEN.md",
    "blendshapes.npz",
    "face_detector.onnx",
    "face_detector_open.onnx",
    "facemodel.npz",
    "facemodel_2.npz",
    "network.onnx",
    "network_open.onnx",
    "viewer/glb.js",
    "viewer/orbit.js",
    "viewer/page.html",
    "viewer/page.js",
}


def main() -> None:
    """Exit with a line that names what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT)]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode:
            sys.exit(f"the wheel does not build:\n{built.stdout[-2000:]}{built.stderr[-2000:]}")
        (wheel,) = Path(folder).glob("*.whl")
        size = wheel.stat().st_size
        names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        f"{package}/{path.relative_to(ROOT / top).as_posix()}"
        for top, package in (
            ("frsdk", "frsdk"),
            ("export", "frsdk/export"),
            ("engines", "frsdk/engines"),
            ("benchmarks", "frsdk/benchmarks"),
        )
        for path in (ROOT / top).rglob("*.py")
    }
    page = {path.relative_to(ROOT).as_posix() for path in PAGE.rglob("*") if path.is_file()}
    expected = sources | {f"frsdk/assets/{name}" for name in ASSETS} | {"frsdk/py.typed"} | page
    content = {name for name in names if ".dist-info/" not in name}
    if content != expected:
        sys.exit(f"missing: {sorted(expected - content)}; unexpected: {sorted(content - expected)}")
    most = MAX_BYTES_WITH_PAGE if page else MAX_BYTES
    if size > most:
        sys.exit(f"the wheel takes {size / 1e6:.1f} MB, at most {most / 1e6:.0f} are allowed")
    with_page = "with" if page else "without"
    print(f"wheel: {len(content)} files, {size / 1e6:.1f} MB, {with_page} the page of frsdk web")


if __name__ == "__main__":
    main()
