#!/usr/bin/env python3
"""Make everything that is derived from the weights and the face model again.

    scripts/regenerate.py [FACES]

FACES is the folder of labelled crops (train.npz, val.npz). Without it cards and documents keep
their figures, and the network its calibration table if the weights are the same. The networks in
the spaces of other face models are measured, and the network is compared with its teacher, where
these lie beside FACES: facemodels/, teacher/. The network in the wheel has its weights in 16 bits.

Tables between `<!-- NAME: scripts/regenerate.py -->` and `<!-- end -->` are written anew. Those of
docs/notes/detector.md, benchmarks/results/ and of experiments have commands of their own beside
them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from frsdk.engines.calibration.calibration_table import network_digest, table_of, with_table
from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.engines.passes.fp16_cpu import half_weights
from frsdk.storage.atomic_write import atomic_write

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "weights" / "mobile_frnet.pth"
DETECTOR_WEIGHTS = ROOT / "weights" / "face_detector.pth"
DETECTOR = ROOT / "frsdk" / "assets" / "face_detector.onnx"
NETWORK = ROOT / "frsdk" / "assets" / "network.onnx"
CARD = ROOT / "frsdk" / "assets" / "MODEL_CARD.md"
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PRECISION, EVALUATION = DOCS / "notes" / "precision.md", DOCS / "guide" / "evaluation.md"
END = "<!-- end -->"
OTHER_WEIGHTS = ROOT / "weights"
OTHER_CARD = OTHER_WEIGHTS / "README.md"
#: Other spaces: name -> kind of face model, where it lies beside FACES.
SPACES = {
    "bfm": ("3ddfa-sparse", Path("teacher/bfm68.npz")),
    "ict": ("ict", Path("facemodels/ict_facekit.npz")),
}

#: README's names of the sets that people annotated.
PEOPLE = {
    "gt68 helen": "HELEN, portraits",
    "gt68 afw": "AFW, in the wild",
    "gt68 udacity": "YouTube Faces, video frames",
    "gt30 cfp_frontal": "CFP frontal, 30 fiducials",
    "gt30 cfp_profile": "CFP profiles, 30 fiducials",
}


def main() -> None:
    """Run every step in the order in which they depend on each other."""
    faces = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / NETWORK.name
        export_in_half(WEIGHTS, exported)
        if faces:
            methods = run(
                sys.executable, "scripts/calibrate_shipped_network.py", str(exported), str(faces)
            )
            atomic_write(NETWORK, exported.read_bytes())
            write_table(PRECISION, "calibration", methods)
        elif not keep_table(NETWORK, exported.read_bytes()):
            print(f"{NETWORK}: kept as it is: other weights, or weights folded on another "
                  "processor, need another calibration table: run it again with FACES")  # fmt: skip
    run("frsdk-export", str(DETECTOR_WEIGHTS), "-o", str(DETECTOR))
    run("frsdk-export", "facemodel", "sheet", "-o", str(DOCS / "pictures" / "face-model.png"))
    with tempfile.TemporaryDirectory() as folder:
        run("frsdk", "reconstruct", "sample:astronaut", "-o", folder)
        with Image.open(Path(folder) / "astronaut.overlay.png") as overlay:
            upper = overlay.crop((0, 0, overlay.width, overlay.height * 3 // 4))
            upper.save(DOCS / "pictures" / "astronaut.png", optimize=True)
    if faces:
        write_table(CARD, "accuracy", run("frsdk-train", "evaluate", str(faces)))
        script = "scripts/measure_precisions.py"
        write_table(PRECISION, "accuracy", run(sys.executable, script, str(NETWORK), str(faces)))
        compare_with_teacher(faces)
        compare_expression(faces)
        for space in SPACES:
            measure_space(space, faces)


def compare_with_teacher(faces: Path) -> None:
    """Write the network's accuracy beside its teacher's."""
    if not (faces.parent / "teacher").is_dir():
        print(f"{faces.parent / 'teacher'}: not there: {EVALUATION} keeps its comparison")
        return
    script = "scripts/compare_with_teacher.py"
    # Exit code 1 with a table: a bound does not hold, which the table says.
    table = run(sys.executable, script, str(faces.parent), may_fail=True)
    write_table(EVALUATION, "comparison", table)
    write_table(README, "accuracy", people_table(table))


def compare_expression(faces: Path) -> None:
    """Write how closely the network, its teacher and a face mesh follow what faces do."""
    teacher, more = faces.parent / "teacher", faces.parent / "expressions"
    mesh = faces / "val_mediapipe68.npz"
    if not (teacher.is_dir() and more.is_dir() and mesh.is_file()):
        print(f"{teacher}, {more} or {mesh}: not there: {EVALUATION} keeps its expressions")
        return
    with tempfile.TemporaryDirectory() as folder:
        model, network, crops = (Path(folder) / name for name in ("b.npz", "t.pth", "crops"))
        basis = str(teacher / "bfm68.npz")
        run("frsdk-export", "facemodel", "import", basis, "--kind", "3ddfa-sparse", "-o",
            str(model))  # fmt: skip
        run("frsdk-export", "import", str(teacher / "mb05_120x120.npz"), "--whitening", basis,
            "--face-model", str(model), "-o", str(network))  # fmt: skip
        run("frsdk-train", "import", str(more), "-o", str(crops), "--kind", "expressions",
            "--split", "val")  # fmt: skip
        for name, place in (("expression", faces), ("closed-eyes", crops)):
            table = run("frsdk-eval", "expression", str(place), "--brief",
                        "--engine", f"frsdk=builtin,3DDFA_V2={network}", "--face-model", str(model),
                        "--predictions", f"MediaPipe={place / mesh.name}")  # fmt: skip
            write_table(EVALUATION, name, table)


def people_table(comparison: str) -> str:
    """README's part of a comparison: the sets that people annotated."""
    lines = [
        "| NME against annotated landmarks, % | faces | frsdk | 3DDFA_V2, MobileNetV1 ×0.5 |",
        "|---|---:|---:|---:|",
    ]
    for line in comparison.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if cells[0] in PEOPLE:
            name, count, network, teacher = PEOPLE[cells[0]], *cells[1:4]
            lines.append(f"| {name} | {count} | {network} | {teacher} |")
    return "\n".join(lines)


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
    write_table(OTHER_CARD, space, table)


