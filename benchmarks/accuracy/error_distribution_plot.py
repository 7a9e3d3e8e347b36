"""The cumulative error distribution of several networks as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .error_distribution import curve, distribution

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

_SAMPLES = 2  # drawn larger and averaged, so that text and lines are smooth
_WIDTH, _HEIGHT = 900, 620
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 60, 70
_INK, _GRID, _PAPER = (40, 40, 40), (225, 225, 225), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINE_STEP = 30
# Okabe and Ito's colours, told apart by everyone; BGR.
_COLOURS: tuple[Colour, ...] = (
    (178, 114, 0), (0, 94, 213), (115, 158, 0), (167, 121, 204), (0, 159, 230), (233, 180, 86),
    (0, 0, 0),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One network's errors: (n,) NME in percent, NaN for a missed face."""

    name: str
    errors_percent: Array


def ced_plot(title: str, lines: Sequence[Line], threshold_percent: float) -> Image:
    """Share of faces over NME, from 0 to the threshold.

    Args:
        title: Above the plot; it should name the labels.
        lines: One for each network; the legend adds the area under each.
        threshold_percent: Right end of the axis.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    height = _HEIGHT + _LINE_STEP * len(lines) + 12  # the legend lies below, where it hides nothing
    canvas = np.full((height * _SAMPLES, _WIDTH * _SAMPLES, 3), _PAPER, np.uint8)
    _axes(canvas, title, threshold_percent)
    for index, line in enumerate(lines):
        colour = _COLOURS[index % len(_COLOURS)]
        at = np.linspace(0.0, threshold_percent, 400)
        x, y = _position(at / threshold_percent, curve(line.errors_percent, at))
        points = np.rint(np.stack([x, y], axis=1) * _SAMPLES).astype(np.int32)  # (400, 2)
        cv2.polylines(canvas, [points], False, colour, 3 * _SAMPLES, cv2.LINE_AA)
    for index, line in enumerate(lines):
        _legend(canvas, line, _COLOURS[index % len(_COLOURS)], index, threshold_percent)
    smaller = cv2.resize(canvas, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)


def _position(share_x: Array, share_y: Array) -> tuple[Array, Array]:
    """Shares of the axes -> pixels of the plot."""
    x = _LEFT + share_x * (_WIDTH - _LEFT - _RIGHT)
    y = _HEIGHT - _BOTTOM - share_y * (_HEIGHT - _TOP - _BOTTOM)
    return x, y


def _axes(canvas: Image, title: str, threshold: float) -> None:
    for share in np.linspace(0.0, 1.0, 11):
        x, y = (float(value) for value in _position(np.array(share), np.array(share)))
        _segment(canvas, (x, _TOP), (x, _HEIGHT - _BOTTOM), _GRID)
        _segment(canvas, (_LEFT, y), (_WIDTH - _RIGHT, y), _GRID)
        _text(canvas, f"{share * threshold:g}", (x, _HEIGHT - _BOTTOM + 24), align=0.5)
        _text(canvas, f"{share:.1f}", (_LEFT - 12, y + 6), align=1.0)
    corners = ((_LEFT, _TOP), (_LEFT, _HEIGHT - _BOTTOM), (_WIDTH - _RIGHT, _HEIGHT - _BOTTOM))
    _segment(canvas, corners[0], corners[1], _INK)
    _segment(canvas, corners[1], corners[2], _INK)
    _text(canvas, title, (_WIDTH / 2, 36), align=0.5, size=0.7)
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    _text(canvas, "NME, % of sqrt(w h) of the true box", (middle, _HEIGHT - 18), align=0.5)
    _text(canvas, "share of faces", (12, _TOP - 14))


def _legend(canvas: Image, line: Line, colour: Colour, row: int, threshold: float) -> None:
    y = _HEIGHT + 10 + row * _LINE_STEP
    area = distribution(line.errors_percent, threshold).auc
    _segment(canvas, (_LEFT, y - 6), (_LEFT + 38, y - 6), colour, 3)
    text = f"{line.name}   AUC {area:.3f}   n = {len(line.errors_percent)}"
    _text(canvas, text, (_LEFT + 50, y))


def _segment(
    canvas: Image,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Colour,
    thickness: int = 1,
) -> None:
    first, second = ((round(x * _SAMPLES), round(y * _SAMPLES)) for x, y in (start, end))
    cv2.line(canvas, first, second, colour, thickness * _SAMPLES, cv2.LINE_AA)


def _text_width(text: str, size: float) -> float:
    (width, _), _ = cv2.getTextSize(text, _FONT, size * _SAMPLES, _SAMPLES)
    return width / _SAMPLES


def _text(
    canvas: Image, text: str, at: tuple[float, float], *, align: float = 0.0, size: float = 0.55
) -> None:
    """Text whose baseline begins `align` of its width to the left of a place."""
    plain = text.encode("ascii", "replace").decode()  # Hershey fonts have no other letters
    x = at[0] - align * _text_width(plain, size)
    place = (round(x * _SAMPLES), round(at[1] * _SAMPLES))
    cv2.putText(canvas, plain, place, _FONT, size * _SAMPLES, _INK, _SAMPLES, cv2.LINE_AA)
