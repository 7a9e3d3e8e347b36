#!/usr/bin/env python3
"""Put a calibration table into a network: calibrate_network.py NETWORK.onnx FACES [-o OUT].

FACES holds train.npz and its shards, as `frsdk-train` reads them. 512 crops are taken, at
even distances in the order of yaw. It takes minutes, most of them for each layer's sensitivity.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

from frsdk.engines.calibrate import calibrate_file
from frsdk.errors import FrsdkError
from frsdk.export.augment import plain_crops
from frsdk.export.crops import load_crops
from frsdk.export.faces_data import FaceLabels, read_labels

_CROPS = 512


def main() -> int:
    """Calibrate and say what it gave; 1 where it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("faces", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="[default: NETWORK itself]")
    parser.add_argument("--no-sensitivity", action="store_true", help="exclude no layer")
    options = parser.parse_args()
    try:
        labels = read_labels(options.faces / "train.npz")
        order = np.argsort(labels.yaw_deg, kind="stable")
        chosen = np.sort(order[np.linspace(0, len(order) - 1, _CROPS).astype(int)])
        some = FaceLabels(
            **{each.name: getattr(labels, each.name)[chosen] for each in fields(labels)}
        )
        crops = plain_crops(load_crops(options.faces, "train", some))
        table = calibrate_file(
            options.network,
            crops,
            options.output or options.network,
            sensitivity=not options.no_sensitivity,
        )
    except FrsdkError as error:
        print(f"calibrate_network: {error}", file=sys.stderr)
        return 1
    for target, each in table.targets.items():
        lost = ", ".join(f"{name} {value:.3f}" for name, value in each.drift.items())
        print(
            f"{target}: {each.method} ({lost} %), excluded {len(each.excluded)}: {each.final:.3f} %"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
