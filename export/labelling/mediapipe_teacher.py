"""Label faces by MediaPipe's mesh: the median of jittered and mirrored crops, near-frontal only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.face_crop import crop_face
from frsdk.imaging.image_sources import find_images
from frsdk.imaging.read_image import read_image
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import angles_300w_lp

from ..datasets.face_labels import MIRROR_68
from ..datasets.label_photographs import EnsembleLabel
from ..datasets.labelled_face import LabelledFace, stored_crop
from ..datasets.labelling_defaults import LabelSettings
from ..datasets.skipped_items import Skipped
from ..runs.run_progress import with_progress
from .apply_offsets import rotations, with_offsets
from .label_turned_faces import TurnedFaceTeacher
from .mesh_landmarks import N_MESH, landmarks_from_mesh
from .offset_table import OFFSETS
from .short_range_detector import FoundFace, ShortRangeDetector
from .tflite_models import DETECTOR, MESH, TfliteModel, read_model

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

LARGEST_YAW_DEG = 35.0
_UPRIGHT = np.array([1.0, -1.0, 1.0])
_GROWN = 1.5  # side of a crop over that of the face's box, as MediaPipe has it
_LEAST_PRESENCE = 0.5
_PASSES = 2  # from the detector's box to the mesh's own
_BORDER = 0.5  # of the longer side: FairFace's chips are tighter than a crop


@dataclass(slots=True)
class Drops:
    """What was left out, and why.

    Attributes:
        pictures: Pictures read.
        labelled: Faces labelled.
        no_face: Pictures without a face.
        lost: Faces that the mesh does not confirm.
        turned: Faces turned further than 35 degrees.
        by_network: Of those and the ones not confirmed, labelled by a network.
        doubtful: Faces on which the crops disagree.
    """

    pictures: int = 0
    labelled: int = 0
    no_face: int = 0
    lost: int = 0
    turned: int = 0
    by_network: int = 0
    doubtful: int = 0

    def __str__(self) -> str:
        """One line of counts."""
        return (
            f"{self.pictures} pictures, {self.labelled} faces labelled; left out: {self.no_face} "
            f"pictures without a face, faces: {self.lost} not confirmed, {self.turned} turned over "
            f"{LARGEST_YAW_DEG:.0f} degrees, {self.doubtful} on which crops disagree"
            + (f"; {self.by_network} of these labelled by the network" if self.by_network else "")
        )


class MediapipeTeacher:
    """Finds and labels faces with MediaPipe's models.

    Args:
        wheel: The wheel mediapipe 0.10.14, or a folder with its two .tflite files.
        offsets: (68, 3) from its points to the landmarks, see ``with_offsets``; None: the committed
            table.

    Raises:
        InputError: The models are missing, damaged or of another version.
        MissingDependencyError: LiteRT is not installed.
    """

    def __init__(self, wheel: Path, offsets: Array | None = None) -> None:
        self._offsets = OFFSETS if offsets is None else offsets
        self._detector = ShortRangeDetector(TfliteModel(read_model(wheel, DETECTOR)))
        self._mesh = TfliteModel(read_model(wheel, MESH))

    def find(self, image_bgr: Image) -> list[FoundFace]:
        """Faces of a picture, the surest first."""
        return self._detector(image_bgr)

    def mesh(self, image_bgr: Image, roi: Roi) -> Array | None:
        """(468, 3) mesh points in image pixels, z toward the camera; None without a face."""
        size = self._mesh.size
        crop = crop_face(image_bgr, roi, size)
        outputs = self._mesh((crop[:, :, ::-1] / np.float32(255.0)).astype(np.float32))
        flat, presence = (each.reshape(-1).astype(np.float64) for each in outputs)
        if 1.0 / (1.0 + np.exp(-presence[0])) < _LEAST_PRESENCE:
            return None
        points = flat.reshape(N_MESH, 3)
        matrix = roi.image_from_crop(size)
        xy = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        return np.concatenate([xy, -points[:, 2:] * roi.side / size], axis=1)

    def label(
        self, image_bgr: Image, found: FoundFace, settings: LabelSettings, rng: np.random.Generator
    ) -> EnsembleLabel | None:
        """The median landmarks of one face; None where the mesh loses it.

        Raises:
            InputError: A crop lies outside the picture.
        """
        roi = _square(found.centre_xy, found.side * _GROWN, found.roll_deg)
        for _ in range(_PASSES):
            mesh = self.mesh(image_bgr, roi)
            if mesh is None:
                return None
            roi = _roi_of_mesh(mesh)
        members = self._members(image_bgr, roi, settings, rng)
        if not members:
            return None
        stack = np.stack(members)  # (2 crops, 68, 3)
        median = np.median(stack, axis=0)
        distance = np.sqrt(((stack - median)[..., :2] ** 2).sum(axis=2).mean(axis=0)).mean()
        yaw_deg = yaw_of_landmarks(median)
        landmarks = with_offsets(median[None] * _UPRIGHT, self._offsets)[0] * _UPRIGHT
        landmarks[:, 2] -= landmarks[:, 2].mean()
        return EnsembleLabel(landmarks, yaw_deg, float(distance / roi.side))

    def _members(
        self, image: Image, roi: Roi, settings: LabelSettings, rng: np.random.Generator
    ) -> list[Array]:
        width = image.shape[1]
        flipped = np.ascontiguousarray(image[:, ::-1])
        members = []
        for k in range(settings.crops):
            each = _jittered(roi, settings, rng) if k else roi
            mirrored = Roi(width - each.x0 - each.side, each.y0, each.side, -each.roll_deg)
            plain, other = self.mesh(image, each), self.mesh(flipped, mirrored)
            if plain is None or other is None:
                return []
            turned = landmarks_from_mesh(other)[MIRROR_68]
            turned[:, 0] = width - 1 - turned[:, 0]
            members += [_centred(landmarks_from_mesh(plain)), _centred(turned)]
        return members


def label_photos_by_mesh(
    folder: Path,
    teacher: MediapipeTeacher,
    settings: LabelSettings | None = None,
    *,
    turned: TurnedFaceTeacher | None = None,
    drops: Drops | None = None,
    bad_share: float = 0.0,
) -> Iterator[LabelledFace]:
    """Labelled faces of the pictures in a folder, the surest face of each.

    Args:
        folder: The pictures (sub-folders are not entered).
        teacher: Finds the faces and labels them.
        settings: Of the ensemble.
        turned: Labels faces that the mesh does not confirm or that are turned too far, instead of
            all others.
        drops: Counts what is left out.
        bad_share: Damaged pictures are skipped, named, up to this share.

    Raises:
        InputError: No picture, or too many damaged ones.
    """
    settings, drops = settings or LabelSettings(crops=4), drops or Drops()
    sources = find_images([folder])
    skipped = Skipped(len(sources), bad_share)
    for number, source in enumerate(with_progress("labelling", sources, len(sources))):
        try:
            picture = read_image(source.location)
        except ImageFileError as error:
            skipped.add(str(error))
            continue
        drops.pictures += 1
        rng = np.random.default_rng([settings.seed, number])
        face = _labelled(picture, teacher, turned, settings, rng, drops)
        if face is not None:
            drops.labelled += 1
            yield replace(face, key=f"{Path(source.name).stem}_{number}", source=folder.name)


def _labelled(
    picture: Image,
    teacher: MediapipeTeacher,
    turned: TurnedFaceTeacher | None,
    settings: LabelSettings,
    rng: np.random.Generator,
    drops: Drops,
) -> LabelledFace | None:
    image = _with_border(picture)
    found = teacher.find(image)
    if not found:
        drops.no_face += 1
        return None
    try:
        # Where the network labels, one look tells whether the mesh would have.
        looks = replace(settings, crops=1) if turned else settings
        label = teacher.label(image, found[0], looks, rng)
        if label is None or abs(label.yaw_deg) > LARGEST_YAW_DEG:
            drops.lost += label is None
            drops.turned += label is not None
            label = turned.label(image, found[0], settings, rng) if turned else None
            drops.by_network += label is not None
        elif label.spread > settings.largest_spread or turned:
            drops.doubtful += turned is None
            return None
        if label is None:
            return None
        crop, points, _ = stored_crop(image, label.landmarks)
    except InputError:  # a crop outside the picture
        drops.lost += 1
        return None
    return LabelledFace("", crop, points, label.yaw_deg, "", label.spread)


def yaw_of_landmarks(landmarks: Array) -> float:
    """Yaw in degrees of (68, 3) image landmarks, positive toward the image's right."""
    return float(angles_300w_lp(rotations(landmarks[None] * _UPRIGHT)[0])[0])


