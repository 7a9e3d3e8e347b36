#!/usr/bin/env python3
"""Write measured thresholds and the box rule into a detector's checkpoint.

    scripts/set_detector_thresholds.py FILE.pth [--min-score S] [--box-rule SCALE X Y]
        [--second-look FROM TO] [--four-looks BELOW LEAST]

`python -m frsdk.benchmarks.detection.score_ranges` and `...fit_box_rules` give the numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from frsdk.export.checkpoints.checkpoint_file import load_any_checkpoint, save_checkpoint
from frsdk.specs.detector_spec import DetectorSpec


def main() -> None:
    """Replace what is given; all else stays."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--min-score", type=float)
    parser.add_argument("--box-rule", type=float, nargs=3)
    parser.add_argument("--second-look", type=float, nargs=2)
    parser.add_argument("--four-looks", type=float, nargs=2)
    options = vars(parser.parse_args())
    path = options.pop("file")
    network, spec = load_any_checkpoint(path)
    if not isinstance(spec, DetectorSpec):
        parser.error(f"{path}: holds no face detector")
    given = {name: value for name, value in options.items() if value is not None}
    changes = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    save_checkpoint(path, network.eval(), spec.replace(**changes))


if __name__ == "__main__":
    main()
