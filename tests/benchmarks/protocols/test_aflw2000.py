"""AFLW2000-3D from .mat files, from 3DDFA's label files, and 3DDFA's crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.protocols.aflw2000 import Aflw2000Options, read_aflw2000
from frsdk.errors import InputError
from frsdk.imaging.roi import roi_from_landmarks

scipy_io = pytest.importorskip("scipy.io", reason="needs scipy (frsdk[eval])")

YAWS = (-10.0, 45.0, 70.0)  # frsdk's sign


@pytest.fixture
def folder(tmp_path, make_points, write_photo) -> Path:
    """Three pictures with .mat files, and 3DDFA's label files for them in configs/."""
    pictures, configs = tmp_path / "AFLW2000", tmp_path / "configs"
    pictures.mkdir()
    configs.mkdir()
    points = np.array([make_points(yaw) for yaw in YAWS])
    for row, yaw in enumerate(YAWS):
        write_photo(pictures / f"image{row:05d}.jpg", row)
        pose = [*np.radians([4.0, -yaw, -3.0]), 100.0, 100.0, 0.0, 0.9]
        scipy_io.savemat(
            pictures / f"image{row:05d}.mat",
            {
                "Pose_Para": np.array([pose]),
                "Shape_Para": np.zeros((199, 1)),
                "Exp_Para": np.zeros((29, 1)),
                "pt3d_68": (points[row] + (1.0, 1.0, 0.0)).T,
            },
        )
    stored = (
        (points + np.array([1.0, 1.0, 0.0])).transpose(0, 2, 1).astype(np.float32)
    )  # (n, 3, 68)
    np.save(configs / "AFLW2000-3D.pts68.npy", stored)
    np.save(configs / "AFLW2000-3D-Reannotated.pts68.npy", stored[:, :2] + 2.0)
    np.save(configs / "AFLW2000-3D.pose.npy", -np.array(YAWS, np.float32))
    np.save(configs / "AFLW2000-3D-new.pose.npy", np.array([31.0, 29.0, 61.0], np.float32))
    return tmp_path


def crops_of(folder: Path, write_photo) -> Path:
    """The same as 3DDFA's crops, in another order than by name, with their boxes."""
    crops = folder / "AFLW2000-3D_crop"
    crops.mkdir()
    for row in range(3):
        write_photo(crops / f"image{row:05d}.jpg", row, side=120)
    names = [f"image{row:05d}.jpg" for row in (2, 0, 1)]
    (folder / "AFLW2000-3D_crop.list").write_text("\n".join(names) + "\n")
    boxes = np.array([[11, 21, 250, 260], [31, 41, 150, 160], [1, 1, 240, 120]], np.float32)
    np.save(folder / "configs" / "AFLW2000-3D_crop.roi_box.npy", boxes)
    return crops


def test_mat_files_alone(folder, make_points) -> None:
    faces = read_aflw2000(folder / "AFLW2000", Aflw2000Options())
    assert [truth.name for truth in faces.truths] == ["AFLW2000-3D original, split fitted"]
    truth = faces.truths[0]
    assert truth.points == pytest.approx(np.array([make_points(y)[:, :2] for y in YAWS]))
    assert truth.yaw_deg == pytest.approx(YAWS)
    assert faces.pose_deg == pytest.approx(np.array([[y, 4.0, -3.0] for y in YAWS]))
    assert faces.landmarks_3d.shape == (3, 68, 3)
    assert faces.surface_params.shape == (3, 62)
    assert faces.pictures[1].roi == roi_from_landmarks(truth.points[1])
    assert faces.pictures[1].load().shape == (200, 200, 3)


def test_both_labels_and_both_splits(folder, make_points) -> None:
    options = Aflw2000Options(configs=folder / "configs")
    faces = read_aflw2000(folder / "AFLW2000", options)
    assert [truth.name for truth in faces.truths] == [
        "AFLW2000-3D original, split fitted",
        "AFLW2000-3D original, split aflw",
        "AFLW2000-3D reannotated, split fitted",
        "AFLW2000-3D reannotated, split aflw",
    ]
    original, _, reannotated, aflw = faces.truths
    assert original.points[0] == pytest.approx(make_points(YAWS[0])[:, :2], abs=1e-4)
    assert reannotated.points == pytest.approx(original.points + 2.0, abs=1e-4)
    assert original.yaw_deg == pytest.approx(YAWS)
    assert aflw.yaw_deg == pytest.approx([31, 29, 61])
    one = Aflw2000Options(configs=folder / "configs", labels="reannotated", split="aflw")
    assert [truth.name for truth in read_aflw2000(folder / "AFLW2000", one).truths] == [aflw.name]


def test_crops_map_to_the_pixels_they_were_cut_from(folder, write_photo) -> None:
    crops = crops_of(folder, write_photo)
    faces = read_aflw2000(crops, Aflw2000Options(configs=folder / "configs"))
    first = faces.pictures[0]
    assert first.name == "image00002.jpg" and first.is_crop
    assert first.roi.xyxy == (0.0, 0.0, 120.0, 120.0)
    # Columns 11..250 counted from 1 are 10..249 from 0: two to a crop pixel.
    assert first.label_from_image @ (0.0, 0.0, 1.0) == pytest.approx([10.5, 20.5])
    assert first.label_from_image @ (119.0, 119.0, 1.0) == pytest.approx([248.5, 258.5])
    # A crop of its own size keeps every pixel; one cut at the edge has its own scale in y.
    assert faces.pictures[1].label_from_image @ (7.0, 7.0, 1.0) == pytest.approx([37.0, 47.0])
    assert faces.pictures[2].label_from_image @ (1.0, 1.0, 1.0) == pytest.approx([2.5, 1.0])
    assert faces.pose_deg is None  # no .mat beside the crops


