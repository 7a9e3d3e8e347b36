"""Fit each detector's box rule: the linear map from its boxes to the network's square.

The nominal square of a val crop is known (pixels 20..139), so the best side and centre follow by
least squares from what the detector finds there. Turned faces (|yaw| > 30) count with their mirror
images, so that no rule leans to one side.

Run: `python -m frsdk.benchmarks.detection.fit_box_rules --shared ../shared`, or with
`--faces FOLDER --detector FILE.onnx` for one detector on held-out crops of other folders.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import BuiltinDetector, Detection, YuNetDetector
from frsdk.commands.console_errors import reports_errors
from frsdk.commands.terminal import Advance, progress
from frsdk.detectors import detector_from_option
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.datasets.stored_crops import load_crops

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]
DetectFaces = Callable[[Image], Sequence[Detection]]

CROP_SIZE, ROI_FIRST, ROI_SIDE = 160, 20, 120
ENLARGEMENT = 2
PAD = 40  # crop pixels of replicated border on each side, before the enlargement
TURNED_DEG = 30.0


@dataclass(frozen=True, slots=True)
class BoxRuleFit:
    """A box rule and what it leaves, as shares of the network square's side."""

    detector: str
    n_crops: int
    n_found: int
    scale: float
    shift_x: float
    shift_y: float
    side_spread: float
    centre_x_spread: float
    centre_y_spread: float
    worst_5_percent_shift: float


def read_val(folder: Path) -> tuple[list[Image], FloatArray]:
    """The val crops (160, 160, 3) BGR and their |yaw| in degrees (n,).

    Raises:
        InputError: Labels or crops are missing or damaged.
    """
    labels = read_labels(folder / "val.npz")
    return list(load_crops(folder, "val", labels)), np.abs(labels.yaw_deg)


def detected_boxes(crops: Iterable[Image], detect: DetectFaces) -> Iterator[FloatArray | None]:
    """For each crop the best face's box (4,) in crop pixels, or None.

    Crops are widened by their own border and enlarged, since detectors want a face of some size in
    a picture that goes on around it. A box that is off the face by half its side is no find.
    """
    for crop in crops:
        wide = cv2.copyMakeBorder(crop, PAD, PAD, PAD, PAD, cv2.BORDER_REPLICATE)
        side = wide.shape[0] * ENLARGEMENT
        large = cv2.resize(wide, (side, side), interpolation=cv2.INTER_CUBIC)
        found = [
            np.array(each.box_xyxy) / ENLARGEMENT - PAD
            for each in detect(np.asarray(large, np.uint8))
        ]
        yield next((box for box in found if _on_face(box)), None)


def _on_face(box: FloatArray) -> bool:
    centre = (box[:2] + box[2:]) / 2 - CROP_SIZE / 2
    longer = float((box[2:] - box[:2]).max())
    return bool(np.abs(centre).max() < ROI_SIDE / 4 and ROI_SIDE / 3 < longer < ROI_SIDE * 1.5)


def fit(name: str, boxes: Sequence[FloatArray | None]) -> BoxRuleFit:
    """Least squares of the square's side and centre on the boxes, relative to the side."""
    found = np.array([box for box in boxes if box is not None])  # (n, 4)
    if not len(found):
        raise click.ClickException(f"{name}: no face found on any crop")
    longer = (found[:, 2:] - found[:, :2]).max(axis=1)  # (n,)
    centre = (found[:, :2] + found[:, 2:]) / 2  # (n, 2)
    scale = ROI_SIDE * longer.sum() / (longer**2).sum()
    offset = ROI_FIRST + ROI_SIDE / 2 - centre  # (n, 2)
    shift = (offset * longer[:, None]).sum(axis=0) / (longer**2).sum()
    side_left = scale * longer / ROI_SIDE - 1
    centre_left = (shift * longer[:, None] - offset) / ROI_SIDE
    return BoxRuleFit(
        detector=name,
        n_crops=len(boxes),
        n_found=len(found),
        scale=round(float(scale), 3),
        shift_x=round(float(shift[0]), 3),
        shift_y=round(float(shift[1]), 3),
        side_spread=round(float(side_left.std()), 3),
        centre_x_spread=round(float(centre_left[:, 0].std()), 3),
        centre_y_spread=round(float(centre_left[:, 1].std()), 3),
        worst_5_percent_shift=round(float(np.quantile(np.abs(centre_left).max(axis=1), 0.95)), 3),
    )


@click.command()
@click.option(
    "--shared",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("../shared"),
    show_default=True,
    help="The folder that holds data/faces and data/detector.",
)
@click.option(
    "--faces",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Another folder with val.npz; may be repeated.",
)
@click.option("--detector", metavar="builtin|FILE.onnx", help="Fit this one alone.")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Use every n-th crop.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reports_errors
def main(
    shared: Path, faces: tuple[Path, ...], detector: str | None, every: int, as_json: bool
) -> None:
    """Print the box rule of each detector, fitted on the val crops."""
    parts = [read_val(folder) for folder in faces or (shared / "data" / "faces",)]
    crops = [crop for part in parts for crop in part[0]]
    yaw_deg = np.concatenate([part[1] for part in parts])
    turned = [crop for crop, yaw in zip(crops, yaw_deg, strict=True) if yaw > TURNED_DEG]
    turned += [np.ascontiguousarray(crop[:, ::-1]) for crop in turned]
    front = [crop for crop, yaw in zip(crops, yaw_deg, strict=True) if yaw <= TURNED_DEG]
    front, turned = front[::every], turned[::every]
    named = _detectors(shared / "data" / "detector", detector)
    jobs = [(name, detect, [*front, *turned]) for name, detect in named]
    if turned:
        jobs.insert(1, (f"{named[0][0]}, turned faces", named[0][1], turned))
    results = []
    for name, detect, pictures in jobs:
        with progress(name, len(pictures)) as advance:
            results.append(fit(name, list(detected_boxes(_counted(pictures, advance), detect))))
        if not as_json:
            click.echo("  ".join(f"{key}={value}" for key, value in asdict(results[-1]).items()))
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=1))


def _detectors(folder: Path, chosen: str | None) -> list[tuple[str, DetectFaces]]:
    """The one that was chosen, or the built-in one and YuNet's two."""
    if chosen is not None:
        return [(chosen, detector_from_option(chosen, min_score=None))]
    return [
        ("builtin", BuiltinDetector()),
        ("yunet_n", YuNetDetector(folder / "yunet_n_320.onnx")),
        ("yunet_s", YuNetDetector(folder / "yunet_s_320.onnx")),
    ]


def _counted(pictures: list[Image], advance: Advance) -> Iterator[Image]:
    for picture in pictures:
        yield picture
        advance(1, "")


if __name__ == "__main__":
    main()