def _with_border(picture: Image) -> Image:
    """The picture with its edge continued, blurred: a black frame would tell of tight pictures."""
    margin = round(max(picture.shape[:2]) * _BORDER)
    grown = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    soft = cv2.blur(grown, (margin | 1, margin | 1))
    soft[margin:-margin, margin:-margin] = picture
    return np.asarray(soft, np.uint8)


def _roi_of_mesh(mesh: Array) -> Roi:
    """MediaPipe's square: the box of the mesh, turned upright, times 1.5."""
    across = mesh[263, :2] - mesh[33, :2]
    angle = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = mesh[:, :2] @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn @ ((low + high) / 2.0)
    return _square((float(x), float(y)), float((high - low).max()) * _GROWN, np.degrees(angle))


def _square(centre: tuple[float, float], side: float, roll_deg: float) -> Roi:
    return Roi(centre[0] + 0.5 - side / 2.0, centre[1] + 0.5 - side / 2.0, side, float(roll_deg))


def _jittered(roi: Roi, settings: LabelSettings, rng: np.random.Generator) -> Roi:
    side = roi.side * (1.0 + rng.uniform(-settings.scale, settings.scale))
    x, y = rng.uniform(-settings.shift, settings.shift, 2) * roi.side
    move = (roi.side - side) / 2.0
    return Roi(roi.x0 + move + x, roi.y0 + move + y, side, roi.roll_deg)


def _centred(points: Array) -> Array:
    """Z of zero mean."""
    moved = points.copy()
    moved[:, 2] -= moved[:, 2].mean()
    return moved