def export_in_half(weights: Path, output: Path) -> None:
    """Export with the weights in 16 bits: half the size; every engine computes with FP32."""
    run("frsdk-export", str(weights), "-o", str(output))
    atomic_write(output, half_weights(fold_constants(output.read_bytes())))


def keep_table(shipped: Path, network: bytes) -> bool:
    """Replace a shipped network by the same one, with the calibration table that it has.

    Returns:
        Whether it is the same; another processor may round the folded weights otherwise.
    """
    table = table_of(shipped.read_bytes(), source=str(shipped))
    if table is None or table.network_sha256 != network_digest(network):
        return False
    atomic_write(shipped, with_table(network, table))
    return True


def write_table(document: Path, name: str, table: str) -> None:
    """Put another table between the marks of a name."""
    begin = f"<!-- {name}: scripts/regenerate.py -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    old, closed, after = rest.partition(END)
    if not found or not closed or "<!--" in old:
        sys.exit(f"{document}: lacks the marks {begin!r} and {END!r}: put them around the table")
    whole = f"{before}{begin}\n{table.strip()}\n{END}{after}"
    atomic_write(document, whole.encode())


def run(*command: str, may_fail: bool = False) -> str:
    """Run a command, show and return what it prints.

    Stop with it when it fails, unless it may fail with something to say.
    """
    print("$", *command, flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode and not (may_fail and done.stdout.strip()):
        sys.exit(done.returncode)
    return done.stdout


if __name__ == "__main__":
    main()
