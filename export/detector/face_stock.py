"""The labelled crops that scenes are made of, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.detectors import Detection
from frsdk.errors import InputError

from ..datasets.face_labels import STORED_SIZE, FaceLabels, read_labels
from ..datasets.stored_crops import load_crops
from .detector_labels import face_boxes

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

TURNED_SOURCE = "turned"  # faces of the other sources, turned in 3D
COVERED_SOURCE = "covered"  # faces of the other sources behind masks, scarves, glasses, hands
# Share of the draws that each source gets, of the sum over those at hand: profiles come from
# cfp_profile and the turned faces alone, and afw, helen and udacity are the photographs taken in
# the wild. Sources that are not named share the rest.
SOURCE_SHARES = {
    TURNED_SOURCE: 0.14,
    "cfp_profile": 0.26,
    "cfp_frontal": 0.12,
    "aaf": 0.22,
    "helen": 0.14,
    "udacity": 0.12,
    "afw": 0.09,
    "utkface": 0.05,
}
TURNED_WEIGHT = 2.0  # of faces turned by more than 30 degrees, within a source
_TURNED_DEG = 30.0
_DARK = 12  # a stored crop is black outside its photograph
_MAX_SPREAD = 0.03
_NEIGHBOUR_IOU = 0.2


@dataclass(frozen=True, slots=True)
class FaceStock:
    """n crops of 160 px with labels on the continuous plane of the crop.

    Attributes:
        crops: (n, 160, 160, 3) uint8 BGR.
        landmarks: (n, 68, 2).
        content: (n, 4) the photograph's part of the crop, x0, y0, x1, y1, whole pixels.
        neighbours: For some crops, (k, 4) boxes of further faces that have no label.
        sampling: (n,) probabilities.
        yaw_deg: (n,) positive when the face turns to the image's right.
        source: (n,) data set.
    """

    crops: Image
    landmarks: Array
    content: NDArray[np.int64]
    neighbours: dict[int, Array]
    sampling: Array
    yaw_deg: Array
    source: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.crops)


def load_stock(
    folder: Path, split: str, *, leave_out: Iterable[str] = (), clean: bool = True
) -> FaceStock:
    """The crops of :func:`usable_faces` as a stock."""
    return stock_of(*usable_faces(folder, split, leave_out=leave_out, clean=clean))


def usable_faces(
    folder: Path, split: str, *, leave_out: Iterable[str] = (), clean: bool = True
) -> tuple[FaceLabels, Image]:
    """Read a split of the labelled crops.

    Args:
        folder: Folder with ``{split}.npz`` and its tar shards.
        split: ``"train"`` or ``"val"``.
        leave_out: Names of photographs whose faces are not to be used: a key that contains one.
        clean: Leave out crops on whose label the ensemble disagrees.

    Returns:
        The labels of n faces and their (n, 160, 160, 3) crops.

    Raises:
        InputError: Labels or crops are missing or damaged, or nothing is left.
    """
    labels = read_labels(folder / f"{split}.npz")
    crops = load_crops(folder, split, labels)
    names = tuple(leave_out)
    used = np.array([not any(name in str(key) for name in names) for key in labels.key], np.bool_)
    if clean:
        used &= labels.spread < _MAX_SPREAD
    if not used.any():
        raise InputError(f"{folder}: no {split} crop is left to use")
    return labels.subset(used), crops[used]


def stock_of(labels: FaceLabels, crops: Image) -> FaceStock:
    """A stock of n labelled crops, without neighbours."""
    return FaceStock(
        crops=crops,
        landmarks=labels.landmarks[..., :2] + 0.5,
        content=np.array([content_rectangle(crop) for crop in crops]),
        neighbours={},
        sampling=sampling_weights(labels.source, labels.yaw_deg),
        yaw_deg=labels.yaw_deg,
        source=labels.source,
    )


def content_rectangle(crop: Image) -> tuple[int, int, int, int]:
    """The part of a stored crop that its photograph covers, without the black around it.

    Dark photographs keep at least the face: the rectangle never cuts into the middle 80 pixels.
    """
    lit = crop.max(axis=2) > _DARK  # (160, 160)
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    low, high = STORED_SIZE // 4, STORED_SIZE * 3 // 4
    if not len(rows):
        return 0, 0, STORED_SIZE, STORED_SIZE
    inset = 1  # the photograph's outermost pixel is mixed with black
    return (
        min(int(columns[0]) + inset * bool(columns[0]), low),
        min(int(rows[0]) + inset * bool(rows[0]), low),
        max(int(columns[-1]) + 1 - inset * (columns[-1] < STORED_SIZE - 1), high),
        max(int(rows[-1]) + 1 - inset * (rows[-1] < STORED_SIZE - 1), high),
    )


def sampling_weights(
    source: NDArray[np.str_], yaw_deg: Array, shares: Mapping[str, float] | None = None
) -> Array:
    """(n,) probabilities of n faces: each source its share, turned faces more often.

    Args:
        source: (n,) of each face.
        yaw_deg: (n,).
        shares: Of the sources; None: those of :data:`SOURCE_SHARES`.
    """
    shares = SOURCE_SHARES if shares is None else shares
    weight = np.where(np.abs(yaw_deg) > _TURNED_DEG, TURNED_WEIGHT, 1.0)
    others = max(0.0, 1.0 - sum(shares.values()))
    for name in np.unique(source):
        rows = source == name
        weight[rows] *= shares.get(str(name), max(others, 0.05)) / weight[rows].sum()
    return np.asarray(weight / weight.sum(), np.float64)


def find_neighbours(
    stock: FaceStock, detect: Callable[[Image], Sequence[Detection]], posed: Collection[str]
) -> dict[int, Array]:
    """Boxes of faces in the crops that are not the labelled one, by a teacher.

    Args:
        stock: The crops.
        detect: The teacher, for example YuNet.
        posed: Data sets whose crops show one person.

    Returns:
        Row -> (k, 4) boxes on the crop's plane; rows without further faces are absent.
    """
    found: dict[int, Array] = {}
    own = face_boxes(stock.landmarks)
    for row in np.flatnonzero(~np.isin(stock.source, list(posed))):
        boxes = np.array([each.box_xyxy for each in detect(stock.crops[row])]).reshape(-1, 4)
        others = boxes[_overlap(boxes, own[row]) < _NEIGHBOUR_IOU]
        if len(others):
            found[int(row)] = others
    return found


def _overlap(boxes: Array, box: Array) -> Array:
    """(n,) intersection over the smaller area."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.maximum(high - low, 0.0).prod(axis=1)
    smaller = np.minimum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), (box[2:] - box[:2]).prod())
    return np.asarray(shared / np.maximum(smaller, 1e-9), np.float64)
