import math

import numpy as np
import pytest
import torch

from frsdk.export.datasets.face_labels import MIRROR_68
from frsdk.export.datasets.parameter_labels import LandmarkBasis
from frsdk.export.losses.view_consistency import moved_landmarks, moved_pictures, random_views
from frsdk.export.losses.wpdc_wing import (
    LandmarkDecoder,
    WeightedParameterDistance,
    relative_distance_loss,
    vertex_distance_cost,
    wing_loss,
)


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


def slow_wing(predicted, truth, omega, epsilon):
    """Element by element in float64, from the paper's eq. 5."""
    total, constant = 0.0, omega - omega * math.log(1 + omega / epsilon)
    for a, b in zip(predicted.reshape(-1), truth.reshape(-1), strict=True):
        x = abs(float(a) - float(b))
        total += omega * math.log(1 + x / epsilon) if x < omega else x - constant
    return total / predicted.size


def slow_wpdc(basis, predicted, truth):
    """Move the landmarks by each parameter's error alone, in float64."""
    total = 0.0
    for p, g in zip(predicted, truth, strict=True):
        weight = np.zeros(62)
        for index in range(62):
            if index == 11:
                continue
            other = g.copy()
            other[index] = p[index]
            weight[index] = np.linalg.norm(basis.decode(other[None]) - basis.decode(g[None]))
        weight /= weight.max()
        total += float((weight * (p - g) ** 2).sum())
    return total / len(predicted)


def similarity_params(rng, count):
    """Parameters whose pose is a scaled rotation, as labels have it, and predictions near them."""
    from frsdk.morphable.head_pose import rotation_from_angles

    truth = rng.normal(size=(count, 62))
    for row in truth:
        pose = row[:12].reshape(3, 4)
        pose[:, :3] = 0.6 * rotation_from_angles(*rng.uniform(-50, 50, 3))
    return truth, truth + rng.normal(size=truth.shape) * 0.3


@pytest.mark.parametrize(("omega", "epsilon"), [(10.0, 2.0), (5.0, 0.5)])
def test_wing_equals_its_slow_form(omega, epsilon):
    rng = np.random.default_rng(3)
    predicted, truth = rng.normal(size=(2, 3, 20, 3)) * 9
    got = wing_loss(torch.tensor(predicted), torch.tensor(truth), omega=omega, epsilon=epsilon)
    assert float(got) == pytest.approx(slow_wing(predicted, truth, omega, epsilon), rel=1e-12)


def test_vdc_equals_its_slow_form():
    rng = np.random.default_rng(4)
    predicted, truth = rng.normal(size=(2, 4, 70, 3))
    slow = np.mean(
        [((predicted[i, k] - truth[i, k]) ** 2).sum() for i in range(4) for k in range(70)]
    )
    got = vertex_distance_cost(torch.tensor(predicted), torch.tensor(truth))
    assert float(got) == pytest.approx(slow, rel=1e-12)


def test_wpdc_equals_its_slow_form(basis):
    truth, predicted = similarity_params(np.random.default_rng(5), 3)
    decoder = LandmarkDecoder(basis, torch.zeros(62), torch.ones(62)).double()
    got = WeightedParameterDistance(decoder)(torch.tensor(predicted), torch.tensor(truth))
    assert float(got) == pytest.approx(slow_wpdc(basis, predicted, truth), rel=1e-5)


@pytest.mark.parametrize("loss", ["wing", "vdc", "wpdc"])
def test_gradients_are_finite_differences(basis, loss):
    """Through the decoder, at every eighth parameter; WPDC's weights are held, as they are."""
    truth, predicted = (torch.tensor(v) for v in similarity_params(np.random.default_rng(6), 2))
    decoder = LandmarkDecoder(basis, torch.zeros(62), torch.ones(62)).double()
    wpdc = WeightedParameterDistance(decoder)
    held = wpdc.weights(predicted, truth)

    def value(p):
        if loss == "wing":
            return wing_loss(decoder(p), decoder(truth))
        if loss == "vdc":
            return vertex_distance_cost(decoder(p), decoder(truth))
        return (held * (p - truth) ** 2).sum(dim=1).mean()

    leaf = predicted.clone().requires_grad_()
    (wpdc(leaf, truth) if loss == "wpdc" else value(leaf)).backward()
    for index in range(0, 62, 8):
        step = torch.zeros_like(predicted)
        step[1, index] = 1e-6
        slope = (value(predicted + step) - value(predicted - step)) / 2e-6
        assert float(leaf.grad[1, index]) == pytest.approx(float(slope), rel=1e-5, abs=1e-7)


def test_copies_and_landmarks_move_alike():
    """A dot at a landmark lies at the moved landmark of the moved picture, mirrored or not."""
    rng = np.random.default_rng(7)
    motion, flip = random_views(12, rng)
    assert 0 < int(flip.sum()) < 12
    landmarks = torch.full((12, 68, 2), 60.0)
    landmarks[:, 30] = torch.tensor(rng.uniform(45, 75, (12, 2)), dtype=torch.float32)
    grid = np.mgrid[0:120, 0:120]
    pictures = np.zeros((12, 3, 120, 120), np.float32)
    for picture, (x, y) in zip(pictures, landmarks[:, 30].numpy(), strict=True):
        picture[:] = np.exp(-((grid[1] - x) ** 2 + (grid[0] - 119 + y) ** 2) / 18)
    copies = moved_pictures(torch.tensor(pictures), motion).numpy()[:, 0]
    moved = moved_landmarks(landmarks, motion, flip).numpy()[:, 30]  # 30 is its own mirror image
    assert MIRROR_68[30] == 30
    for copy, (x, y) in zip(copies, moved, strict=True):
        weight = np.where(copy > 0.2, copy, 0)
        found = [(weight * grid[1]).sum(), (weight * grid[0]).sum()] / weight.sum()
        assert found == pytest.approx([x, 119 - y], abs=0.25)


def test_relative_distances_forget_what_two_landmarks_share():
    rng = np.random.default_rng(4)
    truth = torch.tensor(rng.normal(size=(3, 68, 3)) * 20)
    known = torch.tensor([True, True, False])
    shifted = truth + torch.tensor([3.0, -2.0, 1.0])
    assert float(relative_distance_loss(shifted, truth, known)) == pytest.approx(0.0, abs=1e-12)
    blink = truth.clone()
    blink[0, 40, 1] -= 2.0  # a lid: weight 1 of 7.5 in all, y of x and y, one of two faces
    assert float(relative_distance_loss(blink, truth, known)) == pytest.approx(2.0 / 7.5 / 2 / 2)
    brow = truth.clone()
    brow[1, 24, 0] -= 3.0
    assert float(relative_distance_loss(brow, truth, known)) == pytest.approx(
        0.5 * 3.0 / 7.5 / 2 / 2
    )
    unknown = truth.clone()
    unknown[2, 37:42] += 9.0
    assert float(relative_distance_loss(unknown, truth, known)) == 0.0
    assert float(relative_distance_loss(blink, truth, torch.zeros(3, dtype=torch.bool))) == 0.0
