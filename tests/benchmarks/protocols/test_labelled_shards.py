"""Labelled crops in tar shards."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.benchmarks.protocols.labelled_shards import read_shards
from frsdk.errors import ImageFileError, InputError

SOURCES = ("helen", "afw", "cfp_frontal", "cfp_profile", "utkface")


def labels(make_points) -> dict[str, np.ndarray]:
    """One face of each source; the first two with annotated landmarks, CFP's with fiducials."""
    n = len(SOURCES)
    yaw = np.array([-5.0, 20.0, 3.0, 65.0, 40.0])  # frsdk's sign
    points = np.array([make_points(each, centre=79.5, size=0.8) for each in yaw])
    people = np.full((n, 68, 2), np.nan)
    people[:2] = points[:2, :, :2] + 1.0
    fiducials = np.full((n, 30, 2), np.nan)
    fiducials[2:4] = points[2:4, :30, :2]
    params = np.zeros((n, 62))
    params[:, [0, 5, 10]] = 0.4
    return {
        "key": np.array([f"k{row}" for row in range(n)]),
        "shard": np.array([0, 0, 1, 1, 1], np.int16),
        "source": np.array(SOURCES),
        "lmk68": points.astype(np.float32),
        "gt68": people.astype(np.float32),
        "gt30": fiducials.astype(np.float32),
        "param62": params.astype(np.float32),
        "yaw_deg": -yaw.astype(np.float32),
    }


def write(folder: Path, arrays: dict[str, np.ndarray], *, damage: str = "") -> Path:
    np.savez(folder / "val.npz", **arrays)
    for shard in (0, 1):
        with tarfile.open(folder / f"val-{shard:02d}.tar", "w") as archive:
            for row in np.flatnonzero(arrays["shard"] == shard):
                side = 100 if damage == "size" and row == 3 else 160
                picture = np.full((side, side, 3), 40 * row, np.uint8)
                data = cv2.imencode(".webp", picture)[1].tobytes()
                if damage == "corrupt" and row == 3:
                    data = data[:20]
                if damage == "missing" and row == 3:
                    continue
                entry = tarfile.TarInfo(f"{arrays['key'][row]}.webp")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return folder


def test_a_truth_for_each_kind_and_source(tmp_path, make_points) -> None:
    arrays = labels(make_points)
    faces = read_shards(write(tmp_path, arrays))
    rows = {truth.name: truth.rows.tolist() for truth in faces.truths}
    assert rows == {
        "lmk68": [0, 1, 2, 3, 4],
        "gt68": [0, 1],
        "gt68 afw": [1],
        "gt68 helen": [0],
        "gt30 cfp_frontal": [2],
        "gt30 cfp_profile": [3],
    }
    assert faces.truths[0].yaw_deg == pytest.approx([-5, 20, 3, 65, 40])
    assert faces.truths[1].points == pytest.approx(faces.truths[0].points[:2] + 1.0, abs=1e-4)
    assert faces.landmarks_3d == pytest.approx(arrays["lmk68"])
    assert faces.pose_deg == pytest.approx(np.zeros((5, 3)))  # upright parameters
    assert faces.pictures[2].load()[80, 80].tolist() == pytest.approx([80] * 3, abs=3)
    assert faces.pictures[2].roi.xyxy == (20, 20, 140, 140)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("no file", "no such label file"),
        ("not npz", "not a label file"),
        ("no field", "gt30"),
        ("counts", r"field yaw_deg: expected \(5,\), got \(4,\)"),
        ("shape", r"field lmk68: expected \(5, 68, 3\), got \(5, 68, 2\)"),
        ("nan", "1 of 5 labels in lmk68 are not finite"),
        ("half", "gt68 of face 0 has points that are not finite"),
        ("nan yaw", "picture 1 .* not finite"),
        ("no shard", r"val-01\.tar: no such shard"),
        ("missing", "1 of 5 val crops missing, k3 first"),
        ("not tar", "not a readable tar file"),
        ("sources", "4 sources for 5 keys"),
    ],
)
def test_bad_folders(tmp_path, make_points, damage: str, match: str) -> None:
    arrays = labels(make_points)
    if damage == "no field":
        del arrays["gt30"]
    elif damage == "counts":
        arrays["yaw_deg"] = arrays["yaw_deg"][:4]
    elif damage == "shape":
        arrays["lmk68"] = arrays["lmk68"][..., :2]
    elif damage == "nan":
        arrays["lmk68"][2, 5] = np.nan
    elif damage == "half":
        arrays["gt68"][0, 5] = np.nan
    elif damage == "nan yaw":
        arrays["yaw_deg"][1] = np.nan
    elif damage == "sources":
        arrays["source"] = arrays["source"][:4]
    write(tmp_path, arrays, damage=damage)
    if damage == "no file":
        (tmp_path / "val.npz").unlink()
    elif damage == "not npz":
        (tmp_path / "val.npz").write_bytes(b"PK")
    elif damage == "no shard":
        (tmp_path / "val-01.tar").unlink()
    elif damage == "not tar":
        (tmp_path / "val-01.tar").write_bytes(b"x" * 2000)
    with pytest.raises(InputError, match=match) as caught:
        read_shards(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["corrupt", "size"])
def test_a_damaged_picture_is_named_when_it_is_read(tmp_path, make_points, damage: str) -> None:
    faces = read_shards(write(tmp_path, labels(make_points), damage=damage))
    with pytest.raises(ImageFileError, match="k3: not a 160x160 picture"):
        faces.pictures[3].load()
