"""The paper's losses: WPDC on the parameters, Wing and VDC on the vertices."""

from __future__ import annotations

import math

import torch
from torch import nn

from ..datasets.parameter_labels import LandmarkBasis

_T_Z = 11  # index of the translation along z, which a crop does not show


class LandmarkDecoder(nn.Module):
    """Differentiable landmarks (and other vertices) of whitened parameters.

    Args:
        basis: Mean (k, 3) and modes (50, k, 3) of the 68 landmarks, then of any other vertices.
        mean: (62,) whitening mean.
        std: (62,) whitening standard deviation.
    """

    mean_shape: torch.Tensor
    modes: torch.Tensor
    param_mean: torch.Tensor
    param_std: torch.Tensor

    def __init__(self, basis: LandmarkBasis, mean: torch.Tensor, std: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean_shape", torch.tensor(basis.mean, dtype=torch.float32))
        self.register_buffer("modes", torch.tensor(basis.modes, dtype=torch.float32))
        self.register_buffer("param_mean", mean)
        self.register_buffer("param_std", std)

    def shape(self, params: torch.Tensor) -> torch.Tensor:
        """(n, 62) de-whitened parameters -> (n, k, 3) shapes in the model frame."""
        return self.mean_shape + torch.einsum("nc,ckj->nkj", params[:, 12:], self.modes)

    def forward(self, whitened: torch.Tensor) -> torch.Tensor:
        """(n, 62) whitened parameters -> (n, k, 3) crop-frame points."""
        params = whitened * self.param_std + self.param_mean
        pose = params[:, :12].reshape(-1, 3, 4)
        turned = torch.einsum("nij,nkj->nki", pose[:, :, :3], self.shape(params))
        return turned + pose[:, None, :, 3]


def wing_loss(
    predicted: torch.Tensor, truth: torch.Tensor, *, omega: float = 10.0, epsilon: float = 2.0
) -> torch.Tensor:
    """Wing loss (Feng et al., CVPR 2018, eq. 5) on coordinates in crop pixels, averaged.

    ``omega ln(1 + |x| / epsilon)`` below omega, ``|x| - C`` above, C such that both meet.
    """
    distance = (predicted - truth).abs()
    constant = omega - omega * math.log(1.0 + omega / epsilon)
    near = omega * torch.log1p(distance / epsilon)
    return torch.where(distance < omega, near, distance - constant).mean()


def vertex_distance_cost(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """VDC (Zhu et al., CVPR 2016, eq. 6): mean squared distance of vertices, crop pixels².

    Args:
        predicted: (n, k, 3).
        truth: (n, k, 3).
    """
    return ((predicted - truth) ** 2).sum(dim=2).mean()


_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
_INNER_LIPS = ((61, 67), (62, 66), (63, 65))
_MOUTH_CORNERS = ((48, 54),)
_BROWS_TO_LIDS = ((19, 37), (24, 44))
_PAIRS = torch.tensor([*_LIDS, *_INNER_LIPS, *_MOUTH_CORNERS, *_BROWS_TO_LIDS])
_PAIR_WEIGHTS = torch.tensor([1.0] * 4 + [0.7] * 3 + [0.4] + [0.5] * 2)


def relative_distance_loss(
    predicted: torch.Tensor, truth: torch.Tensor, known: torch.Tensor
) -> torch.Tensor:
    """L1 between the ways from landmarks to their opposites, crop pixels, averaged.

    Where the eyelids of a face are does not say how far they are open: what two landmarks have in
    common cancels, as in the eye closure loss of Feng et al., SIGGRAPH 2021, eq. 6, here for lids,
    inner lips, the mouth's corners, and brows above lids.

    Args:
        predicted: (n, 68 or more, 2 or more) landmarks.
        truth: As ``predicted``.
        known: (n,) bool, the faces whose truth says it; 0 without any.
    """
    if not bool(known.any()):
        return predicted.sum() * 0.0
    away = (predicted - truth)[known, :, :2]
    way = (away[:, _PAIRS[:, 0]] - away[:, _PAIRS[:, 1]]).abs().mean(dim=2)  # (m, 10)
    weight = _PAIR_WEIGHTS.to(way)
    return (way * weight).sum(dim=1).mean() / weight.sum()


class WeightedParameterDistance(nn.Module):
    """WPDC (Zhu et al., CVPR 2016, eq. 8-9): parameter errors weighted by what they move.

    ``L = mean over samples of (p - g)' W (p - g)`` in whitened parameters, W diagonal. A weight is
    how far the prediction's present error of that parameter alone moves the vertices when all
    others are at the truth: ``w_i = |V(g with p_i) - V(g)|``, for the pose
    ``|p_i - g_i| * std_i * |column of [S; 1]|``, for a coefficient ``|p_i - g_i| * std_i * f *
    |mode_i|`` (f the truth's scale; exact, as V is linear in each). Weights are detached, divided
    by the sample's largest, and 0 for the translation along z.
    """

    def __init__(self, decoder: LandmarkDecoder) -> None:
        super().__init__()
        self._decoder = decoder

    def weights(self, whitened: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """(n, 62) weights in [0, 1], without gradient."""
        decoder = self._decoder
        with torch.no_grad():
            params = truth * decoder.param_std + decoder.param_mean
            error = (whitened - truth).abs() * decoder.param_std
            shape = decoder.shape(params)  # (n, k, 3)
            axis = torch.linalg.vector_norm(shape, dim=1)  # (n, 3): reach of x, y, z of the shape
            root = torch.full_like(axis[:, :1], math.sqrt(shape.shape[1]))
            row = torch.cat([axis, root], dim=1)  # (n, 4)
            pose_reach = row.repeat(1, 3)  # (n, 12)
            rotation = params[:, :12].reshape(-1, 3, 4)[:, :, :3]
            scale = torch.linalg.vector_norm(rotation, dim=(1, 2)) / math.sqrt(3.0)
            mode = torch.linalg.vector_norm(decoder.modes.flatten(1), dim=1)  # (50,)
            reach = torch.cat([pose_reach, scale[:, None] * mode], dim=1)
            weight = error * reach
            weight[:, _T_Z] = 0.0
            largest = weight.amax(dim=1, keepdim=True).clamp_min(1e-12)
            return weight / largest

    def forward(self, whitened: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Mean over samples of the weighted squared errors of whitened parameters."""
        weight = self.weights(whitened, truth)
        return (weight * (whitened - truth) ** 2).sum(dim=1).mean()
