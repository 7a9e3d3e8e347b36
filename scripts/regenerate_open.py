#!/usr/bin/env python3
"""Make what is derived from the open weights again: the network in the wheel and its card's tables.

    scripts/regenerate_open.py [FACES]

FACES is the folder of held-out crops (val.npz, its shards, val_mediapipe68.npz); expressions/
beside it holds closed eyes. They measure the network and shaped nothing of it. Without FACES the
card keeps its figures. Tables stand between `<!-- NAME: scripts/regenerate.py -->` and
`<!-- end -->`.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from regenerate import ROOT, run, write_table

from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.engines.passes.fp16_cpu import half_weights
from frsdk.storage.atomic_write import atomic_write

WEIGHTS = ROOT / "weights" / "mobile_frnet_open.pth"
FACE_MODEL = ROOT / "weights" / "frsdk_face_2.npz"
ASSETS = ROOT / "frsdk" / "assets"
NETWORK, CARD = ASSETS / "network_open.onnx", ASSETS / "MODEL_CARD_OPEN.md"
COMPARED = "open=builtin-open,research=builtin"


def main() -> None:
    """Export, then measure."""
    shutil.copyfile(FACE_MODEL, ASSETS / "facemodel_2.npz")
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / NETWORK.name
        run("frsdk-export", str(WEIGHTS), "-o", str(exported))
        # Weights in 16 bits: half the size in the wheel; every engine reads them as FP32.
        atomic_write(NETWORK, half_weights(fold_constants(exported.read_bytes())))
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]).resolve())


def measure(faces: Path) -> None:
    """Write the card's tables: landmarks, expressions, closed eyes."""
    mesh = "val_mediapipe68.npz"
    beside = ("--predictions", f"MediaPipe={faces / mesh}")
    whole = run("frsdk-eval", "faces", str(faces), "--engine", COMPARED, *beside, "--worst", "0")
    write_table(CARD, "accuracy", accuracy_table(whole))
    with tempfile.TemporaryDirectory() as crops:
        run("frsdk-train", "import", str(faces.parent / "expressions"), "-o", crops,
            "--kind", "expressions", "--split", "val")  # fmt: skip
        for name, place in (("expression", faces), ("closed-eyes", Path(crops))):
            table = run("frsdk-eval", "expression", str(place), "--brief", "--engine", COMPARED,
                        "--predictions", f"MediaPipe={place / mesh}")  # fmt: skip
            write_table(CARD, name, table)


def accuracy_table(report: str) -> str:
    """One line for each kind of label and bin of yaw, one column for each system."""
    systems: list[str] = []
    lines: dict[tuple[str, str], list[str]] = {}
    label, bins = "", []
    for line in report.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if line.startswith("## "):
            label = line[3:]
        elif cells[0] == "network":
            bins = cells[2 : cells.index("mean")] if "mean" in cells else []
        elif bins and len(cells) > len(bins) + 2 and "---" not in cells[0]:
            systems = [*systems, cells[0]] if cells[0] not in systems else systems
            for name, cell in zip(bins, cells[2:], strict=False):
                found = re.fullmatch(r"([\d.]+) \((\d+)\)", cell)
                if found:
                    lines.setdefault((label, name), []).append(f"{found[1]} ({found[2]})")
    head = ["| NME, % (faces) | yaw | " + " | ".join(systems) + " |"]
    head.append("|---|---|" + "---:|" * len(systems))
    return "\n".join(
        [*head, *(f"| {label} | {name} | {' | '.join(v)} |" for (label, name), v in lines.items())]
    )


if __name__ == "__main__":
    main()
