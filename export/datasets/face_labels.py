"""Read the label files of face crops (``train.npz``, ``val.npz``) in crop-frame units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any  # arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.storage.npz_arrays import read_npz
from frsdk.storage.path_kinds import is_file

STORED_SIZE = 160  # the stored crops: the network's crop and a margin on every side
NETWORK_SIZE = 120
MARGIN = (STORED_SIZE - NETWORK_SIZE) // 2

_FIELDS = (
    "key", "shard", "source", "identity", "lmk68", "lmk68_spread", "gt68", "gt30", "param62",
    "yaw_deg",
)  # fmt: skip

#: Left-right permutation of the 68 iBUG landmarks.
MIRROR_68 = np.array(
    [
        *range(16, -1, -1),  # jaw
        *range(26, 16, -1),  # brows
        *range(27, 31),  # nose bridge
        *range(35, 30, -1),  # nose base
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),  # outer lips
        *(64, 63, 62, 61, 60, 67, 66, 65),  # inner lips
    ]
)


@dataclass(frozen=True, slots=True)
class FaceLabels:
    """Labels of n crops, points in 160-crop pixels (y down, centres at integers).

    Attributes:
        key: (n,) name of the crop.
        shard: (n,) number of the tar file that holds it.
        source: (n,) name of the data set that it came from.
        identity: (n,) person's name, ``""`` where unknown.
        landmarks: (n, 68, 3) teacher ensemble, z toward the camera, zero mean.
        spread: (n,) disagreement inside the ensemble, share of the ROI side.
        annotation: (n, 68, 2) annotations, NaN where none.
        fiducials: (n, 30, 2) CFP fiducials, NaN where none.
        parameters_3ddfa: (n, 62) raw parameters of the 3DDFA space (1-based crop frame).
        yaw_deg: (n,) yaw, positive when the face turns to the image's right.
    """

    key: NDArray[np.str_]
    shard: NDArray[np.int64]
    source: NDArray[np.str_]
    identity: NDArray[np.str_]
    landmarks: NDArray[np.float64]
    spread: NDArray[np.float64]
    annotation: NDArray[np.float64]
    fiducials: NDArray[np.float64]
    parameters_3ddfa: NDArray[np.float64]
    yaw_deg: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.key)

    def subset(self, rows: NDArray[np.bool_]) -> FaceLabels:
        """The labels of some faces, chosen by a mask (n,)."""
        return FaceLabels(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    @property
    def has_annotation(self) -> NDArray[np.bool_]:
        """(n,) whether people annotated 68 points."""
        return np.asarray(np.isfinite(self.annotation).all(axis=(1, 2)), np.bool_)

    @property
    def has_fiducials(self) -> NDArray[np.bool_]:
        """(n,) whether people placed CFP's 30 fiducials."""
        return np.asarray(np.isfinite(self.fiducials).all(axis=(1, 2)), np.bool_)


def read_labels(path: Path) -> FaceLabels:
    """Read one label file.

    Args:
        path: ``train.npz`` or ``val.npz`` of a folder of crops.

    Raises:
        InputError: The file is missing, has no such field, or its arrays have other shapes.
    """
    if not is_file(path):
        raise InputError(f"{path}: no such label file: give a folder that holds {path.name}")
    try:
        labels = _labels_from_arrays(read_npz(path, _FIELDS))
    except (ValueError, TypeError) as error:  # read_npz's, or of texts in the place of numbers
        raise InputError(f"{path}: not a label file of face crops: {error}") from error
    _check_shapes(labels, path)
    if not np.isfinite(labels.landmarks).all():
        bad = int((~np.isfinite(labels.landmarks).all(axis=(1, 2))).sum())
        raise InputError(f"{path}: {bad} of {len(labels)} labels in lmk68 are not finite")
    return labels


def _check_shapes(labels: FaceLabels, path: Path) -> None:
    """Each array has a row for each face."""
    shapes = {
        "key": labels.key.shape,
        "shard": labels.shard.shape,
        "source": labels.source.shape,
        "identity": labels.identity.shape,
        "lmk68": labels.landmarks.shape,
        "lmk68_spread": labels.spread.shape,
        "gt68": labels.annotation.shape,
        "gt30": labels.fiducials.shape,
        "param62": labels.parameters_3ddfa.shape,
        "yaw_deg": labels.yaw_deg.shape,
    }
    rows = {"lmk68": (68, 3), "gt68": (68, 2), "gt30": (30, 2), "param62": (62,)}
    if labels.key.ndim != 1:
        raise InputError(f"{path}: key: expected one for each face, got shape {labels.key.shape}")
    for name, shape in shapes.items():
        wanted = (len(labels.key), *rows.get(name, ()))
        if shape != wanted:
            raise InputError(f"{path}: {name}: expected {wanted}, got {shape}")


def _labels_from_arrays(arrays: dict[str, NDArray[Any]]) -> FaceLabels:
    def numbers(name: str) -> NDArray[np.float64]:
        return np.asarray(arrays[name].astype(np.float64))

    return FaceLabels(
        key=arrays["key"],
        shard=arrays["shard"].astype(np.int64),
        source=arrays["source"],
        identity=arrays["identity"],
        landmarks=numbers("lmk68"),
        spread=numbers("lmk68_spread"),
        annotation=numbers("gt68"),
        fiducials=numbers("gt30"),
        parameters_3ddfa=numbers("param62"),
        yaw_deg=-numbers("yaw_deg"),  # the files keep 3DDFA_V2's sign
    )


def joined(parts: Sequence[FaceLabels]) -> FaceLabels:
    """The labels of several folders, one after the other."""
    if len(parts) == 1:
        return parts[0]
    names = [each.name for each in fields(FaceLabels)]
    return FaceLabels(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def crop_frame_from_stored(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the 160-crop, y down, as points of the y-up crop frame of the 120-crop.

    Args:
        points: (..., 2) or (..., 3) in 160-crop pixels; z is kept.
    """
    moved = points.astype(np.float64, copy=True)
    moved[..., 0] -= MARGIN
    moved[..., 1] = (NETWORK_SIZE - 1) - (moved[..., 1] - MARGIN)
    return moved


def stored_from_crop_frame(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (..., 2 or 3) of the y-up crop frame in 160-crop pixels, y down, without z."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([x + MARGIN, NETWORK_SIZE - 1 - y + MARGIN], axis=-1)


def crop_frame_from_3ddfa(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raw 3DDFA parameters (n, 62) with the translation counted from pixel 0 and t_z 0."""
    moved = parameters.astype(np.float64, copy=True)
    moved[:, [3, 7]] -= 1.0
    moved[:, 11] = 0.0
    return moved


def annotated_landmarks(labels: FaceLabels) -> NDArray[np.float64]:
    """(n, 68, 3) landmarks whose x and y are annotated where there are any; z is the teacher's."""
    merged = labels.landmarks.copy()
    chosen = labels.has_annotation
    merged[chosen, :, :2] = labels.annotation[chosen]
    return merged
