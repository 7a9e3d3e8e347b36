"""A small picture of a reconstructed face, which notebooks show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from .mesh_shading import render_mesh

if TYPE_CHECKING:
    from .face_protocol import ReconstructedFace

_SIDE = 320
_MARGIN = 12
_BACKGROUND = 255


def preview_png(face: ReconstructedFace) -> bytes | None:
    """The shaded surface on white, 320 pixels on its longer side; None without triangles."""
    triangles = face.face_model.triangles
    if not len(triangles):
        return None
    points = np.array(face.vertices, np.float64)
    low, size = points[:, :2].min(axis=0), np.ptp(points[:, :2], axis=0)
    scale = (_SIDE - 2 * _MARGIN) / max(float(size.max()), 1e-6)
    points *= scale
    points[:, :2] += _MARGIN - low * scale
    width, height = (int(np.ceil(each * scale)) + 2 * _MARGIN for each in size)
    picture, mask = render_mesh(points, triangles, (width, height))
    share = mask[..., None].astype(np.float32) / 255
    shown = picture * share + _BACKGROUND * (1 - share)
    done, content = cv2.imencode(".png", np.rint(shown).astype(np.uint8))
    return content.tobytes() if done else None
