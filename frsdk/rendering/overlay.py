"""Faces drawn over their photograph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.face_crop import check_image
from ..morphable.head_pose import Pose
from .mesh_shading import render_mesh

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]
Colour = tuple[int, int, int]

# iBUG's 68 points as polylines: first, last (inclusive), closed.
IBUG_POLYLINES = (
    (0, 16, False),  # jaw
    (17, 21, False),  # brow on the left of the picture
    (22, 26, False),  # brow on the right
    (27, 30, False),  # bridge of the nose
    (31, 35, False),  # nostrils
    (36, 41, True),  # eye on the left
    (42, 47, True),  # eye on the right
    (48, 59, True),  # lips, outer
    (60, 67, True),  # lips, inner
)
_NOSE_TIP = 30
_LINE: Colour = (80, 220, 60)
_DOT: Colour = (40, 250, 250)
_BOX: Colour = (255, 170, 40)
_AXES: tuple[tuple[str, Colour], ...] = (
    ("x", (60, 60, 235)),
    ("y", (60, 190, 40)),
    ("z", (240, 120, 40)),
)
_MESH_OPACITY = 0.55
_MAX_RENDERED_SIDE = 1000
_SUBPIXEL_BITS = 4
_SMALL_FACE, _MIN_LABEL_FACE = 160.0, 120.0


class DrawableFace(Protocol):
    """What is drawn of a face; :class:`~frsdk.Face` has it."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels, iBUG's order."""

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) image pixels."""

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) corners; M may be 0."""

    @property
    def box(self) -> NDArray[np.float64]:
        """(4,) x0, y0, x1, y1, where pixel 0 covers [0, 1)."""

    @property
    def pose(self) -> Pose:
        """Rotation and angles."""


def draw_faces(image_bgr: Image, faces: Iterable[DrawableFace]) -> Image:
    """Draw the faces over a copy of the photograph.

    Each face shows its shaded mesh (where its face model has triangles), the 68 landmarks as
    iBUG's polylines, its box, and its pose: axes from the tip of the nose, x (red) toward the
    picture's right for a frontal face, y (green) up, z (blue) out of the face, with the angles in
    degrees beside the box (yaw +: turned to the picture's right, pitch +: up, roll +: clockwise).
    Lines and dots follow the size of the face.

    Args:
        image_bgr: (H, W, 3) uint8.
        faces: Faces in the pixels of that image.

    Returns:
        A new (H, W, 3) uint8 BGR image.

    Raises:
        InputError: The image has another shape or type, or the faces are no list.
    """
    check_image(image_bgr)
    if not isinstance(faces, Iterable):
        raise InputError(
            f"expected a list of faces, got one {type(faces).__name__}: pass [face], or face.draw()"
        )
    canvas = image_bgr.copy()
    shown = list(faces)
    for face in shown:
        if len(face.triangles):
            _blend_mesh(canvas, face)
    for face in shown:
        _draw_face(canvas, face)
    return canvas


def _face_size(face: DrawableFace) -> float:
    return float(np.ptp(np.asarray(face.landmarks, np.float64)[:, :2], axis=0).max())


def _blend_mesh(canvas: Image, face: DrawableFace) -> None:
    """Blend the shaded mesh into its own window of the canvas."""
    vertices = np.array(face.vertices, np.float64)
    height, width = canvas.shape[:2]
    low = np.clip(np.floor(vertices[:, :2].min(axis=0)) - 1, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(vertices[:, :2].max(axis=0)) + 2, 0, (width, height)).astype(int)
    if (high <= low).any():
        return
    window = canvas[low[1] : high[1], low[0] : high[0]]
    picture, mask = _mesh_picture(vertices - (*low, 0), face.triangles, window.shape[:2])
    keep = 1 - mask.astype(np.float32) * (_MESH_OPACITY / 255)
    window[:] = (window * keep[..., None] + picture * np.float32(_MESH_OPACITY) + 0.5).astype(
        np.uint8
    )


def _mesh_picture(
    vertices: FloatArray, triangles: NDArray[np.int32], size_hw: tuple[int, ...]
) -> tuple[Image, Image]:
    """The shaded mesh times its coverage (H, W, 3), and the coverage (H, W)."""
    height, width = size_hw
    longer = max(height, width)
    samples = 3 if longer < 200 else 2 if longer < 500 else 1
    # Shading is smooth: beyond this size it is rendered smaller and enlarged.
    ratio = min(1.0, _MAX_RENDERED_SIDE / longer)
    small = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    scale = np.array([small[0] / width, small[1] / height, ratio])
    shift = np.array([0.5, 0.5, 0.0])
    picture, mask = render_mesh(
        (vertices + shift) * scale - shift, triangles, small, supersample=samples
    )
    picture = (picture * (mask.astype(np.float32) / 255)[..., None]).astype(np.uint8)
    if ratio < 1:
        picture = _resized(picture, (width, height), cv2.INTER_LINEAR)
        mask = _resized(mask, (width, height), cv2.INTER_LINEAR)
    return picture, mask


def _draw_face(canvas: Image, face: DrawableFace) -> None:
    """Lines of one face, drawn on an enlarged window where a face is too small for 1-px lines."""
    size = _face_size(face)
    zoom = 1 if size >= _SMALL_FACE else min(4, math.ceil(_SMALL_FACE / max(size, 1.0)))
    window, origin = _window(canvas, face, size)
    if not window.size:
        return
    if zoom == 1:
        _draw_lines(window, face, size, origin, zoom)
        return
    height, width = window.shape[:2]
    large = _resized(window, (width * zoom, height * zoom), cv2.INTER_NEAREST)
    _draw_lines(large, face, size, origin, zoom)
    # Enlarged by repetition and averaged back: pixels without a line keep their value exactly.
    window[:] = _resized(large, (width, height), cv2.INTER_AREA)


