#!/usr/bin/env python3
"""Draw docs/pictures/landmarks.png: the 68 landmarks with their numbers on the mean face."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from frsdk import builtin_face_model
from frsdk.rendering.face_outline import IBUG_POLYLINES
from frsdk.rendering.mesh_shading import render_mesh
from frsdk.storage.atomic_write import atomic_write

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "docs" / "pictures" / "landmarks.png"
SIDE, MARGIN = 1000, 60
BACKGROUND = (24, 24, 24)
LINE, DOT, NUMBER = (60, 160, 90), (250, 220, 60), (255, 255, 255)


def main() -> None:
    """Draw the mean from the front and number its landmarks."""
    model = builtin_face_model()
    shape = model.mean.astype(np.float64) * (1.0, -1.0, 1.0)  # y up -> y down
    low, high = shape[:, :2].min(axis=0), shape[:, :2].max(axis=0)
    scale = (SIDE - 2 * MARGIN) / float((high - low).max())
    shape[:, :2] = (shape[:, :2] - (low + high) / 2) * scale + SIDE / 2
    shape[:, 2] *= scale
    picture, mask = render_mesh(shape, model.triangles, (SIDE, SIDE))
    cover = mask[:, :, None] / 255.0 * 0.55
    rgb = (picture[:, :, ::-1] * cover + np.array(BACKGROUND) * (1 - cover)).astype(np.uint8)
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    points = shape[model.landmark_indices, :2]
    for first, last, closed in IBUG_POLYLINES:
        line = [tuple(point) for point in points[first : last + 1]]
        draw.line(line + line[:1] if closed else line, fill=LINE, width=2)
    font = ImageFont.load_default(size=17)
    centre = points.mean(axis=0)
    for number, point in enumerate(points):
        x, y = point
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=DOT)
        place = tuple(point + _label_shift(number, point, centre))
        draw.text(
            place, str(number), NUMBER, font, anchor="mm", stroke_width=2, stroke_fill=(0, 0, 0)
        )
    content = io.BytesIO()
    image.quantize(128).save(content, "PNG", optimize=True)
    atomic_write(PATH, content.getvalue())
    print(PATH.relative_to(ROOT))


def _label_shift(number: int, point: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Where a number stands beside its dot: outward on the jaw, off the line elsewhere."""
    if number < 17:
        away = point - centre
        return 22 * away / float(np.hypot(*away))
    above = {*range(17, 27), 37, 38, 43, 44, 49, 50, 51, 52, 53, 61, 62, 63}
    beside = {27: (22, 0), 28: (22, 0), 29: (22, 0), 30: (22, 0), 36: (-18, 0), 39: (18, 0)}
    beside |= {42: (-18, 0), 45: (18, 0), 48: (-18, 0), 54: (18, 0), 60: (20, -13), 64: (-20, -13)}
    if number in beside:
        return np.array(beside[number], np.float64)
    return np.array([0.0, -14.0 if number in above else 14.0])


if __name__ == "__main__":
    main()
