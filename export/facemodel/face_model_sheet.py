"""A picture of a face model: its mean from five sides and what its modes do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError
from frsdk.morphable.face_model_arrays import N_COEFFICIENTS
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import N_SHAPE, MorphableModel
from frsdk.rendering.mesh_shading import render_mesh
from frsdk.storage.atomic_write import atomic_write

Image = NDArray[np.uint8]

# Yaw and pitch, degrees: both profiles, half profile, front; and from below.
MEAN_VIEWS_DEG = {
    "mean, yaw -90": (-90.0, 0.0),
    "mean, yaw -45": (-45.0, 0.0),
    "mean, front": (0.0, 0.0),
    "mean, yaw +90": (90.0, 0.0),
    "mean, from below": (0.0, 45.0),
}
MODE_VIEWS_DEG = ((0.0, 0.0), (45.0, 0.0))
IDENTITY_SHOWN = 6
SIGMA = 2.5

_TILE = 200
_COLUMNS = 8
_CAPTION = 26
_GREY = 24
_FILL = 0.82  # share of the tile that the face's height takes


def draw_sheet(
    model: MorphableModel, named: Mapping[str, NDArray[np.float64]] | None = None
) -> Image:
    """Mean from five sides, the first identity modes and every expression mode at ±2.5 σ.

    Args:
        model: A model with a surface.
        named: Name -> (50,) coefficients in standard deviations, drawn below.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        FaceModelError: The model has landmarks only.
    """
    if not len(model.triangles):
        raise FaceModelError(f"{model.name}: has no triangles to draw: import it with its surface")
    mean = np.zeros(N_COEFFICIENTS, np.float32)
    views = [(caption, _tile(model, mean, *view)) for caption, view in MEAN_VIEWS_DEG.items()]
    rows = [_captioned(views)]
    identity = range(IDENTITY_SHOWN)
    expression = range(N_SHAPE, N_COEFFICIENTS)
    rows += _mode_rows(model, "identity", identity, first=0)
    rows += _mode_rows(model, "expression", expression, first=N_SHAPE)
    rows += _named_rows(model, named or {})
    return np.concatenate(rows)


def write_sheet(
    model: MorphableModel, path: Path, named: Mapping[str, NDArray[np.float64]] | None = None
) -> None:
    """Draw the sheet into a PNG.

    Raises:
        FaceModelError: As `draw_sheet`.
        OutputError: The file cannot be written.
    """
    data = cv2.imencode(".png", draw_sheet(model, named), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    atomic_write(path, data.tobytes())


def _mode_rows(
    model: MorphableModel, name: str, modes: Sequence[int], *, first: int
) -> list[Image]:
    """Two modes a row: each at -σ and +σ from two sides."""
    rows = []
    for start in range(0, len(modes), 2):
        tiles: list[tuple[str, Image]] = []
        for mode in modes[start : start + 2]:
            for sigma in (-SIGMA, SIGMA):
                coefficients = np.zeros(N_COEFFICIENTS, np.float32)
                coefficients[mode] = sigma * model.coefficient_std[mode]
                caption = f"{name} {mode - first + 1}, {sigma:+g} sigma"
                tiles += _from_both_sides(model, coefficients, caption)
        rows.append(_captioned(tiles))
    return rows


def _named_rows(model: MorphableModel, named: Mapping[str, NDArray[np.float64]]) -> list[Image]:
    """Four expressions a row, from two sides each."""
    rows = []
    names = list(named)
    for start in range(0, len(names), _COLUMNS // 2):
        tiles: list[tuple[str, Image]] = []
        for name in names[start : start + _COLUMNS // 2]:
            coefficients = (named[name] * model.coefficient_std).astype(np.float32)
            tiles += _from_both_sides(model, coefficients, name)
        rows.append(_captioned(tiles))
    return rows


def _from_both_sides(
    model: MorphableModel, coefficients: NDArray[np.float32], caption: str
) -> list[tuple[str, Image]]:
    """The front, which carries the caption, and the half profile."""
    front, half = (_tile(model, coefficients, *view) for view in MODE_VIEWS_DEG)
    return [(caption, front), ("", half)]


def _tile(
    model: MorphableModel, coefficients: NDArray[np.float32], yaw: float, pitch: float
) -> Image:
    """One view on grey, at the scale and place of the mean, so that modes can be compared."""
    shape = model.shape_from_coefficients(coefficients[None])[0].astype(np.float64)
    low, high = model.mean.min(axis=0), model.mean.max(axis=0)
    scale = _FILL * _TILE / float(high[1] - low[1])
    turned = (shape - (low + high) / 2.0) @ rotation_300w_lp(yaw, pitch, 0.0).T
    turned[:, 1] *= -1.0
    vertices = turned * scale + np.array([(_TILE - 1) / 2.0, (_TILE - 1) / 2.0, 0.0])
    picture, mask = render_mesh(vertices, model.triangles, (_TILE, _TILE))
    cover = mask[:, :, None] / 255.0
    return np.asarray(picture * cover + _GREY * (1.0 - cover)).astype(np.uint8)


def _captioned(tiles: Sequence[tuple[str, Image]]) -> Image:
    """A row of tiles under their captions."""
    row = np.full((_TILE + _CAPTION, _TILE * _COLUMNS, 3), _GREY, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    for i, (caption, tile) in enumerate(tiles):
        row[_CAPTION:, i * _TILE : (i + 1) * _TILE] = tile
        place = (i * _TILE + 8, _CAPTION - 8)
        cv2.putText(row, caption, place, font, 0.5, (230, 230, 230), 1, cv2.LINE_AA)
    return row
