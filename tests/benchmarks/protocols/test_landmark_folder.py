"""Folders of photographs with .pts, .json or .npz landmarks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.protocols.landmark_files import read_json, read_pts
from frsdk.benchmarks.protocols.landmark_folder import read_folder
from frsdk.errors import InputError

YAWS = {"a.png": -10.0, "b.png": 52.0}


def pts_text(points: np.ndarray) -> str:
    body = "\n".join(f"{x:.6f} {y:.6f}" for x, y in points[:, :2] + 1.0)
    return f"version: 1\nn_points: {len(points)}\n{{\n{body}\n}}\n"


@pytest.fixture
def photos(tmp_path, write_photo) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(YAWS):
        write_photo(folder / name, seed)
    return folder


def write_labels(folder: Path, kind: str, make_points) -> None:
    points = {name: make_points(yaw)[:, :2] for name, yaw in YAWS.items()}
    if kind == "pts":
        for name, each in points.items():
            (folder / name).with_suffix(".pts").write_text(pts_text(each))
    elif kind == "json":
        content = {"a.png": points["a.png"].tolist()}
        content["b.png"] = {"landmarks": points["b.png"].tolist(), "yaw_deg": 77}
        (folder / "landmarks.json").write_text(json.dumps(content))
    else:
        np.savez(
            folder / "landmarks.npz",
            name=np.array(list(points)),
            landmarks=np.array(list(points.values())),
        )


@pytest.mark.parametrize("kind", ["pts", "json", "npz"])
def test_every_kind_of_labels(photos, kind: str, make_points) -> None:
    write_labels(photos, kind, make_points)
    faces = read_folder(photos)
    truth = faces.truths[0]
    assert [picture.name for picture in faces.pictures] == list(YAWS)
    for row, yaw in enumerate(YAWS.values()):
        assert truth.points[row] == pytest.approx(make_points(yaw)[:, :2], abs=1e-5)
    wanted = [-10.0, 77.0 if kind == "json" else 52.0]
    assert truth.yaw_deg == pytest.approx(wanted, abs=0.5)  # estimated where there is no label
    assert ("estimated" in faces.notes[0]) and (
        f"of {1 if kind == 'json' else 2}" in faces.notes[0]
    )


def test_labels_elsewhere_and_in_sub_folders(photos, tmp_path, make_points, write_photo) -> None:
    (photos / "deep").mkdir()
    write_photo(photos / "deep" / "a.png", 5)
    points = make_points(0.0)[:, :2]
    np.savez(
        tmp_path / "l.npz",
        name=np.array(["deep/a.png", "a.png"]),
        landmarks=np.stack([points, points + 3.0]),
        yaw_deg=np.array([1.0, 2.0]),
    )
    faces = read_folder(photos, tmp_path / "l.npz")
    assert faces.truths[0].points[1] == pytest.approx(points + 3.0)
    assert faces.truths[0].yaw_deg == pytest.approx([1, 2])
    assert faces.notes == ()


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("no pts", r"b\.png: no b\.pts beside it \(1 of 2"),
        ("empty", "has no images"),
        ("no folder", "no such folder"),
        ("few points", "expected 68 points, got 5"),
        ("words", "not a .pts file"),
        ("no braces", "expected points between"),
        ("nan", "not finite"),
        ("json text", "not a readable JSON file"),
        ("json twice", r"not a readable JSON file \(a\.png is there twice: keep one of them\)"),
        ("json list", "expected an object of file names, got a list"),
        ("json empty", "names no photograph"),
        ("json photo", r"1 of 1 photographs missing: .*c\.png"),
        ("json shape", r"expected \(68, 2\) landmarks, got \(2, 2\)"),
        ("json ragged", "not a list of points"),
        ("json yaw", "yaw_deg: expected a finite number, got 'left'"),
        ("npz counts", r"different lengths \[1, 2\]"),
        ("npz twice", "named twice"),
        ("npz fields", "expected arrays name and landmarks"),
        ("npz yaw", "yaw_deg: expected a finite number, got nan"),
        ("one place", "a.png: the landmarks lie on one line"),
    ],
)
def test_bad_folders(photos, tmp_path, make_points, damage: str, match: str) -> None:
    write_labels(photos, "pts", make_points)
    points, folder = make_points(0.0)[:, :2], photos
    label, everything = photos / "a.pts", photos / "landmarks.json"
    table = photos / "landmarks.npz"
    if damage == "no pts":
        (photos / "b.pts").unlink()
    elif damage in ("empty", "no folder"):
        folder = tmp_path / "other"
        if damage == "empty":
            folder.mkdir()
    elif damage == "few points":
        label.write_text(pts_text(points[:5]))
    elif damage == "words":
        label.write_text(pts_text(points).replace("\n}", " x\n}"))
    elif damage == "no braces":
        label.write_text("1 2 3")
    elif damage == "nan":
        label.write_text(pts_text(points * np.nan))
    elif damage == "one place":
        label.write_text(pts_text(points * 0.0))
    elif damage.startswith("json"):
        content = {
            "json text": "{",
            "json list": "[]",
            "json twice": '{"a.png": [], "b.png": [], "a.png": []}',
            "json empty": "{}",
            "json photo": json.dumps({"c.png": points.tolist()}),
            "json shape": json.dumps({"a.png": [[1, 2], [3, 4]]}),
            "json ragged": json.dumps({"a.png": [[1, 2], [3]]}),
            "json yaw": json.dumps({"a.png": {"landmarks": points.tolist(), "yaw_deg": "left"}}),
        }
        everything.write_text(content[damage])
    elif damage == "npz counts":
        np.savez(table, name=np.array(["a.png"]), landmarks=np.stack([points] * 2))
    elif damage == "npz twice":
        np.savez(table, name=np.array(["a.png"] * 2), landmarks=np.stack([points] * 2))
    elif damage == "npz fields":
        np.savez(table, name=np.array(["a.png"]))
    else:
        np.savez(
            table, name=np.array(["a.png"]), landmarks=points[None], yaw_deg=np.array([np.nan])
        )
    with pytest.raises(InputError, match=match) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)


def test_points_of_300w_count_from_1(tmp_path, make_points) -> None:
    points = make_points(0.0)[:, :2]
    (tmp_path / "a.pts").write_text(pts_text(points))
    assert read_pts(tmp_path / "a.pts") == pytest.approx(points, abs=1e-5)
    with pytest.raises(InputError, match="cannot be read"):
        read_pts(tmp_path / "b.pts")


def test_a_yaw_beyond_64_bits_is_a_number(tmp_path: Path) -> None:
    """Found by damaged files: NumPy has no such integer."""
    entry = {"landmarks": [[float(k), 1.0] for k in range(68)], "yaw_deg": 10**30}
    (tmp_path / "a.json").write_text(json.dumps({"a.jpg": entry}), encoding="utf-8")
    assert read_json(tmp_path / "a.json")[1] == {"a.jpg": 1e30}
