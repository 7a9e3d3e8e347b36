"""CFP's 30 fiducials as points of the 68, for faces turned either way.

The correspondence was found by nearest points over 700 pictures of CFP (Sengupta et al., WACV
2016) and is stated in the labels' README; frontal and profile pictures number the lower lid
differently.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .face_labels import FaceLabels

Array = NDArray[np.float64]

# Index among the 68 of each fiducial, for a face whose visible side is on the left of the picture.
_PROFILE = (*range(9), 17, 19, 21, 36, 37, 38, 39, 41, 40, 27, 28, 29, 30, 33, 32, 31, 48, 51, 62,
            57, 66)  # fmt: skip
_FRONTAL = (*_PROFILE[:16], 40, 41, *_PROFILE[18:])
# The same points on the other side of the face.
_PROFILE_MIRRORED = (*range(16, 7, -1), 26, 24, 22, 45, 44, 43, 42, 46, 47, 27, 28, 29, 30, 33, 34,
                     35, 54, 51, 62, 57, 66)  # fmt: skip


def landmarks_from_profile_fiducials(fiducials: Array, yaw_deg: Array) -> Array:
    """(n, 68, 2) landmarks with NaN where there is no fiducial.

    Args:
        fiducials: (n, 30, 2).
        yaw_deg: (n,) positive when the face turns to the image's right, which shows the side that
            lies on the picture's left.
    """
    return np.where(
        (yaw_deg > 0)[:, None, None],
        _placed(fiducials, _PROFILE),
        _placed(fiducials, _PROFILE_MIRRORED),
    )


def landmarks_from_frontal_fiducials(fiducials: Array) -> Array:
    """(n, 68, 2) landmarks with NaN where there is no fiducial (one half of the face has none)."""
    return _placed(fiducials, _FRONTAL)


def toward_fiducials(labels: FaceLabels, share: float) -> Array:
    """(n, 68, 3) landmarks, moved toward CFP's fiducials where a face has them; z is kept.

    Args:
        labels: Of n faces.
        share: 0 leaves the landmarks as they are, 1 moves them all the way.
    """
    profiles = landmarks_from_profile_fiducials(labels.fiducials, labels.yaw_deg)
    frontal = landmarks_from_frontal_fiducials(labels.fiducials)
    is_profile = (labels.source == "cfp_profile")[:, None, None]
    way = np.where(is_profile, profiles, frontal) - labels.landmarks[..., :2]
    moved = labels.landmarks.copy()
    moved[..., :2] += share * np.nan_to_num(way)  # no fiducial, no move
    return moved


def _placed(fiducials: Array, indices: tuple[int, ...]) -> Array:
    landmarks = np.full((len(fiducials), 68, 2), np.nan)
    landmarks[:, indices] = fiducials
    return landmarks
