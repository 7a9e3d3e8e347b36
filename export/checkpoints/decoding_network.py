"""A network with the face model's decoder behind it, for one graph that returns points."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from frsdk.morphable.face_model_match import check_fits
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.morphable.vertex_decoding import N_POSE
from frsdk.specs.model_spec import ModelSpec


class DecodingNetwork(nn.Module):
    """(n, 3, h, w) crops -> whitened parameters, landmarks and dense vertices in crop pixels.

    The points are V = f Pr Π S + t (Li et al., ICPR 2020, eq. 2) with i right, j down and z toward
    the camera, as `MorphableModel.decode_vertices` gives them. De-whitening and all that follows is
    FP32 whatever the network's precision: shape coefficients leave FP16's range in some models.

    Args:
        network: Gives (n, 62) whitened parameters.
        spec: Whitening and crop size.
        model: The network's face model.

    Raises:
        SpecError: The network is for another face model.
    """

    mean: torch.Tensor
    std: torch.Tensor
    basis: torch.Tensor
    landmark_basis: torch.Tensor

    def __init__(self, network: nn.Module, spec: ModelSpec, model: MorphableModel) -> None:
        super().__init__()
        check_fits(model, spec.face_model, "the network")
        self.network = network
        mean, std = np.array(spec.param_mean), np.array(spec.param_std)
        mean[4:8] *= -1.0  # the second row of the 3 x 4 pose: j = size - 1 - y
        std[4:8] *= -1.0
        mean[7] += spec.input.size - 1
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        self.register_buffer("basis", torch.from_numpy(model.basis.copy()))
        self.register_buffer("landmark_basis", torch.from_numpy(model.landmark_basis.copy()))

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Crops -> (n, 62), (n, 68, 3), (n, N, 3)."""
        whitened: torch.Tensor = self.network(crops)
        params = whitened * self.std + self.mean
        pose = params[:, :N_POSE].reshape(-1, 3, 4)  # (n, 12) -> (n, 3, 4)
        rotation = pose[:, :, :3].transpose(1, 2)  # points are rows
        shift = pose[:, :, 3].unsqueeze(1)  # (n, 1, 3)
        points = []
        for basis in (self.landmark_basis, self.basis):
            shapes = torch.addmm(basis[0], params[:, N_POSE:], basis[1:])  # (n, 3K)
            points.append(
                torch.matmul(shapes.reshape(-1, basis.shape[1] // 3, 3), rotation) + shift
            )
        return whitened, points[0], points[1]
