"""AFLW's 21 points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.network_score import score_truth
from frsdk.benchmarks.protocols.aflw import read_aflw, weights_21_from_68
from frsdk.errors import InputError


@pytest.fixture
def configs(tmp_path, make_points) -> Path:
    folder = tmp_path / "configs"
    folder.mkdir()
    points = np.array([make_points(yaw)[:, :2] for yaw in (5.0, 50.0)])
    reduced = np.einsum("kp,npd->nkd", weights_21_from_68(), points) + 1.0
    reduced[1, :3] = -1.0  # not visible
    np.save(folder / "AFLW_GT_pts68.npy", (points + 1.0).transpose(0, 2, 1))
    np.save(folder / "AFLW_GT_pts21.npy", reduced.transpose(0, 2, 1).astype(np.float32))
    np.save(folder / "AFLW_GT_crop_yaws.npy", np.array([5.0, -50.0], np.float32))
    np.save(folder / "AFLW_GT_crop_roi_box.npy", np.array([[1, 1, 200, 200]] * 2, np.int16))
    return folder


@pytest.fixture
def pictures(tmp_path, write_photo) -> Path:
    folder = tmp_path / "AFLW_GT_crop"
    folder.mkdir()
    for row in range(2):
        write_photo(folder / f"{row}.jpg", row, side=120)
    return folder


def test_means_of_the_68() -> None:
    weights = weights_21_from_68()
    assert weights.shape == (21, 68)
    assert weights.sum(axis=1) == pytest.approx(np.ones(21))
    assert sorted(np.count_nonzero(weights, axis=1))[-3:] == [6, 6, 8]  # eyes, inner lips
    # Left and right points mirror each other.
    assert np.flatnonzero(weights[12]) == [2] and np.flatnonzero(weights[16]) == [14]
    assert np.flatnonzero(weights[20]) == [8]


def test_hidden_points_do_not_count(configs, pictures, make_points) -> None:
    faces = read_aflw(pictures, configs)
    truth = faces.truths[0]
    assert np.isfinite(truth.points).all(axis=2).sum(axis=1).tolist() == [21, 18]
    assert [picture.is_crop for picture in faces.pictures] == [True, True]
    exact = np.array([make_points(yaw)[:, :2] for yaw in (5.0, 50.0)])
    assert score_truth(exact, truth, 10.0).errors_percent == pytest.approx([0, 0], abs=1e-4)
    exact[1, 17] += 100.0  # the first of AFLW's points, hidden on the second face
    assert score_truth(exact, truth, 10.0).errors_percent == pytest.approx([0, 0], abs=1e-4)
    width, height = np.ptp(exact[0], axis=0)
    exact[0] += (3.0, 4.0)
    wanted = 100 * 5 / np.sqrt(width * height)
    assert score_truth(exact, truth, 10.0).errors_percent[0] == pytest.approx(wanted, rel=1e-4)


def test_originals_take_the_square_of_the_68(configs, tmp_path, write_photo) -> None:
    folder = tmp_path / "originals"
    folder.mkdir()
    for row in range(2):
        write_photo(folder / f"{row}.jpg", row)
    faces = read_aflw(folder, configs)
    assert not faces.pictures[0].is_crop
    assert faces.pictures[0].roi.side > 100


@pytest.mark.parametrize(
    ("name", "values", "match"),
    [
        ("AFLW_GT_pts21", None, r"AFLW_GT_pts21\.npy: no such label file"),
        ("AFLW_GT_crop_yaws", np.zeros(3), "3 yaws for 2 pictures"),
        ("AFLW_GT_pts21", np.full((2, 2, 21), np.nan), "not finite"),
        ("AFLW_GT_pts21", np.full((2, 2, 21), -1.0), "picture 0 .* not finite"),
        ("AFLW_GT_pts68", np.zeros((2, 68, 2)), r"expected an array \(n, n, 68\)"),
    ],
)
def test_bad_labels(configs, pictures, name: str, values, match: str) -> None:
    path = configs / f"{name}.npy"
    path.unlink()
    if values is not None:
        np.save(path, values)
    with pytest.raises(InputError, match=match):
        read_aflw(pictures, configs)
