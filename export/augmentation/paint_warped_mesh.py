"""Draw a bent mesh back to front: for each pixel, the source position that it shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Indices = NDArray[np.int64]


def source_map(target: Array, source: Array, triangles: Indices, size: int) -> Single:
    """Where each pixel of a bent picture comes from.

    Args:
        target: (V, 2) pixels in the bent picture, integers at pixel centres.
        source: (V, 2) pixels in the picture that is bent.
        triangles: (T, 3) in drawing order: later ones cover earlier ones. Either winding.
        size: Side of the bent picture.

    Returns:
        (2, size, size) float32 x, y in the source; a pixel that no triangle covers has its own
        place.
    """
    # Column by column, (T,) each: NumPy is several times faster so than along a short last axis.
    x, y = (np.ascontiguousarray(target[triangles, k].T, np.float32) for k in range(2))  # (3, T)
    u, v = (np.ascontiguousarray(source[triangles, k].T, np.float32) for k in range(2))
    owners = _owners(x, y, size)
    along = np.tile(np.arange(size, dtype=np.float32), size)
    down = np.repeat(np.arange(size, dtype=np.float32), size)
    out = np.empty((2, size * size), np.float32)
    for k, (values, own) in enumerate(((u, (0.0, 1.0, 0.0)), (v, (0.0, 0.0, 1.0)))):
        constant, by_x, by_y = (  # the last entry, which -1 points at, is for uncovered pixels
            np.append(part, np.float32(last))
            for part, last in zip(_plane(x, y, values), own, strict=True)
        )
        out[k] = constant[owners] + by_x[owners] * along + by_y[owners] * down
    return out.reshape(2, size, size)


def _owners(x: Single, y: Single, size: int) -> NDArray[np.int32]:
    """(size²,) last triangle that covers each pixel's centre, -1 for none."""
    top = np.minimum(np.minimum(y[0], y[1]), y[2])
    bottom = np.maximum(np.maximum(y[0], y[1]), y[2])
    low = np.clip(np.ceil(top), 0, size).astype(np.int64)
    rows = np.maximum(np.clip(np.floor(bottom) + 1, 0, size).astype(np.int64) - low, 0)
    k = np.repeat(np.arange(len(low)), rows)  # (R,) triangle of each row
    row = _running(rows) + low[k]
    left, right = _row_ends(x, y, k, row.astype(np.float32))
    first = np.ceil(np.clip(left, 0, size)).astype(np.int64)
    count = np.maximum(np.floor(np.clip(right, -1, size - 1)).astype(np.int64) + 1 - first, 0)
    pixels = np.repeat(row * size + first, count) + _running(count)
    owners = np.full(size * size, -1, np.int32)
    owners[pixels] = np.repeat(k.astype(np.int32), count)  # in order: the last one stays
    return owners


def _running(count: Indices) -> Indices:
    """0, 1, ..., count[0] - 1, 0, 1, ..., count[1] - 1, ..."""
    ends = np.cumsum(count)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - count, count)


def _row_ends(x: Single, y: Single, k: Indices, row: Single) -> tuple[Single, Single]:
    """(R,) least and greatest x of each triangle on its row.

    An edge bounds a triangle on the left or on the right, by its direction and the winding.
    """
    turn = _twice_area(x, y)
    left, right = np.full(len(k), -np.inf, np.float32), np.full(len(k), np.inf, np.float32)
    for begin, end in ((0, 1), (1, 2), (2, 0)):
        rise = y[end] - y[begin]
        slope = np.divide(x[end] - x[begin], rise, out=np.zeros_like(rise), where=rise != 0)
        start = x[begin] - slope * y[begin]
        side = rise * turn  # below 0: a left edge, above: a right one
        at = start[k] + slope[k] * row
        np.maximum(left, np.where(side < 0, np.float32(0), np.float32(-np.inf))[k] + at, out=left)
        np.minimum(right, np.where(side > 0, np.float32(0), np.float32(np.inf))[k] + at, out=right)
    right[(turn == 0)[k]] = -1.0
    return left, right


def _twice_area(x: Single, y: Single) -> Single:
    return np.asarray((x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0]))


def _plane(x: Single, y: Single, values: Single) -> tuple[Single, Single, Single]:
    """(T,) constant, slope in x and slope in y of values (3, T) over each triangle."""
    area = _twice_area(x, y)
    scale = np.divide(1.0, area, out=np.zeros_like(area), where=area != 0)
    first, second = values[1] - values[0], values[2] - values[0]
    by_x = (first * (y[2] - y[0]) - second * (y[1] - y[0])) * scale
    by_y = (second * (x[1] - x[0]) - first * (x[2] - x[0])) * scale
    return values[0] - by_x * x[0] - by_y * y[0], by_x, by_y
