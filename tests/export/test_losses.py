import math

import numpy as np
import pytest
import torch

from frsdk.export.losses import LandmarkDecoder, WeightedParameterDistance, wing_loss
from frsdk.export.targets import LandmarkBasis


@pytest.fixture
def basis():
    rng = np.random.default_rng(0)
    return LandmarkBasis(rng.normal(size=(68, 3)) * 40, rng.normal(size=(50, 68, 3)))


@pytest.fixture
def decoder(basis):
    return LandmarkDecoder(basis, torch.zeros(62), torch.ones(62))


def test_decoder_agrees_with_numpy(basis, decoder):
    params = np.random.default_rng(1).normal(size=(3, 62))
    got = decoder(torch.tensor(params, dtype=torch.float32)).numpy()
    assert got == pytest.approx(basis.decode(params), rel=1e-4, abs=1e-3)


def test_wing_is_its_formula_on_both_sides_and_continuous():
    near, far = 3.0, 25.0
    zero = torch.zeros(1)
    constant = 10 - 10 * math.log(1 + 10 / 2)
    assert float(wing_loss(torch.tensor([near]), zero)) == pytest.approx(10 * math.log(2.5))
    assert float(wing_loss(torch.tensor([far]), zero)) == pytest.approx(far - constant)
    below = float(wing_loss(torch.tensor([10 - 1e-4]), zero))
    above = float(wing_loss(torch.tensor([10 + 1e-4]), zero))
    assert below == pytest.approx(above, abs=1e-3)


def test_wpdc_weight_is_the_landmarks_movement(basis, decoder):
    rng = np.random.default_rng(2)
    truth, predicted = rng.normal(size=(2, 62)), rng.normal(size=(2, 62))
    weight = WeightedParameterDistance(decoder).weights(
        torch.tensor(predicted, dtype=torch.float32), torch.tensor(truth, dtype=torch.float32)
    )
    for sample in range(2):
        moved = np.zeros(12)
        for index in range(12):
            other = truth[sample].copy()
            other[index] = predicted[sample, index]
            moved[index] = np.linalg.norm(
                basis.decode(other[None]) - basis.decode(truth[sample : sample + 1])
            )
        moved[11] = 0.0
        got = weight[sample, :12].numpy()
        assert got / got.max() == pytest.approx(moved / moved.max(), rel=1e-3, abs=1e-6)


def test_wpdc_gradient_is_that_of_fixed_weights(decoder):
    torch.manual_seed(0)
    loss = WeightedParameterDistance(decoder)
    truth = torch.randn(2, 62)
    predicted = torch.randn(2, 62, requires_grad=True)
    weight = loss.weights(predicted, truth)
    loss(predicted, truth).backward()
    wanted = 2 * weight * (predicted - truth) / 2
    assert torch.allclose(predicted.grad, wanted.detach(), atol=1e-5)
    assert float(weight.max()) == pytest.approx(1.0)
    assert float(weight[:, 11].abs().max()) == 0.0
