"""How `frsdk-eval` measures networks by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frsdk.morphable.morphable_model import MorphableModel

    from .compared_networks import NetworkChoice
    from .read_predictions import PredictionFile

THRESHOLD_PERCENT = 10.0
WORST = 24


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How to measure.

    Attributes:
        networks: At least one.
        face_models: Beside the built-in one; each network takes its own.
        detector: None gives each face's true square; else "builtin" or a detector's file.
        truth_model: Makes the true dense surface of labels that hold its parameters.
        threshold_percent: End of the curve; above it a face counts as failed.
        worst: Faces on each sheet of worst cases.
        threads: Of one engine call.
        predictions: Landmarks that other systems found, scored beside the networks.
        groups: A CSV file of the groups that the pictures' people belong to.
    """

    networks: Sequence[NetworkChoice]
    face_models: Sequence[MorphableModel] = ()
    detector: str | None = None
    truth_model: MorphableModel | None = None
    threshold_percent: float = THRESHOLD_PERCENT
    worst: int = WORST
    threads: int = 1
    predictions: Sequence[PredictionFile] = ()
    groups: Path | None = None
