"""Normalised mean error of landmarks, and its summary over yaw bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

FloatArray = NDArray[np.float64]

YAW_BINS_DEG = ((0.0, 30.0), (30.0, 60.0), (60.0, 90.0))


@dataclass(frozen=True, slots=True)
class YawBin:
    """The faces of one range of absolute yaw.

    Attributes:
        low_deg: Lower limit, excluded but for 0.
        high_deg: Upper limit, included.
        count: Faces inside.
        mean_percent: Their mean NME; None without a face.
    """

    low_deg: float
    high_deg: float
    count: int
    mean_percent: float | None


@dataclass(frozen=True, slots=True)
class NmeSummary:
    """NME in percent over a set of faces.

    Attributes:
        bins: [0, 30], (30, 60] and (60, 90] degrees of absolute yaw.
        mean_of_bins_percent: Mean of the three bins' means; None when a bin is empty.
        std_of_bins_percent: Standard deviation (ddof 0) of the three means; None likewise.
        mean_percent: Plain mean over the faces.
        count: Faces in all.
    """

    bins: tuple[YawBin, ...]
    mean_of_bins_percent: float | None
    std_of_bins_percent: float | None
    mean_percent: float
    count: int


def nme_percent(
    predicted: NDArray[np.floating],
    truth: NDArray[np.floating],
    *,
    n_dims: int = 2,
    boxes_xyxy: NDArray[np.floating] | None = None,
) -> FloatArray:
    """Mean point distance over sqrt(w h) of the true landmarks' box (Zhu et al., CVPR 2016).

    Args:
        predicted: (n, k, 2 or 3) points in pixels.
        truth: (n, k, 2 or 3) true points in the same pixels.
        n_dims: Coordinates that count: 2 for x and y, as in the literature, or 3.
        boxes_xyxy: (n, 4) boxes to divide by; None is the box of the true points' x and y.

    Returns:
        (n,) percent.

    Raises:
        InputError: Shapes that do not fit, a number that is not finite, or a box without an area.
    """
    if n_dims not in (2, 3):
        raise InputError(f"expected n_dims 2 or 3, got {n_dims}")
    found = _points("predicted", predicted, n_dims)
    true = _points("truth", truth, n_dims)
    if found.shape != true.shape:
        raise InputError(f"expected as many points in both, got {found.shape} and {true.shape}")
    if boxes_xyxy is None:
        width_height = np.ptp(true[..., :2], axis=1)  # (n, 2)
    else:
        boxes = np.asarray(boxes_xyxy, np.float64)
        if boxes.shape != (len(true), 4):
            raise InputError(f"expected boxes_xyxy ({len(true)}, 4), got {boxes.shape}")
        width_height = boxes[:, 2:] - boxes[:, :2]
    unusable = np.flatnonzero(~(width_height > 0.0).all(axis=1))
    if len(unusable):
        raise InputError(f"face {unusable[0]}: expected a box with an area to divide by")
    distance = np.linalg.norm(found - true, axis=2).mean(axis=1)
    return np.asarray(100.0 * distance / np.sqrt(width_height.prod(axis=1)), np.float64)


def summarise_nme(
    errors_percent: NDArray[np.floating], yaw_deg: NDArray[np.floating]
) -> NmeSummary:
    """Mean NME per bin of absolute yaw, and over the bins.

    Args:
        errors_percent: (n,) as :func:`nme_percent` gives them, n >= 1.
        yaw_deg: (n,) true yaw of either sign; above 90 counts in the last bin.

    Raises:
        InputError: No face, other shapes, or a number that is not finite.
    """
    errors, yaw = np.asarray(errors_percent, np.float64), np.abs(np.asarray(yaw_deg, np.float64))
    if errors.ndim != 1 or errors.shape != yaw.shape or not len(errors):
        raise InputError(f"expected n >= 1 errors and yaws, got {errors.shape} and {yaw.shape}")
    if not (np.isfinite(errors).all() and np.isfinite(yaw).all()):
        raise InputError("expected finite errors and yaws: leave out faces without a label")
    bins = []
    last_high = YAW_BINS_DEG[-1][1]
    for low, high in YAW_BINS_DEG:
        inside = ((yaw > low) | (low == 0.0)) & ((yaw <= high) | (high == last_high))
        mean = float(errors[inside].mean()) if inside.any() else None
        bins.append(YawBin(low, high, int(inside.sum()), mean))
    means = [each.mean_percent for each in bins if each.mean_percent is not None]
    whole = len(means) == len(bins)
    return NmeSummary(
        bins=tuple(bins),
        mean_of_bins_percent=float(np.mean(means)) if whole else None,
        std_of_bins_percent=float(np.std(means)) if whole else None,
        mean_percent=float(errors.mean()),
        count=len(errors),
    )


def _points(name: str, values: NDArray[np.floating], n_dims: int) -> FloatArray:
    points = np.asarray(values, np.float64)
    if points.ndim != 3 or points.shape[1] < 1 or points.shape[2] < n_dims:
        raise InputError(f"{name}: expected (n, k, {n_dims} or more) points, got {points.shape}")
    points = points[..., :n_dims]
    bad = np.flatnonzero(~np.isfinite(points).all(axis=(1, 2)))
    if len(bad):
        raise InputError(f"{name}: face {bad[0]}: expected finite points: leave it out")
    return points
