import cv2
import numpy as np
import pytest

from frsdk.export.augmentation.augment_crop import Augmenter, AugmentSettings
from frsdk.export.datasets.face_labels import MIRROR_68
from frsdk.export.datasets.fit_parameters import FitSettings, fit_parameters
from frsdk.export.datasets.parameter_labels import LandmarkBasis, mirrored, moved
from frsdk.morphable.head_pose import rotation_from_angles


@pytest.fixture
def basis():
    """A symmetric mean and modes that are symmetric or antisymmetric, as learned ones are."""
    rng = np.random.default_rng(0)
    flip = np.array([-1.0, 1.0, 1.0])
    mean = rng.normal(size=(68, 3)) * 30
    mean = (mean + mean[MIRROR_68] * flip) / 2
    modes = rng.normal(size=(50, 68, 3))
    sign = np.where(np.arange(50) % 3 == 0, -1.0, 1.0)[:, None, None]
    return LandmarkBasis(mean, (modes + sign * modes[:, MIRROR_68] * flip) / 2)


def params_of(rng, count):
    params = np.zeros((count, 62))
    for row in params:
        pose = np.zeros((3, 4))
        pose[:, :3] = 0.6 * rotation_from_angles(*rng.uniform(-40, 40, 3))
        pose[:2, 3] = rng.uniform(50, 70, 2)
        row[:12] = pose.reshape(-1)
    params[:, 12:] = rng.normal(size=(count, 50))
    return params


def test_fit_recovers_known_parameters(basis):
    params = params_of(np.random.default_rng(1), 5)
    settings = FitSettings(prior_px=1e-4, iterations=30)
    fitted = fit_parameters(basis.decode(params), basis.mean, basis.modes, settings)
    assert fitted == pytest.approx(params, abs=1e-4)


def test_fit_keeps_coefficients_inside_the_bound(basis):
    params = params_of(np.random.default_rng(1), 2)
    params[:, 12] = 9.0
    settings = FitSettings(bound_sigma=4.0)
    fitted = fit_parameters(basis.decode(params), basis.mean, basis.modes, settings)
    assert np.abs(fitted[:, 12:]).max() <= 4.0


def test_mirrored_parameters_give_mirrored_landmarks(basis):
    params = params_of(np.random.default_rng(2), 4)
    wanted = basis.decode(params)[:, MIRROR_68]
    wanted[..., 0] = 119 - wanted[..., 0]
    got = basis.decode(mirrored(params, basis.mirror_coefficients()))
    assert got == pytest.approx(wanted, abs=1e-8)


def test_a_quarter_turn_about_the_centre(basis):
    params = params_of(np.random.default_rng(3), 1)
    before = basis.decode(params)
    after = basis.decode(moved(params, np.ones(1), np.array([np.pi / 2]), np.zeros((1, 2))))
    x, y = before[..., 0] - 59.5, before[..., 1] - 59.5
    assert after[..., 0] == pytest.approx(59.5 - y, abs=1e-9)
    assert after[..., 1] == pytest.approx(59.5 + x, abs=1e-9)


@pytest.mark.parametrize("size", [80, 120])
def test_augmented_pixels_move_with_the_labels(basis, size):
    """A dot painted at a landmark lies at that landmark of the augmented label."""
    settings = AugmentSettings(occlusion=0, border=0, blur=0, noise=0, grey=0)
    augment = Augmenter(basis, settings)
    rng = np.random.default_rng(4)
    params = params_of(rng, 12)
    params[:, 12:] *= 0.1
    crops = np.zeros((12, 160, 160, 3), np.uint8)
    points = basis.decode(params)
    for crop, face in zip(crops, points, strict=True):
        x, y = face[30, 0] + 20, 119 - face[30, 1] + 20
        grid = np.mgrid[0:160, 0:160]
        dot = np.exp(-((grid[1] - x) ** 2 + (grid[0] - y) ** 2) / 18)
        crop[:] = np.round(255 * dot)[..., None]
    got = augment(crops, params, rng, size)
    for image, face in zip(got.crops, basis.decode(got.params), strict=True):
        weight = image[..., 0].astype(float)
        weight -= np.median(weight)
        weight[weight < 0.3 * weight.max()] = 0
        moments = cv2.moments(weight)
        if moments["m00"] < 1:
            continue
        dot = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
        i, j = face[MIRROR_68[30], 0], 119 - face[MIRROR_68[30], 1]
        wanted = (np.array([i, j]) + 0.5) * size / 120 - 0.5
        assert dot == pytest.approx(wanted, abs=0.35)


def test_offsets_move_with_the_labels(basis):
    """Points beside the landmarks stay where the picture's content is."""
    augment = Augmenter(basis, AugmentSettings(flip=0.5))
    rng = np.random.default_rng(6)
    params = params_of(rng, 8)
    residual = rng.normal(size=(8, 68, 2))
    residual[2] = np.nan
    crops = np.zeros((8, 160, 160, 3), np.uint8)
    before = basis.decode(params)[..., :2] + residual
    got = augment(crops, params, np.random.default_rng(7), 16, residual=residual)
    after = basis.decode(got.params)[..., :2] + got.residual
    assert np.isnan(got.residual[2]).all() and np.isfinite(after[3:]).all()
    flips = 0
    for i in (0, 1, 3, 4, 5, 6, 7):  # distances between points scale by one factor each
        direct = np.linalg.norm(before[i, 1:] - before[i, :1], axis=1)
        order = before[i][MIRROR_68]
        turned = np.linalg.norm(order[1:] - order[:1], axis=1)
        ratio = np.linalg.norm(after[i, 1:] - after[i, :1], axis=1)
        spread = [np.ptp(ratio / direct), np.ptp(ratio / turned)]
        assert min(spread) < 1e-9
        flips += spread[1] < spread[0]
    assert 0 < flips < 7
