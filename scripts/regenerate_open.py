#!/usr/bin/env python3
"""Make what is derived from the open weights again: network and detector, and the card's tables.

    scripts/regenerate_open.py [FACES] [--renders RENDERS] [--calibrate FOLDER...] [--sensitivity]

FACES is the folder of held-out crops (val.npz, its shards, val_mediapipe68.npz); expressions/
beside it holds closed eyes. They measure the network and shaped nothing of it; without FACES the
card keeps its figures. RENDERS (val.npz) are held-out renders, for the precisions.

--calibrate makes the table of INT8, of open training crops alone (train.npz and shards of each
FOLDER): new weights need it (under a minute). Without it the network keeps its table if the weights
are the same. --sensitivity leaves the dearest layers in FP32 where INT8 moves landmarks by more
than 0.25 % (minutes more): for weights with which INT8 would lose more than 0.05 points of NME.

Tables stand between `<!-- NAME: scripts/regenerate.py -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from regenerate import ROOT, export_in_half, keep_table, run, write_table

from frsdk.storage.atomic_write import atomic_write

WEIGHTS = ROOT / "weights" / "mobile_frnet_open.pth"
DETECTOR_WEIGHTS = ROOT / "weights" / "face_detector_open.pth"
FACE_MODEL = ROOT / "weights" / "frsdk_face_2.npz"
ASSETS = ROOT / "frsdk" / "assets"
NETWORK, CARD = ASSETS / "network_open.onnx", ASSETS / "MODEL_CARD_OPEN.md"
COMPARED = "open=builtin-open,research=builtin"


def main() -> None:
    """Export, calibrate, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faces", type=Path, nargs="?", help="held-out crops")
    parser.add_argument("--renders", type=Path, help="held-out renders")
    parser.add_argument("--calibrate", type=Path, nargs="+", metavar="FOLDER", help="open crops")
    parser.add_argument("--sensitivity", action="store_true", help="measure each layer's INT8")
    options = parser.parse_args()
    shutil.copyfile(FACE_MODEL, ASSETS / "facemodel_2.npz")
    run("frsdk-export", str(DETECTOR_WEIGHTS), "-o", str(ASSETS / "face_detector_open.onnx"))
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / NETWORK.name
        export_in_half(WEIGHTS, exported)
        if options.calibrate:
            crops = [str(each.resolve()) for each in options.calibrate]
            quick = [] if options.sensitivity else ["--no-sensitivity"]
            run(
                sys.executable,
                "scripts/calibrate_shipped_network.py",
                str(exported),
                *crops,
                *quick,
            )
            atomic_write(NETWORK, exported.read_bytes())
        elif not keep_table(NETWORK, exported.read_bytes()):
            sys.exit(f"{NETWORK}: other weights, or weights folded on another processor, need "
                     "another table of INT8: give --calibrate folders of open crops")  # fmt: skip
    if options.faces:
        measure(options.faces.resolve())
    measure_int8(options.faces, options.renders)


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


def measure_int8(faces: Path | None, renders: Path | None) -> None:
    """Write what INT8 costs on both kinds of held-out crops."""
    if faces is None or renders is None:
        print(f"{CARD}: keeps its figures of INT8, which need FACES and --renders")
        return
    lines: list[str] = []
    for name, folder in (("renders", renders), ("photographs, `lmk68`", faces)):
        script = "scripts/measure_precisions.py"
        table = run(sys.executable, script, str(NETWORK), str(folder.resolve()), "--int8")
        head, rule, row = table.strip().splitlines()
        lines = lines or [f"| held-out crops {head}", f"|---{rule}"]
        lines.append(f"| {name} {row}")
    write_table(CARD, "int8", "\n".join(lines))


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