def test_the_rule_of_3ddfa_s_benchmark(folder, write_photo) -> None:
    """x = X s + sx with X = 1..120 and labels counted from 1 (benchmark_aflw2000.py)."""
    crops = crops_of(folder, write_photo)
    options = Aflw2000Options(configs=folder / "configs", pixels="3ddfa")
    matrix = read_aflw2000(crops, options).pictures[0].label_from_image
    for i in (0.0, 50.0, 119.0):
        counted_from_1 = (i + 1) * (250 - 11) / 120 + 11
        assert (matrix @ (i, 0.0, 1.0))[0] == pytest.approx(counted_from_1 - 1)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("no label files", "no AFLW2000-3D.pts68.npy: give 3DDFA's test.configs"),
        ("no yaw", "no AFLW2000-3D.pose.npy"),
        ("fewer labels", "2 labels original for 3 pictures"),
        ("fewer yaws", "2 labels fitted for 3 pictures"),
        ("nan", "picture 1 .* not finite|image00001.jpg: its landmarks are not usable"),
        ("nan yaw", "picture 0 .* not finite"),
        ("not asked", "AFLW2000-3D-new.pose.npy: no such label file"),
        ("no mat", r"image00001\.mat: no such label file"),
        ("reannotated in mat", "hold the original labels only"),
        ("empty", "has no images"),
        ("no folder", "no such folder"),
        ("rule", "is no 120 x 120 crop: the rule 3ddfa is for crops only"),
    ],
)
def test_bad_folders(folder, damage: str, match: str) -> None:
    configs, pictures = folder / "configs", folder / "AFLW2000"
    options = Aflw2000Options(configs=configs)
    points = np.load(configs / "AFLW2000-3D.pts68.npy")
    yaws = np.load(configs / "AFLW2000-3D.pose.npy")
    if damage == "no label files":
        options = Aflw2000Options(configs=pictures)
    elif damage == "no yaw":
        (configs / "AFLW2000-3D.pose.npy").unlink()
        (configs / "AFLW2000-3D-new.pose.npy").unlink()
    elif damage == "fewer labels":
        np.save(configs / "AFLW2000-3D.pts68.npy", points[:2])
    elif damage == "fewer yaws":
        np.save(configs / "AFLW2000-3D.pose.npy", yaws[:2])
    elif damage == "nan":
        points[1, 0, 5] = np.nan
        np.save(configs / "AFLW2000-3D.pts68.npy", points)
    elif damage == "nan yaw":
        yaws[0] = np.nan
        np.save(configs / "AFLW2000-3D.pose.npy", yaws)
    elif damage == "not asked":
        (configs / "AFLW2000-3D-new.pose.npy").unlink()
        options = Aflw2000Options(configs=configs, split="aflw")
    elif damage == "no mat":
        (pictures / "image00001.mat").unlink()
        options = Aflw2000Options()
    elif damage == "reannotated in mat":
        options = Aflw2000Options(labels="reannotated")
    elif damage == "empty":
        pictures = configs
    elif damage == "rule":
        options = Aflw2000Options(configs=configs, pixels="3ddfa")
    elif damage == "no folder":
        pictures = folder / "nowhere"
    with pytest.raises(InputError, match=match) as caught:
        read_aflw2000(pictures, options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("no configs", "is a 120 x 120 crop: give --configs"),
        ("no boxes", "AFLW2000-3D_crop.roi_box.npy: no such label file"),
        ("fewer boxes", "3 pictures but 2 boxes"),
        ("empty box", "roi_box 1: expected sx < ex"),
        ("list", "1 of 4 pictures missing"),
    ],
)
def test_bad_crops(folder, write_photo, damage: str, match: str) -> None:
    crops, configs = crops_of(folder, write_photo), folder / "configs"
    boxes = np.load(configs / "AFLW2000-3D_crop.roi_box.npy")
    if damage == "no configs":
        for mat in (folder / "AFLW2000").glob("*.mat"):
            (crops / mat.name).write_bytes(mat.read_bytes())
        configs = None
    elif damage == "no boxes":
        (configs / "AFLW2000-3D_crop.roi_box.npy").unlink()
    elif damage == "fewer boxes":
        np.save(configs / "AFLW2000-3D_crop.roi_box.npy", boxes[:2])
    elif damage == "empty box":
        boxes[1, 2] = boxes[1, 0]
        np.save(configs / "AFLW2000-3D_crop.roi_box.npy", boxes)
    else:
        with (folder / "AFLW2000-3D_crop.list").open("a") as file:
            file.write("image99999.jpg\n")
    with pytest.raises(InputError, match=match):
        read_aflw2000(crops, Aflw2000Options(configs=configs))
