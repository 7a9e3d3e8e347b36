#!/usr/bin/env python3
"""Make everything that is derived from the weights and the face model again.

    scripts/regenerate.py [FACES]

FACES is the folder of labelled crops (train.npz, val.npz). Without it the model card keeps its
figures, and the network its calibration table if the weights are the same.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from frsdk.engines.calibration_table import network_digest, table_of, with_table
from frsdk.files import atomic_write

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "weights" / "mobile_frnet.pth"
DETECTOR_WEIGHTS = ROOT / "weights" / "face_detector.pth"
DETECTOR = ROOT / "frsdk" / "assets" / "face_detector.onnx"
NETWORK = ROOT / "frsdk" / "assets" / "network.onnx"
CARD = ROOT / "frsdk" / "assets" / "MODEL_CARD.md"
DOCS = ROOT / "docs"
BEGIN, END = "<!-- accuracy: scripts/regenerate.py -->", "<!-- end -->"


def main() -> None:
    """Run every step in the order in which they depend on each other."""
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / NETWORK.name
        run("frsdk-export", str(WEIGHTS), "-o", str(exported))
        if len(sys.argv) > 1:
            run(sys.executable, "scripts/calibrate_network.py", str(exported), sys.argv[1])
            atomic_write(NETWORK, exported.read_bytes())
        else:
            keep_table(exported.read_bytes())
    run("frsdk-export", str(DETECTOR_WEIGHTS), "-o", str(DETECTOR))
    run("frsdk-export", "facemodel", "sheet", "-o", str(DOCS / "face-model.png"))
    with tempfile.TemporaryDirectory() as folder:
        run("frsdk", "reconstruct", "sample:astronaut", "-o", folder)
        (DOCS / "astronaut.png").write_bytes((Path(folder) / "astronaut.overlay.png").read_bytes())
    if len(sys.argv) > 1:
        accuracy = run("frsdk-train", "evaluate", sys.argv[1])
        CARD.write_text(replaced(CARD.read_text(encoding="utf-8"), accuracy), encoding="utf-8")


def keep_table(network: bytes) -> None:
    """Replace the shipped network by the same one, with the calibration table that it has.

    Another processor may round the folded weights otherwise: then it stays as it is.
    """
    table = table_of(NETWORK.read_bytes(), source=str(NETWORK))
    if table and table.network_sha256 == network_digest(network):
        atomic_write(NETWORK, with_table(network, table))
    else:
        print(f"{NETWORK}: kept as it is: other weights, or weights folded on another processor, "
              "need another calibration table: run it again with FACES")  # fmt: skip


def replaced(text: str, table: str) -> str:
    """The model card with another table between its marks."""
    if BEGIN not in text or END not in text:
        sys.exit(f"{CARD}: lacks the marks {BEGIN!r} and {END!r}: put them around the table")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{after}"


def run(*command: str) -> str:
    """Run a command, show and return what it prints; stop with it when it fails."""
    print("$", *command, flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


if __name__ == "__main__":
    main()
