"""Turn faces of pictures to large poses in 3D, with exact labels (face profiling).

The idea of Zhu et al., CVPR 2016, section 4: the fitted surface takes the picture as its texture
and turns; the surroundings hang on its rim, bend with it and end at the picture's border.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.morphable.head_pose import angles_300w_lp, rotation_300w_lp

from ..datasets.face_labels import MARGIN, NETWORK_SIZE, STORED_SIZE, stored_from_crop_frame
from .paint_warped_mesh import source_map
from .profiling_mesh import ProfilingMesh

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_CENTRE = (NETWORK_SIZE - 1) / 2
_BINS = 72  # of the outline's direction


@dataclass(frozen=True, slots=True)
class ProfilingSettings:
    """Which faces turn, and how far.

    Attributes:
        largest_source_deg: Faces turned farther than this are left as they are: too much of them
            is hidden.
        yaw_deg: Least and greatest absolute yaw that comes out, uniform between.
        least_turn_deg: A face turns by this much or more.
        largest_turn_deg: And by no more than this.
        pitch_deg: Standard deviation of a nod on top, degrees.
    """

    largest_source_deg: float = 50.0
    yaw_deg: tuple[float, float] = (25.0, 90.0)
    least_turn_deg: float = 8.0
    largest_turn_deg: float = 80.0
    pitch_deg: float = 6.0


@dataclass(frozen=True, slots=True)
class Turn:
    """How points move: ``linear @ (p - (0, 0, depth)) + offset``, y-up frame of the 120-crop.

    Attributes:
        linear: (3, 3) scaled rotation.
        offset: (3,) crop pixels.
    """

    linear: Array
    offset: Array

    def applied(self, params: Array, mean_depth: float) -> Array:
        """(62,) parameters of the turned face, in any face model's space.

        Args:
            params: (62,) of the face before.
            mean_depth: Mean z of its 68 landmarks as this space decodes them.
        """
        pose = params[:12].reshape(3, 4)
        place = pose[:, 3] - np.array([0.0, 0.0, mean_depth])
        turned = np.concatenate(
            [self.linear @ pose[:, :3], (self.linear @ place + self.offset)[:, None]], axis=1
        )
        turned[2, 3] = 0.0  # a crop does not show the distance: t_z is 0 by definition
        return np.concatenate([turned.reshape(12), params[12:]])


def rotation_of(params: Array) -> Array:
    """(3, 3) rotation of (62,) parameters whose 3x3 block is a scaled rotation."""
    scaled = params[:12].reshape(3, 4)[:, :3]
    return np.asarray(scaled / np.cbrt(np.linalg.det(scaled)), np.float64)


def chosen_turn(
    params: Array, settings: ProfilingSettings, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Turn to the side and nod in degrees that suit a face, None where it should stay.

    Args:
        params: (62,) of the face.
        settings: Ranges.
        rng: Source of randomness; four numbers are drawn whatever comes out.
    """
    draw, side, nod = rng.random(), rng.random(), rng.normal()
    yaw = angles_300w_lp(rotation_of(params))[0]
    if abs(yaw) > settings.largest_source_deg:
        return None
    either = 1.0 if side < 0.5 else -1.0
    direction = either if abs(yaw) < 10.0 else float(np.sign(yaw))  # what is hidden stays hidden
    now = direction * yaw
    low = max(settings.yaw_deg[0], now + settings.least_turn_deg)
    high = min(settings.yaw_deg[1], now + settings.largest_turn_deg)
    if high <= low:
        return None
    return direction * (low + draw * (high - low) - now), settings.pitch_deg * nod


class Profiler:
    """Turns a share of the faces of a batch.

    Args:
        mesh: See ``profiling_mesh``.
        share: Of the faces that may turn, 0 to 1.
        settings: Ranges.

    Raises:
        InputError: The share lies outside 0 to 1.
    """

    def __init__(
        self, mesh: ProfilingMesh, share: float, settings: ProfilingSettings | None = None
    ) -> None:
        if not 0.0 <= share <= 1.0:
            raise InputError(f"expected a share of turned faces from 0 to 1, got {share}")
        self._mesh, self._share = mesh, share
        self._settings = settings or ProfilingSettings()

    def chosen(self, params: Array, rng: np.random.Generator) -> tuple[float, float] | None:
        """Turn and nod in degrees for a face, None where it stays as it is."""
        turn = chosen_turn(params, self._settings, rng)
        return turn if rng.random() < self._share else None

    def move(self, params: Array, turn: tuple[float, float]) -> Turn:
        """How the points of a face move, without its picture."""
        return _turn(self._mesh.vertices(params)[: self._mesh.landmark_count], params, turn)

    def turned(self, crop: Image, params: Array, turn: tuple[float, float]) -> tuple[Image, Turn]:
        """See ``turned_face``."""
        return turned_face(crop, params, self._mesh, *turn)


