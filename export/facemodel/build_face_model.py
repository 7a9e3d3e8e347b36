"""Build the face model in the wheel: label statistics on a sculpted template."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.morphable_model import MorphableModel

from ..datasets.face_labels import FaceLabels
from .face_template import build_template
from .landmark_interpolation import carry_modes
from .landmark_statistics import LandmarkStatistics, learn_statistics
from .template_surface import Template

BUILTIN_NAME = "frsdk-face-1"
_DECIMALS = 4  # of a nominal millimetre: hides rounding differences between machines


def build_builtin(labels: FaceLabels) -> MorphableModel:
    """Learn the statistics of labelled faces and carry them to our template.

    Args:
        labels: Training labels; the pictures are not needed.

    Returns:
        The model; coefficients are in standard deviations.
    """
    statistics = learn_statistics(labels)
    template = build_template(statistics.mean)
    return assemble(statistics, template)


def assemble(statistics: LandmarkStatistics, template: Template) -> MorphableModel:
    """Put the statistics of the landmarks on a template whose landmarks are their mean."""
    modes = carry_modes(template, statistics.modes)  # (50, N, 3)
    basis = np.concatenate([template.vertices[None], modes])  # (51, N, 3)
    return MorphableModel(
        name=BUILTIN_NAME,
        basis=_rounded(basis.reshape(len(basis), -1)),
        coefficient_std=np.ones(len(statistics.modes), np.float32),
        landmark_indices=template.landmark_indices,
        triangles=template.triangles,
        uv=template.uv,
        mirror=template.mirror,
        licence="Geometry: Apache-2.0. Statistics of research-only labels: see MODEL_CARD.md",
        units="nominal mm",
    )


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return (np.round(values, _DECIMALS) + 0.0).astype(np.float32)