def _resized(image: Image, size_wh: tuple[int, int], interpolation: int) -> Image:
    return np.asarray(cv2.resize(image, size_wh, interpolation=interpolation), np.uint8)


def _window(canvas: Image, face: DrawableFace, size: float) -> tuple[Image, FloatArray]:
    """The part of the canvas (a view) that a face's drawing can touch, and its first pixel."""
    points = np.concatenate(
        [
            np.asarray(face.landmarks, np.float64)[:, :2],
            np.asarray(face.box, np.float64).reshape(2, 2),  # (x0, y0, x1, y1) -> 2 corners
        ]
    )
    height, width = canvas.shape[:2]
    margin = 0.9 * size + 40
    low = np.clip(points.min(axis=0) - margin, 0, (width, height)).astype(int)
    high = np.clip(points.max(axis=0) + margin, 0, (width, height)).astype(int)
    return canvas[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)


def _draw_lines(
    image: Image, face: DrawableFace, size: float, origin: FloatArray, zoom: int
) -> None:
    extent = size * zoom
    thickness = max(1, round(extent / 230))
    points = _zoomed(np.asarray(face.landmarks, np.float64)[:, :2], origin, zoom)
    corners = _zoomed(np.asarray(face.box, np.float64).reshape(2, 2) - 0.5, origin, zoom)
    x0, y0, x1, y1 = corners.ravel()
    frame = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    _polyline(image, frame, _BOX, thickness, closed=True)
    for first, last, closed in IBUG_POLYLINES:
        _polyline(image, points[first : last + 1], _LINE, thickness, closed=closed)
    radius = max(extent / 130, 1.1)
    for point in points:
        x, y = _fixed(point)
        radius_fixed = round(radius * (1 << _SUBPIXEL_BITS))
        cv2.circle(image, (x, y), radius_fixed, _DOT, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)
    _draw_axes(image, face, points[_NOSE_TIP], extent, labelled=size >= _MIN_LABEL_FACE)
    if size >= _MIN_LABEL_FACE:
        _draw_angles(image, face, frame, extent)


def _draw_axes(
    image: Image, face: DrawableFace, start: FloatArray, extent: float, *, labelled: bool
) -> None:
    thickness = max(1, round(extent / 230))
    rotation = np.asarray(face.pose.rotation, np.float64)
    length = 0.45 * extent
    # Column k is axis k in the y-up frame: the picture's y is the other way. Farthest first.
    for k in np.argsort(rotation[2]):
        label, colour = _AXES[k]
        direction = np.array([rotation[0, k], -rotation[1, k]])
        end = start + length * direction
        _polyline(image, np.stack([start, end]), (255, 255, 255), 2 * thickness + 2, closed=False)
        _polyline(image, np.stack([start, end]), colour, 2 * thickness, closed=False)
        shift = direction / max(float(np.hypot(*direction)), 1e-6) * 0.05 * extent
        if labelled:
            _text(image, label, end + shift, colour, extent, centred=True)


def _draw_angles(image: Image, face: DrawableFace, frame: FloatArray, extent: float) -> None:
    pose = face.pose
    text = f"yaw {pose.yaw_deg:+.0f}  pitch {pose.pitch_deg:+.0f}  roll {pose.roll_deg:+.0f}"
    below = np.array([frame[3, 0], frame[3, 1] + 0.075 * extent])
    if below[1] > image.shape[0] - 0.02 * extent:  # no room below the box: inside it
        below = frame[3] + (0.02 * extent, -0.03 * extent)
    _text(image, text, below, (255, 255, 255), extent, centred=False)


def _text(
    image: Image, text: str, at: FloatArray, colour: Colour, extent: float, *, centred: bool
) -> None:
    """Text with an outline, so that it reads on any background."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, max(extent / 480, 0.3)
    thickness = max(1, round(extent / 320))
    (width, height), _ = cv2.getTextSize(text, font, scale, thickness)
    x, y = at - (width / 2, -height / 2) if centred else at
    spot = (round(float(x)), round(float(y)))
    outline = thickness + max(1, round(extent / 130))
    cv2.putText(image, text, spot, font, scale, (20, 20, 20), outline, cv2.LINE_AA)
    cv2.putText(image, text, spot, font, scale, colour, thickness, cv2.LINE_AA)


def _zoomed(points: FloatArray, origin: FloatArray, zoom: int) -> FloatArray:
    """Pixel-centre coordinates of the canvas -> of its enlarged window."""
    return (points - origin + 0.5) * zoom - 0.5


def _fixed(point: FloatArray) -> tuple[int, int]:
    x, y = np.rint(np.clip(point, -1e5, 1e5) * (1 << _SUBPIXEL_BITS)).astype(int)
    return int(x), int(y)


def _polyline(
    image: Image,
    points: Sequence[FloatArray] | FloatArray,
    colour: Colour,
    thickness: int,
    *,
    closed: bool,
) -> None:
    fixed = np.array([_fixed(np.asarray(point)) for point in points], np.int32)
    cv2.polylines(image, [fixed], closed, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
