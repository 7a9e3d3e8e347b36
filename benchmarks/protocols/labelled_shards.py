"""Labelled crops in tar shards (``val.npz`` and ``val-NN.tar``), truth by truth and source."""

from __future__ import annotations

import functools
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.export.datasets.cfp_fiducials import (
    landmarks_from_frontal_fiducials,
    landmarks_from_profile_fiducials,
)
from frsdk.export.datasets.face_labels import MARGIN, NETWORK_SIZE, STORED_SIZE
from frsdk.imaging.crop_bytes import MOST_BYTES, TAR_DAMAGE, image_from_bytes
from frsdk.imaging.face_crop import Image
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import pose_from_params
from frsdk.storage.npz_arrays import read_npz
from frsdk.storage.path_kinds import is_file

from .face_set import SAME_PIXELS, FaceSet, Picture, Truth, landmark_boxes

Array = NDArray[np.float64]

_ROI = Roi(MARGIN, MARGIN, NETWORK_SIZE)  # pixels 20..139
_CENTRE_LINE = (8, 18, 19, 20, 21, 22, 26, 27, 28, 29)  # CFP's fiducials of chin, nose and lips
_T_X, _T_Y = 3, 7  # 3DDFA counts crop pixels from 1
_FIELDS = {
    "lmk68": (68, 3), "gt68": (68, 2), "gt30": (30, 2), "param62": (62,), "yaw_deg": (),
    "shard": (),
}  # fmt: skip


def read_shards(folder: Path, split: str = "val") -> FaceSet:
    """The crops of one split with their labels.

    Truths: ``lmk68`` (the teacher ensemble's landmarks), ``gt68`` (annotated), each source of
    ``gt68``, and ``gt30`` (CFP's fiducials) for frontal and profile pictures.

    Args:
        folder: Holds ``{split}.npz`` and ``{split}-NN.tar``.
        split: Name of the label file without its suffix.

    Raises:
        InputError: A file or field is missing or damaged, counts differ, or a label is not finite.
    """
    path = folder / f"{split}.npz"
    labels, keys, sources = _read_labels(path)
    content = _read_members(folder, split, labels["shard"].astype(int), keys)
    pictures = [
        Picture(key, functools.partial(_decoded, content[key], key), _ROI, SAME_PIXELS)
        for key in keys
    ]
    params = labels["param62"].copy()
    params[:, [_T_X, _T_Y]] -= 1.0
    return FaceSet(
        name=split,
        pictures=pictures,
        truths=_truths(path, labels, sources),
        pose_deg=_poses(params),
        landmarks_3d=labels["lmk68"],
        surface_params=params,
        notes=("lmk68 are the teacher ensemble's own landmarks, gt68 and gt30 annotated ones.",),
    )


def frontal_boxes(fiducials: Array) -> Array:
    """(n, 4) boxes of the fiducials and their mirror image about the face's centre line."""
    boxes = landmark_boxes(fiducials)
    centre = fiducials[:, _CENTRE_LINE, 0].mean(axis=1)
    half = np.maximum(boxes[:, 2] - centre, centre - boxes[:, 0])
    boxes[:, 0], boxes[:, 2] = centre - half, centre + half
    return boxes


