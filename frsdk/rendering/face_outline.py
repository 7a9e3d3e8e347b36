"""The lines, dots and words that an overlay shows of a face."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..morphable.head_pose import Pose
from .outlined_text import draw_text

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
_WHITE: Colour = (255, 255, 255)
_AXES: tuple[tuple[str, Colour], ...] = (
    ("x", (60, 60, 235)),
    ("y", (60, 190, 40)),
    ("z", (240, 120, 40)),
)
_HEADING = 2  # the axis out of the face
_SUBPIXEL_BITS = 4
_LEAST_TEXT_PX = 16.0  # below, a 3 reads as an 8
_SMALL_FACE, _MIN_LABEL_FACE = 160.0, 90.0
_AXIS_SHARE, _HEADING_SHARE = 0.17, 0.45  # lengths, of the face's size


class OutlinedFace(Protocol):
    """What is drawn of a face besides its surface."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels, iBUG's order."""

    @property
    def box(self) -> NDArray[np.float64]:
        """(4,) x0, y0, x1, y1, where pixel 0 covers [0, 1)."""

    @property
    def pose(self) -> Pose:
        """Rotation and angles."""


def draw_lines(canvas: Image, face: OutlinedFace, visible: NDArray[np.bool_] | None = None) -> None:
    """Draw landmarks, box, axes and angles of one face into a canvas (H, W, 3) uint8 BGR.

    Landmarks that are not `visible` (68,) are hollow; None fills all of them. Lines follow the size
    of the face. One too small for lines of a pixel is drawn on an enlarged window.
    """
    size = float(np.ptp(np.asarray(face.landmarks, np.float64)[:, :2], axis=0).max())
    zoom = 1 if size >= _SMALL_FACE else min(4, math.ceil(_SMALL_FACE / max(size, 1.0)))
    window, origin = _window(canvas, face, size)
    if not window.size:
        return
    drawing = _FaceDrawing(window, face, visible, size, origin, 1)
    if zoom == 1:
        drawing.draw()
        drawing.write()
        return
    height, width = window.shape[:2]
    large = cv2.resize(window, (width * zoom, height * zoom), interpolation=cv2.INTER_NEAREST)
    _FaceDrawing(np.asarray(large, np.uint8), face, visible, size, origin, zoom).draw()
    # Enlarged by repetition and averaged back: pixels without a line keep their value exactly.
    cv2.resize(large, (width, height), dst=window, interpolation=cv2.INTER_AREA)
    drawing.write()


def _window(canvas: Image, face: OutlinedFace, size: float) -> tuple[Image, FloatArray]:
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


