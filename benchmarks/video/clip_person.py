"""A person of a photograph, to be put into the frames of a clip."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import FaceReconstructor, Roi, roi_from_landmarks
from frsdk.errors import InputError
from frsdk.imaging.roi import image_from_crop_matrix
from frsdk.morphable.vertex_decoding import N_POSE, crop_poses

from .head_turn import HeadTurner

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_LOOKS = 24  # jittered squares whose mean is the truth
_SCALE, _SHIFT = 0.06, 0.04


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is in a frame.

    Attributes:
        x: Middle of its landmarks' box, pixels of the frame.
        y: Likewise.
        size_px: Square root of the box's area before any turn.
        roll_deg: Clockwise.
        turn_deg: Turn of the head to the image's right, on top of the photograph's pose.
        nod_deg: Turn upward.
    """

    x: float
    y: float
    size_px: float
    roll_deg: float = 0.0
    turn_deg: float = 0.0
    nod_deg: float = 0.0


@dataclass(eq=False)
class Person:
    """A photograph with one face, and where its landmarks are.

    Attributes:
        name: Of the photograph.
        image: (H, W, 3) uint8.
        landmarks: (68, 2) pixels of the photograph: the mean of many looks of the network.
        params: (62,) likewise, in the crop frame of `roi`.
        roi: The nominal square of the landmarks.
        turner: Turns heads in 3D.
    """

    name: str
    image: Image
    landmarks: Array
    params: Array
    roi: Roi
    turner: HeadTurner = field(repr=False)

    @property
    def size(self) -> float:
        """Square root of the area of the landmarks' box."""
        return box_size(self.landmarks)

    @cached_property
    def mask(self) -> NDArray[np.float32]:
        """(H, W) 0..1, an ellipse around the head with soft edges."""
        low, high = self.landmarks.min(axis=0), self.landmarks.max(axis=0)
        centre, half = (low + high) / 2, (high - low) / 2
        mask = np.zeros(self.image.shape[:2], np.float32)
        axes = (round(half[0] * 1.25), round(half[1] * 1.55))
        middle = (round(centre[0]), round(centre[1] - 0.25 * half[1]))
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1)
        blur = max(3, round(half[0] * 0.08) * 2 + 1)
        return np.asarray(cv2.GaussianBlur(mask, (blur, blur), 0), np.float32)

    def drawn(self, frame: Image, place: Place, *, cut_out: bool) -> Array:
        """Draw the person into a frame, in place.

        Args:
            frame: (H, W, 3) uint8.
            place: Where.
            cut_out: The head alone, over what the frame shows; otherwise the whole photograph.

        Returns:
            (68, 2) true landmarks in the frame.
        """
        matrix = self._frame_from_photo(place)
        size = (frame.shape[1], frame.shape[0])
        image, landmarks = self.image, self.landmarks
        if place.turn_deg or place.nod_deg:
            image, landmarks = self._turned(place)
        scale = math.hypot(matrix[0, 0], matrix[1, 0])
        flags = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
        if scale < 0.7:  # whole pixels are averaged first, so that small faces do not alias
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=flags)
            fix = np.array([[image.shape[1] / small.shape[1]], [image.shape[0] / small.shape[0]]])
            to_small = np.hstack([np.diag(1 / fix[:, 0]), 0.5 / fix - 0.5])
            image = np.asarray(small, np.uint8)
            matrix_image = _composed(matrix, _inverse(to_small))
        else:
            matrix_image = matrix
        mode = cv2.BORDER_REPLICATE
        shown = cv2.warpAffine(image, matrix_image, size, flags=cv2.INTER_LINEAR, borderMode=mode)
        if cut_out:
            mask = cv2.warpAffine(self.mask, matrix, size, flags=cv2.INTER_LINEAR)[:, :, None]
            frame[:] = np.round(frame + mask * (shown.astype(np.float32) - frame)).astype(np.uint8)
        else:
            frame[:] = shown
        return np.asarray(landmarks @ matrix[:, :2].T + matrix[:, 2], np.float64)

    def covers(self, place: Place, points: Array) -> float:
        """Share of points (K, 2) of the frame that the head at a place lies over."""
        matrix = _inverse(self._frame_from_photo(place))
        x, y = np.round(points @ matrix[:, :2].T + matrix[:, 2]).astype(int).T
        height, width = self.mask.shape
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return float((self.mask[y[inside], x[inside]] > 0.5).sum()) / len(points)

    def _frame_from_photo(self, place: Place) -> Array:
        scale, angle = place.size_px / self.size, math.radians(place.roll_deg)
        cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        middle = (self.landmarks.min(axis=0) + self.landmarks.max(axis=0)) / 2
        return np.column_stack([linear, np.array([place.x, place.y]) - linear @ middle])

    def _turned(self, place: Place) -> tuple[Image, Array]:
        """The photograph with its face turned, and its landmarks."""
        crop, points = self.turner(self.image, self.roi, self.params, place.turn_deg, place.nod_deg)
        size = len(crop)
        wide = _grown(self.roi, size)
        matrix = wide.image_from_crop(size)
        whole = (self.image.shape[1], self.image.shape[0])
        out = self.image.copy()
        cv2.warpAffine(crop, matrix, whole, dst=out, borderMode=cv2.BORDER_TRANSPARENT)
        return out, points @ matrix[:, :2].T + matrix[:, 2]