def _truths(path: Path, labels: dict[str, Array], sources: NDArray[np.str_]) -> list[Truth]:
    yaw = -labels["yaw_deg"]  # the files keep 3DDFA_V2's sign
    points, people, fiducials = labels["lmk68"], labels["gt68"], labels["gt30"]
    if not np.isfinite(points).all():
        bad = int((~np.isfinite(points).all(axis=(1, 2))).sum())
        raise InputError(f"{path}: {bad} of {len(points)} labels in lmk68 are not finite")

    def truth(name: str, landmarks: Array, boxes: Array, chosen: NDArray[np.bool_]) -> Truth:
        rows = np.flatnonzero(chosen)
        return Truth(name, rows, landmarks[rows, :, :2], boxes[rows], yaw[rows])

    found = [truth("lmk68", points, landmark_boxes(points), np.ones(len(points), np.bool_))]
    annotated = _complete(path, "gt68", people)
    if annotated.any():
        found.append(truth("gt68", people, landmark_boxes(people), annotated))
    for source in np.unique(sources[annotated]):
        chosen = annotated & (sources == source)
        found.append(truth(f"gt68 {source}", people, landmark_boxes(people), chosen))
    with_fiducials = _complete(path, "gt30", fiducials)
    frontal = with_fiducials & (sources == "cfp_frontal")
    if frontal.any():
        landmarks = landmarks_from_frontal_fiducials(fiducials)
        found.append(truth("gt30 cfp_frontal", landmarks, frontal_boxes(fiducials), frontal))
    profile = with_fiducials & (sources == "cfp_profile")
    if profile.any():
        landmarks = landmarks_from_profile_fiducials(fiducials, yaw)
        found.append(truth("gt30 cfp_profile", landmarks, landmark_boxes(fiducials), profile))
    return found


def _complete(path: Path, name: str, points: Array) -> NDArray[np.bool_]:
    """(n,) whether a face has all its points; some but not all is an error."""
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=2), np.bool_)
    complete = np.asarray(finite.all(axis=1), np.bool_)
    partial = finite.any(axis=1) & ~complete
    if partial.any():
        raise InputError(
            f"{path}: {name} of face {int(np.flatnonzero(partial)[0])} has points that are not "
            "finite: leave all of them NaN where there is no annotation"
        )
    return complete


def _poses(params: Array) -> Array:
    """(n, 3) yaw, pitch, roll of labels in 300W-LP's order; NaN where there are no parameters."""
    poses = np.full((len(params), 3), np.nan)
    for row, each in enumerate(params):
        if np.isfinite(each).all() and np.any(each[:3]):
            poses[row] = pose_from_params(each, _ROI, NETWORK_SIZE).angles_300w_lp
    return poses


def _read_labels(path: Path) -> tuple[dict[str, Array], list[str], NDArray[np.str_]]:
    if not is_file(path):
        raise InputError(f"{path}: no such label file: give a folder that holds {path.name}")
    try:
        file = read_npz(path, (*_FIELDS, "key", "source"))
        labels = {name: file[name].astype(np.float64) for name in _FIELDS}
        keys, sources = [str(key) for key in file["key"]], file["source"].astype(np.str_)
    except (ValueError, TypeError) as error:  # read_npz's, or of texts in the place of numbers
        raise InputError(f"{path}: not a label file of face crops: {error}") from error
    for name, shape in _FIELDS.items():
        if labels[name].shape != (len(keys), *shape):
            raise InputError(
                f"{path}: field {name}: expected {(len(keys), *shape)}, got {labels[name].shape}"
            )
    if len(sources) != len(keys):
        raise InputError(f"{path}: {len(sources)} sources for {len(keys)} keys")
    return labels, keys, sources


def _read_members(
    folder: Path, split: str, shards: NDArray[np.int_], keys: list[str]
) -> dict[str, bytes]:
    """The file of each key, still compressed."""
    wanted, content = set(keys), {}
    for shard in np.unique(shards):
        path = folder / f"{split}-{shard:02d}.tar"
        if not is_file(path):
            raise InputError(f"{path}: no such shard: the labels of {split} name it")
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    key = member.name.removesuffix(".webp")
                    fits = key in wanted and member.isfile() and member.size <= MOST_BYTES
                    file = archive.extractfile(member) if fits else None
                    if file is not None:
                        content[key] = file.read()
        except TAR_DAMAGE as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"{path}: not a readable tar file ({reason})") from error
    missing = [key for key in keys if key not in content]
    if missing:
        raise InputError(
            f"{folder}: {len(missing)} of {len(keys)} {split} crops missing, {missing[0]} first"
        )
    return content


def _decoded(data: bytes, key: str) -> Image:
    image = image_from_bytes(data)
    if image is None or image.shape != (STORED_SIZE, STORED_SIZE, 3):
        raise ImageFileError(f"{key}: not a {STORED_SIZE}x{STORED_SIZE} picture")
    return image
