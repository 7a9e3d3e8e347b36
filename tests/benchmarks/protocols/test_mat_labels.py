"""Labels of 300W-LP and AFLW2000-3D."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.protocols.mat_labels import read_mat_label
from frsdk.errors import InputError
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import pose_from_params

scipy_io = pytest.importorskip("scipy.io", reason="needs scipy (frsdk[eval])")


def fields(**other) -> dict[str, np.ndarray]:
    """A face that looks to the image's left (3DDFA's yaw is positive there), up and leans."""
    pose = np.array([[*np.radians([12.0, 35.0, -8.0]), 220.0, 190.0, -90.0, 1.1e-3]], np.float32)
    values = {
        "Pose_Para": pose,
        "Shape_Para": np.arange(199.0)[:, None],
        "Exp_Para": -np.arange(29.0)[:, None],
        "pt3d_68": np.arange(3 * 68.0).reshape(3, 68),
    }
    return {name: value for name, value in {**values, **other}.items() if value is not None}


def test_angles_parameters_and_pixels(tmp_path) -> None:
    scipy_io.savemat(tmp_path / "a.mat", fields())
    label = read_mat_label(tmp_path / "a.mat")
    assert label.pose_deg == pytest.approx([-35.0, 12.0, -8.0], abs=1e-4)
    pose = pose_from_params(label.params, Roi(0, 0, 120), 120)
    assert pose.angles_300w_lp == pytest.approx(label.pose_deg, abs=1e-4)
    assert pose.scale == pytest.approx(1.1e-3, rel=1e-5)
    assert label.params[[3, 7, 11]] == pytest.approx([220.0, 190.0, -90.0])
    assert label.params[12:] == pytest.approx([*range(40), *-np.arange(10.0)])
    assert label.landmarks[0] == pytest.approx([-1.0, 67.0, 136.0])  # pixels count from 1 there
    assert label.landmarks.shape == (68, 3)


def test_points_in_the_plane_or_none(tmp_path) -> None:
    flat = np.arange(2 * 68.0).reshape(2, 68)
    scipy_io.savemat(tmp_path / "a.mat", fields(pt3d_68=None, pt2d=flat))
    assert np.array_equal(read_mat_label(tmp_path / "a.mat").landmarks, flat.T - 1.0)
    scipy_io.savemat(tmp_path / "b.mat", fields(pt3d_68=None, pt2d=flat[:, :21]))
    assert read_mat_label(tmp_path / "b.mat").landmarks is None


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ({"Pose_Para": None}, "lacks Pose_Para"),
        ({"Shape_Para": np.zeros((39, 1))}, "Shape_Para: expected at least 40 numbers, got 39"),
        ({"Exp_Para": np.full((29, 1), np.nan)}, "Exp_Para holds numbers that are not finite"),
        ({"pt3d_68": np.full((3, 68), np.inf)}, "pt3d_68 holds numbers that are not finite"),
        ({"Pose_Para": "text"}, "Pose_Para"),
    ],
)
def test_labels_that_cannot_be_used(tmp_path, other, match: str) -> None:
    scipy_io.savemat(tmp_path / "a.mat", fields(**other))
    with pytest.raises(InputError, match=match):
        read_mat_label(tmp_path / "a.mat")


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "missing"])
def test_damaged_files_are_one_line(tmp_path, damage: str) -> None:
    path = tmp_path / "a.mat"
    scipy_io.savemat(path, fields(), do_compression=True)
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        noise = bytearray(whole)
        noise[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)
        path.write_bytes({"cut": whole[:500], "noise": bytes(noise), "empty": b""}[damage])
    with pytest.raises(InputError, match=r"a\.mat: ") as caught:
        read_mat_label(path)
    assert "\n" not in str(caught.value)


def test_samples_of_300w_lp(shared_data) -> None:
    paths = sorted((shared_data / "mat_samples").rglob("*.mat"))
    assert len(paths) == 2
    yaws = [read_mat_label(path).pose_deg[0] for path in paths]
    assert yaws == pytest.approx([-0.24, 4.96], abs=0.01)
    # The landmarks that the parameters project lie where the 2D annotation has them.
    with np.load(shared_data / "teacher" / "bfm68.npz") as basis:
        for path in paths:
            label = read_mat_label(path)
            shape = basis["u"] + basis["w_shp"] @ label.params[12:52]
            shape = (shape + basis["w_exp"] @ label.params[52:]).reshape(68, 3)
            block = label.params[:12].reshape(3, 4)
            projected = shape @ block[:, :3].T + block[:, 3]
            pixels = np.stack([projected[:, 0] - 1.0, 450.0 - projected[:, 1]], axis=1)
            offset = pixels - label.landmarks[:, :2]
            assert np.abs(np.median(offset, axis=0)).max() < 1.5
            assert np.linalg.norm(offset[17:], axis=1).mean() < 4.0  # of a face of 190 px