def person_of(
    name: str, image: Image, reconstruct: FaceReconstructor, turner: HeadTurner
) -> Person:
    """Measure the largest face of a photograph well: the mean over many squares.

    Raises:
        InputError: No face was found.
    """
    faces = reconstruct(image)
    if not faces:
        raise InputError(f"{name}: no face found: give photographs that show one")
    nominal = roi_from_landmarks(faces[0].landmarks)
    random = np.random.default_rng(0)
    rois = []
    for _ in range(_LOOKS):
        side = nominal.side * (1 + random.uniform(-_SCALE, _SCALE))
        x, y = random.uniform(-_SHIFT, _SHIFT, 2) * nominal.side + nominal.side / 2
        rois.append(Roi(nominal.x0 + x - side / 2, nominal.y0 + y - side / 2, side))
    looks = reconstruct(image, rois=rois)
    size = looks[0].crop_size
    poses = [_image_pose(face.params, face.roi, size) for face in looks]
    coefficients = np.mean([face.params[N_POSE:] for face in looks], axis=0)
    landmarks = np.mean([face.landmarks[:, :2] for face in looks], axis=0).astype(np.float64)
    roi = roi_from_landmarks(landmarks)
    pose = _crop_pose(np.mean(poses, axis=0), roi, size)
    pose[:, :3] = _scaled_rotation(pose[:, :3])
    params = np.concatenate([pose.reshape(-1), coefficients]).astype(np.float64)
    return Person(name, image, landmarks, params, roi, turner)


def box_size(landmarks: Array) -> float:
    """Square root of the area of the box of (K, 2) points."""
    return math.sqrt(float(np.prod(np.ptp(landmarks, axis=0))))


def _grown(roi: Roi, stored: int, network: int = 120) -> Roi:
    side = roi.side * stored / network
    middle_x, middle_y = roi.x0 + roi.side / 2, roi.y0 + roi.side / 2
    return Roi(middle_x - side / 2, middle_y - side / 2, side)


def _image_pose(params: NDArray[np.floating], roi: Roi, size: int) -> Array:
    """(3, 4) model to image, y down."""
    pose = crop_poses(params[None], size)[0].astype(np.float64)
    matrix = image_from_crop_matrix(roi, size)
    out = matrix[:, :3] @ pose
    out[:, 3] += matrix[:, 3]
    return np.asarray(out, np.float64)


def _crop_pose(pose: Array, roi: Roi, size: int) -> Array:
    """The way back, as the network's twelve parameters."""
    matrix = image_from_crop_matrix(roi, size)
    out = pose.copy()
    out[:, 3] -= matrix[:, 3]
    out = np.linalg.inv(matrix[:, :3]) @ out
    out[1, 3] -= size - 1
    out[1] *= -1.0
    return out


def _scaled_rotation(block: Array) -> Array:
    """The nearest one."""
    u, singular, vt = np.linalg.svd(block)
    return np.asarray(singular.mean() * (u @ vt), np.float64)


def _composed(second: Array, first: Array) -> Array:
    linear = second[:, :2] @ first[:, :2]
    return np.column_stack([linear, second[:, :2] @ first[:, 2] + second[:, 2]])


def _inverse(matrix: Array) -> Array:
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])
