"""Draw a textured GLB from the front, from 45 degrees and in profile, as its file holds it.

Usage: python scripts/draw_mesh_sheet.py FACE.glb SHEET.jpg
"""

from __future__ import annotations

import sys
from typing import Any  # trimesh is not typed strictly

import cv2
import numpy as np
import trimesh

from frsdk.rendering.surface_buffer import surface_buffer

SIDE, MARGIN, SUPERSAMPLE = 480, 24, 2
YAWS_DEG = (0.0, 45.0, 90.0)


def view(points: np.ndarray, mesh: Any, texture: np.ndarray, yaw_deg: float) -> np.ndarray:
    """The mesh turned by an angle, on white: (SIDE, SIDE, 3) BGR."""
    angle = np.deg2rad(yaw_deg)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    side = SIDE * SUPERSAMPLE
    scale = (side - 2 * MARGIN * SUPERSAMPLE) / np.ptp(points[:, 1])
    turned = (points @ turn.T) * (scale, -scale, scale)
    middle = (turned.min(axis=0) + turned.max(axis=0)) / 2
    turned += (side / 2, side / 2, 0) - middle
    buffer = surface_buffer(turned, mesh.faces, (side, side))
    u, v = (buffer.interpolated(mesh.visual.uv[:, k]) for k in range(2))
    channels = [u * texture.shape[1] - 0.5, (1 - v) * texture.shape[0] - 0.5]
    at = buffer.picture(channels, -9)  # outside the texture: white
    picture = cv2.remap(
        texture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=[255] * 3
    )
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def main(source: str, target: str) -> None:
    """Read the file as a viewer does, draw and save."""
    mesh: Any = trimesh.load(source, force="mesh", process=False)
    picture = mesh.visual.material.baseColorTexture.convert("RGB")
    texture = np.ascontiguousarray(np.asarray(picture)[..., ::-1])
    views = [view(mesh.vertices, mesh, texture, yaw) for yaw in YAWS_DEG]
    cv2.imwrite(target, np.hstack(views), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main(*sys.argv[1:])