def turned_face(
    crop: Image, params: Array, mesh: ProfilingMesh, turn_deg: float, nod_deg: float = 0.0
) -> tuple[Image, Turn]:
    """The picture of a face turned about its own vertical axis.

    Args:
        crop: (160, 160, 3) stored crop.
        params: (62,) of the nominal 120-crop, in the space of the mesh's face model.
        mesh: See ``profiling_mesh``.
        turn_deg: To the image's right.
        nod_deg: Up.

    Returns:
        (160, 160, 3) crop around the turned face by the usual rule, and how its points moved.
    """
    points = mesh.vertices(params)
    landmarks = points[: mesh.landmark_count]
    turn = _turn(landmarks, params, (turn_deg, nod_deg))
    depth = np.array([0.0, 0.0, landmarks[:, 2].mean()])
    source, rings = _rings(points, mesh, rotation_of(params))
    target = np.concatenate([points, rings]) - depth
    target = target @ turn.linear.T + turn.offset
    order = _drawing_order(target, mesh)
    _hold_background(target, mesh, len(points), source, float(np.sign(turn_deg)))
    bent = source_map(
        stored_from_crop_frame(target), stored_from_crop_frame(source), order, STORED_SIZE
    )
    image = cv2.remap(crop, bent[0], bent[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(image, np.uint8), turn


def _turn(landmarks: Array, params: Array, turn: tuple[float, float]) -> Turn:
    """The rotation, then the similarity to the nominal crop of the turned landmarks."""
    rotation = rotation_of(params)
    spin = rotation_300w_lp(0.0, turn[1], 0.0) @ rotation
    spin = spin @ rotation_300w_lp(turn[0], 0.0, 0.0) @ rotation.T
    middle = landmarks.mean(axis=0)
    turned = (landmarks - middle) @ spin.T
    low, high = turned[:, :2].min(axis=0), turned[:, :2].max(axis=0)
    scale = NETWORK_SIZE / (np.sqrt(2.0) * float((high - low).max()))
    centre = np.array([*(low + high) / 2.0, 0.0])
    linear = scale * spin
    place = np.array([middle[0], middle[1], 0.0])
    offset = np.array([_CENTRE, _CENTRE, 0.0]) - scale * centre - linear @ place
    return Turn(linear, offset)


def _rings(points: Array, mesh: ProfilingMesh, rotation: Array) -> tuple[Array, Array]:
    """Source positions of all vertices (xy), and the rings' points in 3D before the turn."""
    middle = points[: mesh.landmark_count, :2].mean(axis=0)
    roll = np.arctan2(-rotation[0, 1], rotation[1, 1])  # of the face's vertical axis
    angle = mesh.rim_angle + roll
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (K, 2)
    reach = _outline(points[:, :2] - middle, angle)
    border = np.maximum(_to_border(middle, direction), reach + 3.0)
    gap = border - reach
    unit = float(reach.mean())
    rim = points[mesh.rim]
    radii = (
        reach + 1.0,
        np.minimum(reach * 1.2, reach + 0.3 * gap),
        np.minimum(reach * 1.6, reach + 0.7 * gap),
        border,
    )
    drop = (0.0, 0.3 * unit, 0.7 * unit, 0.7 * unit)
    grown = (None, reach * 1.2, reach * 1.6, border)
    source, rings = [points[:, :2]], []
    for radius, lower, place in zip(radii, drop, grown, strict=True):
        source.append(middle + direction * radius[:, None])
        around = rim[:, :2] if place is None else middle + direction * place[:, None]
        rings.append(np.concatenate([around, rim[:, 2:] - lower], axis=1))
    return np.concatenate(source), np.concatenate(rings)


def _outline(offsets: Array, angle: Array) -> Array:
    """(K,) distance of the outermost vertex in each direction."""
    toward = np.arctan2(offsets[:, 1], offsets[:, 0])
    bins = np.floor((toward / (2 * np.pi) + 0.5) * _BINS).astype(np.int64) % _BINS
    far = np.zeros(_BINS)
    np.maximum.at(far, bins, np.hypot(offsets[:, 0], offsets[:, 1]))
    far = np.maximum(far, (np.roll(far, 1) + np.roll(far, -1)) / 2)
    middle = (np.arange(_BINS) + 0.5) / _BINS * 2 * np.pi - np.pi
    return np.asarray(np.interp(angle, middle, far, period=2 * np.pi), np.float64)


def _to_border(middle: Array, direction: Array) -> Array:
    """(K,) distance from a point of the y-up crop frame to the stored crop's edge."""
    low, high = -MARGIN, NETWORK_SIZE - 1 + MARGIN
    with np.errstate(divide="ignore"):
        across = np.where(direction > 0, high - middle, low - middle) / direction
    return np.asarray(np.clip(across.min(axis=1), 3.0, None), np.float64)


def _hold_background(
    target: Array, mesh: ProfilingMesh, start: int, source: Array, side: float
) -> None:
    """Leave the border's ring where it was; hold the others back where they lead, in place.

    On the side that the face turns to, the surroundings stay where they were: the head moves before
    them.
    """
    count = len(mesh.rim)
    angle = np.arctan2(*(source[-count:] - _CENTRE).T[::-1])
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ahead = np.clip(direction[:, :1] * side, 0.0, 1.0)
    for ring, (least, most) in ((1, (0.0, 0.6)), (2, (0.25, 0.95))):
        rows = slice(start + ring * count, start + (ring + 1) * count)
        held = least + (most - least) * ahead
        target[rows, :2] = (1 - held) * target[rows, :2] + held * source[rows]
    target[-count:, :2] = source[-count:]


def _drawing_order(target: Array, mesh: ProfilingMesh) -> NDArray[np.int64]:
    """Triangles from the back to the front: surroundings, what faces away, what faces us.

    Of the mask's inside only what fills gaps between the lips is drawn.
    """
    rings = mesh.ring_triangles
    rings = rings[np.argsort(target[rings, 2].sum(axis=1), kind="stable")]
    face = mesh.face_triangles
    (ax, ay), (bx, by), (cx, cy) = (target[face[:, k], :2].T for k in range(3))
    facing = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0
    kept = facing | mesh.front
    face, facing = face[kept], facing[kept]
    face = face[np.lexsort((target[face, 2].sum(axis=1), facing))]
    return np.concatenate([rings, face])
