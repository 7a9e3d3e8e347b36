"""Pictures of meshes: Gouraud shading over the z-buffer."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import FloatArray, IndexArray, checked_mesh, unit_vertex_normals
from .numpy_zbuffer import TriangleBuffer, rasterise

_SHADING_BLOCK = 1 << 15  # stays in the cache

# The default light, toward the viewer from above the camera: x right, y down, z toward the camera.
DEFAULT_LIGHT = (-0.4, -0.65, 0.85)
_AMBIENT = 0.3
_DIFFUSE = 0.76
_SKIN_RGB = (222.0, 205.0, 194.0)


def render_mesh(
    vertices: ArrayLike,
    triangles: ArrayLike,
    size_wh: tuple[int, int],
    *,
    colours: ArrayLike | None = None,
    light: tuple[float, float, float] = DEFAULT_LIGHT,
    supersample: int = 2,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw a mesh with smooth (Gouraud) shading.

    Args:
        vertices: (N, 3) image pixels, x right, y down, z toward the camera.
        triangles: (M, 3), counter-clockwise seen from outside in a y-up frame.
        size_wh: Width, height of the image.
        colours: (N, 3) uint8 RGB of the vertices; None: one plain skin colour.
        light: Direction toward the light, x right, y down, z toward the camera; (0, 0, 0) shows
            the colours as they are.
        supersample: Samples per pixel along each axis.

    Returns:
        (H, W, 3) uint8 BGR, black outside the mesh, and (H, W) uint8 coverage, 255: all of the
        pixel is mesh. The colour of a partly covered pixel is that of its covered part.

    Raises:
        InputError: As in `rasterise`, or colours of another shape than the vertices.
    """
    points, corners = checked_mesh(vertices, triangles)
    values = _vertex_values(points, corners, colours, light)
    width, height = size_wh
    # Sub-sample k of pixel i lies at i + (k + 0.5) / supersample - 0.5.
    fine = points * supersample
    fine[:, :2] += 0.5 * (supersample - 1)
    buffer = rasterise(fine, corners, (width * supersample, height * supersample))
    covered = np.flatnonzero(buffer.triangle_ids >= 0)
    shaded = _interpolated(fine, corners, values, buffer, covered)
    if colours is None:
        shaded = skin_table()[shaded[:, 0]]
    image = np.zeros((height * supersample, width * supersample, 3), np.uint8)
    image.reshape(-1, 3)[covered] = shaded
    mask = np.where(buffer.triangle_ids >= 0, np.uint8(255), np.uint8(0))
    return _averaged(image, mask, supersample)


def _vertex_values(
    points: FloatArray,
    corners: IndexArray,
    colours: ArrayLike | None,
    light: tuple[float, float, float],
) -> NDArray[np.float32]:
    """What is interpolated, 0..255: BGR (N, 3), or without colours the shade alone (N, 1)."""
    shades = _shades(points, corners, light)
    if colours is None:
        return (shades * 255).clip(0, 255).astype(np.float32)
    rgb = np.asarray(colours, np.float64)
    if rgb.shape != points.shape:
        raise InputError(f"expected colours of shape {points.shape}, got {rgb.shape}")
    return (rgb[:, ::-1] * shades).clip(0, 255).astype(np.float32)


@functools.cache
def skin_table() -> NDArray[np.uint8]:
    """(256, 3) BGR of each shade 0..255 of the plain skin colour."""
    shades = np.arange(256)[:, None] / 255
    return np.asarray(shades * np.array(_SKIN_RGB[::-1]) + 0.5).astype(np.uint8)


def _shades(
    points: FloatArray, corners: IndexArray, light: tuple[float, float, float]
) -> FloatArray:
    """(N, 1) factors on the vertices' colours."""
    strength = math.hypot(*light)
    if not strength:
        return np.ones((len(points), 1))
    facing = unit_vertex_normals(points, corners) @ (np.array(light) / strength)
    return np.asarray(shade_of_cosine(facing), np.float64)[:, None]


def shade_of_cosine(facing: NDArray[np.floating]) -> NDArray[np.floating]:
    """Factor on the colour for the cosine between a normal and the way to the light."""
    return np.asarray(_AMBIENT + _DIFFUSE * np.maximum(facing, 0))


def _interpolated(
    points: FloatArray,
    corners: IndexArray,
    values: NDArray[np.float32],
    buffer: TriangleBuffer,
    covered: IndexArray,
) -> NDArray[np.uint8]:
    """Values of the vertices (N, C) interpolated at the covered pixels: (P, C) uint8."""
    a, b, c = (points[corners[:, k], :2] for k in range(3))
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    scale = np.divide(1.0, area, out=np.zeros_like(area), where=area != 0)
    # Barycentric weights are affine in x, y: weight of b = b0 + bx * x + by * y; likewise for c.
    bx, by = ac[:, 1] * scale, -ac[:, 0] * scale
    cx, cy = -ab[:, 1] * scale, ab[:, 0] * scale
    va, vb, vc = (values[corners[:, k]] for k in range(3))
    slope_x = (vb - va) * bx[:, None] + (vc - va) * cx[:, None]
    slope_y = (vb - va) * by[:, None] + (vc - va) * cy[:, None]
    plane = np.concatenate([va, slope_x, slope_y, a], axis=1).astype(np.float32)  # (M, 3C + 2)
    n = values.shape[1]
    out = np.empty((len(covered), n), np.uint8)
    width = buffer.triangle_ids.shape[1]
    flat_ids = buffer.triangle_ids.ravel()
    for start in range(0, len(covered), _SHADING_BLOCK):
        part = covered[start : start + _SHADING_BLOCK]
        y, x = np.divmod(part, width)
        terms = plane[flat_ids[part]]  # (P, 3C + 2)
        dx = x.astype(np.float32)[:, None] - terms[:, -2:-1]
        dy = y.astype(np.float32)[:, None] - terms[:, -1:]
        mixed = terms[:, :n] + terms[:, n : 2 * n] * dx + terms[:, 2 * n : 3 * n] * dy
        out[start : start + len(part)] = np.clip(mixed + 0.5, 0, 255)
    return out


def _averaged(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Down to pixels: the mean colour of the covered samples, and their share."""
    if factor == 1:
        return image, mask
    height, width = mask.shape
    size = (width // factor, height // factor)
    mean = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    share = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
    # Uncovered samples are 0 in both: divide by the share to have the covered part's colour.
    partly = (share > 0) & (share < 255)
    mean[partly] = np.clip(mean[partly] * (255.0 / share[partly])[:, None], 0, 255).astype(np.uint8)
    return mean, share
