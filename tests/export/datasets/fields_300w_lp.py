"""Fields of a 300W-LP label, seeded."""

from __future__ import annotations

import numpy as np


def mat_fields(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A face of about 150 px in the middle of a picture of 300 x 260."""
    pose = np.array([[0.1, -0.4, 0.05, 150.0, 120.0, -90.0, 1.1e-3]], np.float32)
    return {
        "Pose_Para": pose,
        "Shape_Para": (rng.normal(size=(199, 1)) * 1e4),
        "Exp_Para": rng.normal(size=(29, 1)) * 0.5,
    }
