"""The sum of losses that a run minimises."""

from __future__ import annotations

import torch
from torch import nn

from ..datasets.face_labels import MIRROR_68
from ..losses.view_consistency import moved_landmarks
from ..losses.wpdc_wing import (
    LandmarkDecoder,
    WeightedParameterDistance,
    relative_distance_loss,
    vertex_distance_cost,
    wing_loss,
)
from .training_defaults import TrainConfig

_N_LANDMARKS = len(MIRROR_68)


class TrainLoss(nn.Module):
    """λ1 WPDC + λ2 Wing, and the optional terms whose weight is not 0.

    Args:
        decoder: Vertices of whitened parameters, the 68 landmarks first.
        config: Weights.
    """

    def __init__(self, decoder: LandmarkDecoder, config: TrainConfig) -> None:
        super().__init__()
        self.decoder = decoder
        self._wpdc = WeightedParameterDistance(decoder)
        self._config = config

    def forward(
        self,
        whitened: torch.Tensor,
        truth: torch.Tensor,
        residual: torch.Tensor,
        expressive: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Terms of a batch by name, weighted sum under "loss".

        Args:
            whitened: (n, 62) predictions.
            truth: (n, 62) labels.
            residual: (n, 68, 2) annotated landmarks minus the labels' landmarks, NaN where none.
            expressive: (n,) bool, the faces whose lids, brows and lips are known.
        """
        config = self._config
        points, wanted = self.decoder(whitened), self.decoder(truth)
        terms = {
            "wpdc": self._wpdc(whitened, truth),
            "wing": self._wing(points, wanted),
        }
        total = config.wpdc_weight * terms["wpdc"] + config.wing_weight * terms["wing"]
        if config.vdc_weight:
            terms["vdc"] = vertex_distance_cost(points, wanted)
            total = total + config.vdc_weight * terms["vdc"]
        if config.annotation_weight:
            terms["annotation"] = self._annotation(points, wanted, residual)
            total = total + config.annotation_weight * terms["annotation"]
        if config.relative_distance_weight:
            terms["relative"] = relative_distance_loss(points, wanted, expressive)
            total = total + config.relative_distance_weight * terms["relative"]
        return {"loss": total, **terms}

    def consistency(
        self,
        whitened: torch.Tensor,
        other: torch.Tensor,
        motion: torch.Tensor,
        flip: torch.Tensor,
    ) -> torch.Tensor:
        """Wing between the copies' landmarks and where the crops' landmarks go, x and y.

        Args:
            whitened: (n, 62) predictions of the crops.
            other: (n, 62) predictions of their copies.
            motion: (n, 2, 3), see ``random_views``.
            flip: (n,) which copies are mirrored.
        """
        here = self.decoder(whitened)[:, :_N_LANDMARKS]
        there = self.decoder(other)[:, :_N_LANDMARKS, :2]
        return self._wing(there, moved_landmarks(here, motion, flip))

    def _wing(self, points: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        config = self._config
        return wing_loss(points, wanted, omega=config.wing_omega, epsilon=config.wing_epsilon)

    def _annotation(
        self, points: torch.Tensor, wanted: torch.Tensor, residual: torch.Tensor
    ) -> torch.Tensor:
        """Wing on annotated landmarks, x and y, over the faces that have them; 0 without any."""
        chosen = torch.isfinite(residual).all(dim=(1, 2)) if residual.numel() else None
        if chosen is None or not bool(chosen.any()):
            return points.sum() * 0.0
        drawn = wanted[chosen, :_N_LANDMARKS, :2] + residual[chosen]
        return self._wing(points[chosen, :_N_LANDMARKS, :2], drawn)
