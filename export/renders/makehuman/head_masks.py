"""Where on the head beards grow, hair is cropped, lips are red and a shirt begins."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .head_model import HeadModel
from .render_sources import damaged

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]

_COLLAR = (5.95, 0.45)  # height at the neck's middle, how much lower to the front


def head_masks(head: HeadModel, textures: Path, ambient: FloatArray) -> FloatArray:
    """(19158, 8) masks of `DrawnSurface` on the base mesh.

    Args:
        head: Its base mesh.
        textures: Folder of the pictures that show lips and lids.
        ambient: (19158,) share of the surroundings' light.

    Raises:
        InputError: A picture is missing or damaged.
    """
    base = head.base.astype(np.float64)
    marks = head.landmarks.of(head.base)
    masks = np.zeros((len(base), 8), np.float32)
    lips = _painted(head, textures / "mpfb_lips.jpg")
    masks[:, :3] = _beard(base, marks) * (1.0 - np.clip(lips * 2.0, 0.0, 1.0))[:, None]
    masks[:, 3] = _scalp(base, marks)
    masks[:, 4] = _smooth(_COLLAR[0] - _COLLAR[1] * (base[:, 2] - 0.45) - base[:, 1], -0.12, 0.12)
    masks[:, 5] = lips
    masks[:, 6] = _painted(head, textures / "mpfb_eyelids.jpg")
    masks[:, 7] = ambient
    return masks


def _beard(base: Array, marks: Array) -> Array:
    """(n, 3) density of full beard, moustache and goatee."""
    front = base[:, 2] > 0.2
    jaw = _distance(base, marks[1:16])
    below_mouth = _distance(base, (marks[8:9] * 0.5 + marks[57:58] * 0.5))
    cheek_line = marks[2, 1] + (marks[48, 1] - marks[2, 1]) * _smooth(
        np.abs(base[:, 0]), marks[14, 0], marks[54, 0]
    )
    low = _smooth(cheek_line + 0.12 - base[:, 1], -0.08, 0.1)
    full = np.maximum(_smooth(-jaw, -0.42, -0.15), _smooth(-below_mouth, -0.4, -0.22)) * low
    throat = _smooth(base[:, 1], marks[8, 1] - 0.35, marks[8, 1] - 0.12)
    over_lip = np.concatenate([np.add(marks[48:55], (0.0, 0.055, 0.0)), marks[[48, 54]]])
    moustache = _smooth(-_distance(base, over_lip), -0.085, -0.045)
    moustache *= _smooth(marks[33, 1] - base[:, 1], -0.01, 0.02)
    chin = np.concatenate([marks[[7, 8, 9]], marks[55:60] - [0.0, 0.1, 0.0], marks[[48, 54]]])
    goatee = _smooth(-_distance(base, chin), -0.16, -0.07)
    full = np.maximum(full, moustache)
    goatee = np.maximum(goatee, 0.0)
    return np.stack([full * throat, moustache, goatee * throat], axis=1) * front[:, None]


def _scalp(base: Array, marks: Array) -> Array:
    """(n,) where hair grows on the head: above a line over the forehead and behind the ears."""
    brow, ear = marks[24, 1], marks[16]
    hairline = np.where(
        base[:, 2] > ear[2],
        ear[1] + 0.1 + (brow + 0.55 - ear[1]) * _smooth(base[:, 2], ear[2] + 0.1, ear[2] + 0.75),
        ear[1] - 0.75 * _smooth(-base[:, 2], -ear[2] + 0.12, -ear[2] + 0.5),
    )
    return _smooth(base[:, 1] - hairline, -0.05, 0.1)


def _painted(head: HeadModel, path: Path) -> FloatArray:
    """(19158,) brightness of a picture at each vertex."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise damaged(path, "no readable picture")
    height, width = picture.shape
    mesh = head.mesh
    uv = np.zeros((len(head.base), 2))
    uv[mesh.triangles.ravel()] = mesh.texture[mesh.texture_triangles.ravel()]
    columns = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
    rows = np.clip((1.0 - uv[:, 1]) * height, 0, height - 1).astype(int)
    return np.asarray(picture[rows, columns] / 255.0, np.float32)


def _distance(points: Array, line: Array) -> Array:
    """(n,) distance to a polyline (k, 3), or to a point."""
    if len(line) == 1:
        return np.asarray(np.linalg.norm(points - line[0], axis=1), np.float64)
    best = np.full(len(points), np.inf)
    for start, end in pairwise(line):
        along = end - start
        share = np.clip((points - start) @ along / (along @ along + 1e-12), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(points - start - share[:, None] * along, axis=1))
    return best


def _smooth(value: Array, low: float, high: float) -> Array:
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float64)
