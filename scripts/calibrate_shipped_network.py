#!/usr/bin/env python3
"""Put a calibration table into a network: calibrate_network.py NETWORK.onnx FACES... [-o OUT].

FACES holds train.npz and its shards, as `frsdk-train` reads them. 510 crops are taken of all
folders together, 85 of each 15 degrees of |yaw|, at even distances in the order of yaw: faces of
the wild are mostly frontal, and profiles have other ranges.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.engines.calibration.calibrate_network import calibrate_file
from frsdk.engines.calibration.calibration_table import CalibrationTable
from frsdk.errors import FrsdkError
from frsdk.export.augmentation.augment_crop import plain_crops
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.datasets.stored_crops import load_crops

_BIN_EDGES_DEG = (0, 15, 30, 45, 60, 75, 180)
_CROPS_A_BIN = 85


def main() -> int:
    """Calibrate and print what it gave, as Markdown; 1 where it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("faces", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, help="[default: NETWORK itself]")
    parser.add_argument("--no-sensitivity", action="store_true", help="exclude no layer")
    options = parser.parse_args()
    try:
        table = calibrate_file(
            options.network,
            chosen_crops(options.faces),
            options.output or options.network,
            sensitivity=not options.no_sensitivity,
        )
    except FrsdkError as error:
        print(f"calibrate_network: {error}", file=sys.stderr)
        return 1
    print(markdown(table))
    return 0


def markdown(table: CalibrationTable) -> str:
    """What each method lost for each target, and what was kept."""
    methods = list(next(iter(table.targets.values())).drift)
    lines = [
        f"| target | {' | '.join(methods)} | kept | layers excluded | with them |",
        f"|---|{'---:|' * len(methods)}---|---:|---:|",
    ]
    for target, each in table.targets.items():
        lost = " | ".join(f"{each.drift[method]:.3f}" for method in methods)
        excluded = len(each.excluded)
        lines.append(f"| {target} | {lost} | {each.method} | {excluded} | {each.final:.3f} |")
    return "\n".join(lines)


def chosen_crops(folders: Sequence[Path]) -> NDArray[np.uint8]:
    """(n, 120, 120, 3) uint8 BGR, even in yaw over all folders together."""
    labels = [read_labels(folder / "train.npz") for folder in folders]
    chosen = np.zeros(sum(map(len, labels)), np.bool_)
    chosen[even_in_yaw(np.concatenate([each.yaw_deg for each in labels]))] = True
    parts = np.split(chosen, np.cumsum([len(each) for each in labels])[:-1])
    return np.concatenate(
        [
            plain_crops(load_crops(folder, "train", each.subset(part)))
            for folder, each, part in zip(folders, labels, parts, strict=True)
            if part.any()
        ]
    )


def even_in_yaw(yaw_deg: NDArray[np.float32]) -> NDArray[np.intp]:
    """Indices of as many faces of each bin of |yaw|, all of a bin that has fewer."""
    order = np.argsort(yaw_deg, kind="stable")
    bins = np.digitize(np.abs(yaw_deg[order]), _BIN_EDGES_DEG[1:-1])
    chosen = []
    for index in range(len(_BIN_EDGES_DEG) - 1):
        members = order[bins == index]
        count = min(_CROPS_A_BIN, len(members))
        chosen.append(members[np.linspace(0, len(members) - 1, count).astype(int)])
    return np.sort(np.concatenate(chosen))


if __name__ == "__main__":
    sys.exit(main())
