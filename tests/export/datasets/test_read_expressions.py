"""Faces with closed eyes and their labels, from pictures to training data."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import FaceReconstructor
from frsdk.errors import InputError
from frsdk.export.datasets import labelling_defaults
from frsdk.export.datasets.expression_labels import read_mesh_points
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.datasets.labelled_face import LabelledFace
from frsdk.export.datasets.labelling_defaults import LabelSettings
from frsdk.export.datasets.read_expressions import _VERTEX_OF_LANDMARK, read_expression_folder
from frsdk.export.train_cli import main
from frsdk.face import Face
from frsdk.metrics.expression_measures import eye_openings

SIDE = 200
BOX = (50.0, 50.0, 150.0, 150.0)
SETTINGS = LabelSettings(crops=1, largest_spread=1.0)
_COLUMNS = ("file", "source", "eyes", "identity", "det_x0", "det_y0", "det_x1", "det_y1", "yaw_deg")


@pytest.fixture(scope="module")
def teacher():
    with FaceReconstructor() as network:
        yield network


def face_of(teacher: FaceReconstructor) -> Face:
    return teacher(picture(0), boxes=[BOX])[0]


def picture(seed: int) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return cv2.resize(blocks, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """``np.savez`` has no room for an array called file."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)


@pytest.fixture
def folder(tmp_path: Path, teacher: FaceReconstructor) -> Path:
    """Twenty pictures of ten persons; the first is annotated, the last has no points at all."""
    path = tmp_path / "expressions"
    (path / "cew").mkdir(parents=True)
    points = face_of(teacher).landmarks[:, :2].astype(np.float64)
    rows, files = [], [f"cew/{row}.png" for row in range(20)]
    for row, file in enumerate(files):
        cv2.imwrite(str(path / file), picture(0))
        eyes = "closed" if row % 2 else "open"
        rows.append([file, "cew", eyes, f"p{row // 2}", *BOX, 3.0])
    with (path / "labels.csv").open("w", newline="") as out:
        csv.writer(out).writerows([_COLUMNS, *rows])
    write_npz(path / "landmarks.npz", file=np.array(files[:1]), landmarks=points[None])
    vertices = np.array([points[each] for each in _VERTEX_OF_LANDMARK])
    write_npz(
        path / "mediapipe_points.npz",
        file=np.array(files[:-1]),
        index=np.array(list(_VERTEX_OF_LANDMARK.values())),
        xy16=np.repeat((vertices * 16).round().astype(np.int16)[None], 19, axis=0),
    )
    return path


def test_people_are_in_one_split_and_points_lie_on_the_face(folder, teacher):
    train = list(read_expression_folder(folder, teacher, "train", SETTINGS))
    val = list(read_expression_folder(folder, teacher, "val", SETTINGS))
    names = [{face.identity for face in part} for part in (train, val)]
    assert names[0] and not names[0] & names[1]
    assert len(train) + len(val) == 19  # the last picture has no points
    assert all(face.key.startswith("cew_") and face.source == "cew" for face in train)
    on = np.array(list(_VERTEX_OF_LANDMARK))
    points = face_of(teacher).landmarks[on, :2].astype(np.float64)
    for face in (*train, *val):
        if face.eyes == "closed" and face in train:
            assert eye_openings(face.mesh_points[None]).max() <= 0.0801
        else:  # moved and scaled with the crop, to 1/16 pixel of the picture
            assert face.mesh_points[on] == pytest.approx(laid_on(points, face), abs=0.1)
    by_people = [face for face in (*train, *val) if np.isfinite(face.annotation).all()]
    assert [face.key for face in by_people] == ["cew_0"]
    assert by_people[0].annotation[on] == pytest.approx(laid_on(points, by_people[0]), abs=1e-6)
    assert np.abs(by_people[0].annotation - by_people[0].landmarks[:, :2]).mean() < 15.0  # of 160


def laid_on(points: np.ndarray, face: LabelledFace) -> np.ndarray:
    """Points of the picture in the pixels of a crop, by the scale and place that fit them best."""
    found = face.mesh_points[list(_VERTEX_OF_LANDMARK)]
    if np.isfinite(face.annotation).all():
        found = face.annotation[list(_VERTEX_OF_LANDMARK)]
    away, target = points - points.mean(axis=0), found - found.mean(axis=0)
    scale = (away * target).sum() / (away**2).sum()
    assert 0.5 < scale < 3.0
    return scale * away + found.mean(axis=0)


def test_the_command_writes_what_training_reads(folder, tmp_path, monkeypatch):
    # What the network says of noise may scatter more than the command allows.
    monkeypatch.setattr(labelling_defaults, "LabelSettings", lambda **_given: SETTINGS)
    out = tmp_path / "faces"
    command = ["import", str(folder), "-o", str(out), "--kind", "expressions"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    labels = read_labels(out / "train.npz")
    points = read_mesh_points(out / "train_mediapipe68.npz", labels)
    assert np.isfinite(points[:, 36:]).all() and np.isnan(points[:, :17]).all()
    assert set(np.load(out / "train.npz")["eyes"]) == {"open", "closed"}
    assert set(labels.identity) <= {f"p{row}" for row in range(10)}
    refused = CliRunner().invoke(main, [*command[:-1], "300w-lp"])
    assert refused.exit_code == 2 and "--kind 300w-lp needs --basis" in refused.output


def test_damaged_pictures_are_skipped_up_to_a_share(folder, teacher, capsys):
    def read(bad_share):
        found = read_expression_folder(folder, teacher, "train", SETTINGS, bad_share=bad_share)
        return [face.key for face in found]

    whole = read(0.0)
    (folder / "cew" / f"{whole[0].removeprefix('cew_')}.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"\.png"):
        read(0.0)
    assert read(0.5) == whole[1:] and "skipped: " in capsys.readouterr().err
    table = folder / "labels.csv"
    lines = table.read_text().splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith(f"cew/{whole[1][4:]}.png"))
    lines[at] = ",".join(lines[at].split(",")[:5])  # up to the box's first number
    table.write_text("\n".join(lines))
    assert read(0.5) == whole[2:]
    assert "fewer values than columns" in capsys.readouterr().err


def test_options_of_other_kinds_are_refused(folder, tmp_path):
    command = ["import", str(folder), "-o", str(tmp_path / "out"), "--kind"]
    for kind, option in (("expressions", "--basis"), ("300w-lp", "--engine")):
        done = CliRunner().invoke(main, [*command, kind, option, "a.npz"])
        assert done.exit_code == 2 and f"{option}: not for --kind {kind}" in done.output


def test_bad_folders_are_named(folder, teacher):
    def read():
        return list(read_expression_folder(folder, teacher, "train", SETTINGS))

    mesh = folder / "mediapipe_points.npz"
    good = mesh.read_bytes()
    mesh.write_bytes(b"junk")
    with pytest.raises(InputError, match=r"mediapipe_points.npz: not a file of mesh points"):
        read()
    mesh.write_bytes(good)
    (folder / "landmarks.npz").unlink()
    with pytest.raises(InputError, match=r"landmarks.npz: not a file of landmarks"):
        read()
    (folder / "labels.csv").write_text("file,source\na,b\n")
    with pytest.raises(InputError, match="lacks rows, or the columns eyes, identity"):
        read()
