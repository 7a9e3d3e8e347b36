"""Faces drawn over their photograph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.face_crop import check_image
from .face_outline import OutlinedFace, draw_lines
from .face_protocol import listed_faces
from .live_surface import blend_live_surface
from .mesh_shading import render_mesh
from .visible_vertices import visible_landmarks

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_MESH_OPACITY = 0.55
_MAX_RENDERED_SIDE = 1000


class DrawableFace(OutlinedFace, Protocol):
    """What is drawn of a face; :class:`~frsdk.Face` has it."""

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) image pixels."""

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) corners; M may be 0."""


def draw_faces(
    image_bgr: Image,
    faces: Iterable[DrawableFace],
    *,
    quality: str = "still",
    out: Image | None = None,
) -> Image:
    """Draw faces over a photograph.

    Each face shows its shaded mesh (where its face model has triangles), the 68 landmarks as
    iBUG's polylines, its box, and its pose: a blue line from the tip of the nose to where the face
    looks, the axes at the box's upper right corner, x (red) toward the picture's right for a
    frontal face, y (green) up, z (blue) out of the face, and the angles in degrees beside the box
    (yaw +: turned to the picture's right, pitch +: up, roll +: clockwise). Lines and dots follow
    the size of the face. Landmarks that the face itself hides are hollow (quality "still").

    Args:
        image_bgr: (H, W, 3) uint8.
        faces: Faces in the pixels of that image.
        quality: "still" shades every triangle at several samples a pixel; "live" shows the surface
            by its vertices on a grid, in a tenth of the time, with an outline true to about the
            distance of two vertices.
        out: (H, W, 3) uint8 to draw into, which may be `image_bgr` itself; a new image when None.

    Returns:
        `out`, or a new (H, W, 3) uint8 BGR image.

    Raises:
        InputError: The image or `out` has another shape or type, the faces are no list, or the
            quality is unknown.
    """
    check_image(image_bgr)
    shown = listed_faces(faces)
    if quality not in ("still", "live"):
        raise InputError(f'expected quality "still" or "live", got {quality!r}')
    if out is not None and not out.flags.c_contiguous:  # OpenCV draws into no such view
        canvas = _canvas(image_bgr, out).copy()
        np.copyto(out, draw_faces(canvas, shown, quality=quality, out=canvas))
        return out
    canvas = _canvas(image_bgr, out)
    for face in shown:
        if len(face.triangles):
            if quality == "live":
                blend_live_surface(canvas, face, _MESH_OPACITY)
            else:
                _blend_mesh(canvas, face)
    for face in shown:
        draw_lines(canvas, face, _visible(face) if quality == "still" else None)
    return canvas


def _visible(face: DrawableFace) -> NDArray[np.bool_] | None:
    if not len(face.triangles):
        return None
    return visible_landmarks(face.vertices, face.triangles, face.landmarks)


def _canvas(image_bgr: Image, out: Image | None) -> Image:
    """What is drawn into: a copy of the image, or `out` with its pixels."""
    if out is None:
        return image_bgr.copy()
    if out.shape != image_bgr.shape or out.dtype != np.uint8 or not out.flags.writeable:
        raise InputError(
            f"expected out as a writable {image_bgr.shape} uint8, got {out.shape} {out.dtype}"
        )
    if out is not image_bgr:
        np.copyto(out, image_bgr)
    return out


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


def _resized(image: Image, size_wh: tuple[int, int], interpolation: int) -> Image:
    return np.asarray(cv2.resize(image, size_wh, interpolation=interpolation), np.uint8)
