"""How far an engine's landmarks are from those of FP32."""

from __future__ import annotations

import numpy as np

from frsdk import FaceReconstructor, Roi, nme_percent

from .bench_photo import Photo

N_CROPS = 16
_SHIFT, _SCALE, _ROLL_DEG = 0.06, 0.1, 15.0


def drift_percent(
    reconstruct: FaceReconstructor, reference: FaceReconstructor, photo: Photo
) -> float:
    """Mean NME between the landmarks of two engines over jittered crops of a photograph.

    Returns:
        Mean point distance over the square root of the reference's landmark box, in percent: the
        change of NME against any labels is at most this.
    """
    rois = jittered_rois(photo.roi)
    ours, wanted = (
        np.stack([face.landmarks for face in engine(photo.image, rois=rois)])
        for engine in (reconstruct, reference)
    )  # (16, 68, 3)
    return float(nme_percent(ours, wanted).mean())


def jittered_rois(roi: Roi) -> list[Roi]:
    """Seeded squares about one: moved, scaled and turned a little."""
    random = np.random.default_rng(0)
    rois = []
    for _ in range(N_CROPS):
        move_x, move_y = random.uniform(-_SHIFT, _SHIFT, 2) * roi.side
        side = roi.side * random.uniform(1 - _SCALE, 1 + _SCALE)
        centre_x, centre_y = roi.x0 + roi.side / 2 + move_x, roi.y0 + roi.side / 2 + move_y
        turn = float(random.uniform(-_ROLL_DEG, _ROLL_DEG))
        rois.append(Roi(centre_x - side / 2, centre_y - side / 2, side, roi.roll_deg + turn))
    return rois
