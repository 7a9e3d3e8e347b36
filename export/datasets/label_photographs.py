"""Label photographs with a network of ours, averaged over jittered and mirrored crops."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.face import Face
from frsdk.imaging.image_sources import find_images
from frsdk.imaging.read_image import read_image
from frsdk.imaging.roi import Roi, roi_from_landmarks
from frsdk.morphable.head_pose import Pose
from frsdk.reconstructor import FaceReconstructor

from ..runs.run_progress import with_progress
from .face_labels import MIRROR_68
from .labelled_face import LabelledFace, stored_crop
from .labelling_defaults import LabelSettings
from .skipped_items import Skipped

Array = NDArray[np.float64]
Image = NDArray[np.uint8]


def label_photos(
    folder: Path,
    teacher: FaceReconstructor,
    settings: LabelSettings | None = None,
    *,
    bad_share: float = 0.0,
) -> Iterator[LabelledFace]:
    """Labelled faces of the photographs in a folder (sub-folders are not entered).

    Args:
        folder: The photographs.
        teacher: Finds the faces and labels them.
        settings: Of the ensemble.
        bad_share: Damaged photographs are skipped, named, up to this share.

    Raises:
        InputError: No photograph, or too many damaged ones.
    """
    settings = settings or LabelSettings()
    sources = find_images([folder])
    skipped, doubtful = Skipped(len(sources), bad_share), 0
    for number, source in enumerate(with_progress("labelling", sources, len(sources))):
        try:
            image = read_image(source.location)
        except ImageFileError as error:
            skipped.add(str(error))
            continue
        rng = np.random.default_rng([settings.seed, number])
        for index, face in enumerate(teacher(image)):
            if turn_deg(face.pose) < settings.least_turn_deg:
                continue
            try:
                labelled = label_face(image, face.roi, teacher, settings, rng)
            except InputError:  # a crop of the ensemble lies outside the picture
                labelled = None
            if labelled is None:
                doubtful += 1
                continue
            yield _named(labelled, f"{Path(source.name).stem}_{number}_{index}", folder.name)
    if doubtful:
        print(
            f"left out: {doubtful} faces at the picture's edge, or whose labels disagree by more "
            f"than {settings.largest_spread:.1%} of the crop (--largest-spread)",
            file=sys.stderr,
        )


def turn_deg(pose: Pose) -> float:
    """The angle between where a face looks and the camera, 0..180 degrees."""
    return math.degrees(math.acos(min(1.0, max(-1.0, float(pose.direction[2])))))


def label_face(
    image: Image,
    roi: Roi,
    teacher: FaceReconstructor,
    settings: LabelSettings,
    rng: np.random.Generator,
) -> LabelledFace | None:
    """The median label of one face, None where the members disagree or the face is lost.

    Args:
        image: (H, W, 3) uint8 BGR.
        roi: Where a detector or a first pass puts the face.
        teacher: Labels it.
        settings: Of the ensemble.
        rng: Of the jitter.
    """
    found = ensemble_label(image, roi, teacher, settings, rng)
    if found is None:
        return None
    try:
        crop, points, _ = stored_crop(image, found.landmarks)
    except InputError:  # outside the picture: no face there
        return None
    return LabelledFace("", crop, points, found.yaw_deg, "", found.spread)


@dataclass(frozen=True, slots=True, eq=False)
class EnsembleLabel:
    """Median of a teacher's passes.

    Attributes:
        landmarks: (68, 3) image pixels.
        yaw_deg: Mean.
        spread: Root mean square distance to the median, share of the ROI side.
    """

    landmarks: Array
    yaw_deg: float
    spread: float


def ensemble_label(
    image: Image,
    roi: Roi,
    teacher: FaceReconstructor,
    settings: LabelSettings,
    rng: np.random.Generator,
) -> EnsembleLabel | None:
    """The median landmarks of one face in the picture; None where the members disagree.

    Args:
        image: (H, W, 3) uint8 BGR.
        roi: Where a detector or a first pass puts the face.
        teacher: Labels it.
        settings: Of the ensemble.
        rng: Of the jitter.
    """
    first = teacher(image, rois=[roi])[0]
    roi = roi_from_landmarks(first.landmarks)
    members, faces = _members(image, roi, teacher, settings, rng)
    median = np.median(members, axis=0)
    distance = np.sqrt(((members - median)[..., :2] ** 2).sum(axis=2).mean(axis=0)).mean()
    spread = float(distance / roi.side)
    if spread > settings.largest_spread:
        return None
    yaw = float(np.mean([face.pose.angles_300w_lp[0] for face in faces]))
    return EnsembleLabel(median, yaw, spread)


def _members(
    image: Image,
    roi: Roi,
    teacher: FaceReconstructor,
    settings: LabelSettings,
    rng: np.random.Generator,
) -> tuple[Array, list[Face]]:
    """(2 * crops, 68, 3) landmarks of all members in image pixels, and the un-mirrored faces."""
    rois = [roi, *(_jittered(roi, settings, rng) for _ in range(settings.crops - 1))]
    width = image.shape[1]
    flipped = np.ascontiguousarray(image[:, ::-1])
    mirrored = [Roi(width - each.x0 - each.side, each.y0, each.side) for each in rois]
    plain = teacher(image, rois=rois)
    other = teacher(flipped, rois=mirrored)
    points = [_centred(face) for face in plain]
    for face in other:
        turned = _centred(face)[MIRROR_68]
        turned[:, 0] = width - 1 - turned[:, 0]
        points.append(turned)
    return np.stack(points), plain


def _centred(face: Face) -> Array:
    """(68, 3) landmarks in image pixels, z of zero mean: each crop has its own origin there."""
    points = face.landmarks.astype(np.float64)
    points[:, 2] -= points[:, 2].mean()
    return points


def _jittered(roi: Roi, settings: LabelSettings, rng: np.random.Generator) -> Roi:
    side = roi.side * (1.0 + rng.uniform(-settings.scale, settings.scale))
    x, y = rng.uniform(-settings.shift, settings.shift, 2) * roi.side
    move = (roi.side - side) / 2.0
    return Roi(roi.x0 + move + x, roi.y0 + move + y, side)


def _named(face: LabelledFace, key: str, source: str) -> LabelledFace:
    return LabelledFace(
        key, face.crop, face.landmarks, face.yaw_deg, source, face.spread, face.annotation
    )