class _FaceDrawing:
    """One face in the pixels of a window."""

    def __init__(
        self,
        image: Image,
        face: OutlinedFace,
        visible: NDArray[np.bool_] | None,
        size: float,
        origin: FloatArray,
        zoom: int,
    ) -> None:
        self._image, self._pose = image, face.pose
        self._visible = [True] * len(face.landmarks) if visible is None else visible.tolist()
        self._extent = size * zoom
        self._thickness = max(1, round(self._extent / 230))
        self._labelled = size >= _MIN_LABEL_FACE
        landmarks = np.asarray(face.landmarks, np.float64)[:, :2]
        self._points = (landmarks - origin + 0.5) * zoom - 0.5
        corners = np.asarray(face.box, np.float64).reshape(2, 2)  # continuous plane
        self._box = (corners - origin) * zoom - 0.5  # (2, 2) low and high corner

    def draw(self) -> None:
        """Box, landmarks, where the face looks, and axes."""
        (x0, y0), (x1, y1) = self._box
        frame = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        self._lines([frame], _BOX, self._thickness, closed=True)
        for closed in (False, True):
            lines = [
                self._points[first : last + 1]
                for first, last, ring in IBUG_POLYLINES
                if ring == closed
            ]
            self._lines(lines, _LINE, self._thickness, closed=closed)
        self._dots()
        ways = self._ways
        self._axis(_HEADING, self._points[_NOSE_TIP], ways[_HEADING, :2], _HEADING_SHARE)
        corner = self._axes_corner()
        for k in np.argsort(ways[:, 2]):  # farthest first
            self._axis(int(k), corner, ways[k, :2], _AXIS_SHARE)

    def _dots(self) -> None:
        """Landmarks: filled, or hollow and a little wider where the face hides them."""
        one = 1 << _SUBPIXEL_BITS
        radius = max(self._extent / 130, 1.1)
        for (x, y), seen in zip(_fixed(self._points).tolist(), self._visible, strict=True):
            size, width = (radius, cv2.FILLED) if seen else (radius * 1.5, self._thickness)
            cv2.circle(
                self._image, (x, y), round(size * one), _DOT, width, cv2.LINE_AA, _SUBPIXEL_BITS
            )

    def write(self) -> None:
        """Name the axes, and say the angles."""
        if not self._labelled:
            return
        corner = self._axes_corner()
        for (label, colour), way in zip(_AXES, self._ways[:, :2], strict=True):
            length = max(float(np.hypot(*way)), 1e-6)
            end = corner + self._extent * (_AXIS_SHARE + 0.05 / length) * way
            self._text(label, end, colour, centred=True)
        self._angles()

    @property
    def _ways(self) -> FloatArray:
        """(3, 3) unit vector of each axis: x right, y down, z toward the camera."""
        # Column k is axis k in the y-up frame: the picture's y is the other way.
        rotation = np.asarray(self._pose.rotation, np.float64)
        return np.asarray((rotation * np.array([[1.0], [-1.0], [1.0]])).T, np.float64)

    def _axes_corner(self) -> FloatArray:
        """Where the axes start: the box's upper right corner, moved to where they have room."""
        width = self._image.shape[1]
        room = 1.4 * _AXIS_SHARE * self._extent
        x = min(float(self._box[1, 0]), width - 1 - room)
        return np.array([x, max(float(self._box[0, 1]), room)])

    def _axis(self, k: int, start: FloatArray, way: FloatArray, share: float) -> None:
        colour, width = _AXES[k][1], 2 * self._thickness
        line = np.stack([start, start + share * self._extent * way])
        self._lines([line], _WHITE, width + 2, closed=False)
        self._lines([line], colour, width, closed=False)

    def _angles(self) -> None:
        pose, (left, bottom) = self._pose, (self._box[0, 0], self._box[1, 1])
        angles = (("yaw", pose.yaw_deg), ("pitch", pose.pitch_deg), ("roll", pose.roll_deg))
        text = "   ".join(f"{name} {round(float(angle)):+d}" for name, angle in angles)
        below = np.array([left, bottom + 0.015 * self._extent + self._text_px])
        if below[1] > self._image.shape[0] - 0.02 * self._extent:  # no room below: inside the box
            below = np.array([left + 0.02 * self._extent, bottom - 0.03 * self._extent])
        self._text(text, below, _WHITE, centred=False)

    @property
    def _text_px(self) -> float:
        return max(0.062 * self._extent, _LEAST_TEXT_PX)

    def _text(self, text: str, at: FloatArray, colour: Colour, *, centred: bool) -> None:
        draw_text(
            self._image,
            text,
            (float(at[0]), float(at[1])),
            colour=colour,
            height_px=self._text_px,
            outline_px=max(1, round(self._extent / 220)),
            centred=centred,
        )

    def _lines(
        self, lines: Sequence[FloatArray], colour: Colour, thickness: int, *, closed: bool
    ) -> None:
        fixed = [_fixed(line) for line in lines]
        cv2.polylines(self._image, fixed, closed, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fixed(points: FloatArray) -> NDArray[np.int32]:
    """Pixels as OpenCV's fixed-point numbers; far ones are brought within its range."""
    scaled = np.clip(points, -1e5, 1e5) * (1 << _SUBPIXEL_BITS)
    return np.rint(scaled).astype(np.int32)
