#!/usr/bin/env python3
"""Make everything that is derived from the weights and the face model again.

    scripts/regenerate.py [FACES]

FACES is the folder of labelled crops (train.npz, val.npz). Without it the model cards keep their
figures, and the network its calibration table if the weights are the same. The networks in the
spaces of other face models are measured where these lie beside FACES, as in ../shared/data.
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
OTHER_WEIGHTS = ROOT / "weights"
OTHER_CARD = OTHER_WEIGHTS / "README.md"
#: Other spaces: name -> kind of face model, where it lies beside FACES.
SPACES = {
    "bfm": ("3ddfa-sparse", Path("teacher/bfm68.npz")),
    "ict": ("ict", Path("facemodels/ict_facekit.npz")),
}


def main() -> None:
    """Run every step in the order in which they depend on each other."""
    faces = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / NETWORK.name
        run("frsdk-export", str(WEIGHTS), "-o", str(exported))
        if faces:
            run(sys.executable, "scripts/calibrate_network.py", str(exported), str(faces))
            atomic_write(NETWORK, exported.read_bytes())
        else:
            keep_table(exported.read_bytes())
    run("frsdk-export", str(DETECTOR_WEIGHTS), "-o", str(DETECTOR))
    run("frsdk-export", "facemodel", "sheet", "-o", str(DOCS / "face-model.png"))
    with tempfile.TemporaryDirectory() as folder:
        run("frsdk", "reconstruct", "sample:astronaut", "-o", folder)
        (DOCS / "astronaut.png").write_bytes((Path(folder) / "astronaut.overlay.png").read_bytes())
    if faces:
        write_table(CARD, BEGIN, run("frsdk-train", "evaluate", str(faces)))
        for space in SPACES:
            measure_space(space, faces)


def measure_space(space: str, faces: Path) -> None:
    """Write the accuracy of a network in another face model's space to its card."""
    kind, place = SPACES[space]
    source = faces.parent / place
    if not source.is_file():
        print(f"{source}: not there: {OTHER_CARD} keeps its figures of {space}")
        return
    with tempfile.TemporaryDirectory() as folder:
        model, network = Path(folder) / f"{space}.npz", Path(folder) / f"{space}.onnx"
        run("frsdk-export", "facemodel", "import", str(source), "--kind", kind, "-o", str(model))
        run("frsdk-export", str(OTHER_WEIGHTS / f"mobile_frnet_{space}.pth"), "-o", str(network))
        table = run("frsdk-train", "evaluate", str(faces), "--engine", str(network),
                    "--face-model", str(model))  # fmt: skip
    write_table(OTHER_CARD, f"<!-- {space}: scripts/regenerate.py -->", table)


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


def write_table(card: Path, begin: str, table: str) -> None:
    """Put another table between the marks of a model card."""
    before, found, rest = card.read_text(encoding="utf-8").partition(begin)
    old, closed, after = rest.partition(END)
    if not found or not closed or "<!--" in old:
        sys.exit(f"{card}: lacks the marks {begin!r} and {END!r}: put them around the table")
    card.write_text(f"{before}{begin}\n{table.strip()}\n{END}{after}", encoding="utf-8")


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
