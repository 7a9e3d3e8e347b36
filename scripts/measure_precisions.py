#!/usr/bin/env python3
"""Print what each precision costs on held-out faces: measure_precisions.py NETWORK.onnx FACES.

FACES holds val.npz and its shards. Each form of the network runs in ONNX Runtime as numeric
reference; FP16 for TensorRT is rounded between nodes as its types say.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.engines.accuracy.fp16_reference import half_reference
from frsdk.engines.artefacts.convert_precision import convert_precision
from frsdk.engines.calibration.calibration_table import table_of
from frsdk.errors import FrsdkError
from frsdk.export.augmentation.augment_crop import plain_crops
from frsdk.export.datasets.face_labels import MARGIN, read_labels
from frsdk.export.datasets.stored_crops import load_crops
from frsdk.export.training.validation_nme import predict
from frsdk.metrics.nme import nme_percent

_FORMS = (("fp16", "cpu"), ("fp16", "tensorrt"), ("int8", "cpu"), ("int8", "tensorrt"))
_BINS_DEG = ((0, 30), (30, 60), (60, 90))


def main() -> int:
    """Measure and print a table in Markdown; 1 where it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--int8", action="store_true", help="one line, of int8 alone")
    options = parser.parse_args()
    try:
        print((brief if options.int8 else table)(options.network, options.faces))
    except FrsdkError as error:
        print(f"measure_precisions: {error}", file=sys.stderr)
        return 1
    return 0


def table(network: Path, faces: Path) -> str:
    """NME of FP32 by bins of |yaw|, and each form's change of it, in percentage points."""
    labels = read_labels(faces / "val.npz")
    crops = plain_crops(load_crops(faces, "val", labels))
    truth, yaw = labels.landmarks[..., :2], np.abs(labels.yaw_deg)
    bins = [(yaw > low) & (yaw <= high) if low else yaw <= high for low, high in _BINS_DEG]
    wanted = predict(network, None, crops) + MARGIN
    base = nme_percent(wanted, truth)
    calibration = table_of(network.read_bytes(), source=str(network))
    lines = [
        "| variant | NME | " + " | ".join(f"{low}-{high} deg" for low, high in _BINS_DEG)
        + " | landmarks moved: mean, median | layers not quantised, by sensitivity |",
        "|---|---|---|---|---|---|---|",
        f"| fp32 | {_row(base, bins, '.3f')} | | |",
    ]  # fmt: skip
    for precision, target in _FORMS:
        found = predicted(network, precision, target, crops)
        moved = nme_percent(found, wanted)
        kept = len(calibration.targets[target].excluded) if calibration else 0
        lines.append(
            f"| {precision}, {target} | {_row(nme_percent(found, truth) - base, bins, '+.4f')} | "
            f"{moved.mean():.3f}, {np.median(moved):.3f} | {kept if precision == 'int8' else ''} |"
        )
    return "\n".join(lines)


def brief(network: Path, faces: Path) -> str:
    """NME of FP32, and each INT8 form's change of it, in percentage points."""
    labels = read_labels(faces / "val.npz")
    crops, truth = plain_crops(load_crops(faces, "val", labels)), labels.landmarks[..., :2]
    base = nme_percent(predict(network, None, crops) + MARGIN, truth).mean()
    forms = [form for form in _FORMS if form[0] == "int8"]
    lost = [nme_percent(predicted(network, *form, crops), truth).mean() - base for form in forms]
    cells = [f"{len(crops)}", f"{base:.3f}", *(f"{each:+.3f}" for each in lost)]
    head = ["faces", "fp32, NME %", *(", ".join(form) for form in forms)]
    return "\n".join(
        [f"| {' | '.join(head)} |", f"|{'---:|' * len(head)}", f"| {' | '.join(cells)} |"]
    )


def predicted(
    network: Path, precision: str, target: str, crops: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """(n, 68, 2) landmarks of a form of the network, in 160-crop pixels."""
    content = convert_precision(network, precision=precision, target=target)
    if target == "tensorrt":
        content = half_reference(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.onnx"
        path.write_bytes(content)
        return np.asarray(predict(path, None, crops) + MARGIN, np.float64)


def _row(values: NDArray[np.float64], bins: list[NDArray[np.bool_]], form: str) -> str:
    return " | ".join(f"{each.mean():{form}}" for each in (values, *(values[b] for b in bins)))


if __name__ == "__main__":
    sys.exit(main())
