"""Other systems' landmarks from files."""

import json

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.read_predictions import prediction_files, read_predictions
from frsdk.errors import InputError

POINTS = np.random.default_rng(0).uniform(0, 100, (3, 68, 2))
NAMES = ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.parametrize(("name", "points"), [("name", "landmarks"), ("key", "lmk68")])
def test_npz_in_any_order_with_depth_and_with_lost_faces(tmp_path, name, points):
    deep = np.concatenate([POINTS, np.ones((3, 68, 1))], axis=2)[::-1].copy()
    deep[0] = np.nan
    np.savez(tmp_path / "x.npz", **{name: np.array(NAMES[::-1]), points: deep})
    found = read_predictions(tmp_path / "x.npz", [*NAMES, "d.jpg"])
    assert found[:2] == pytest.approx(POINTS[:2])
    assert np.isnan(found[2:]).all()


def test_json_with_lost_faces(tmp_path):
    third = {"landmarks": POINTS[2].tolist()}
    content = {"a.jpg": POINTS[0].tolist(), "b.jpg": None, "c.jpg": third}
    (tmp_path / "x.json").write_text(json.dumps(content))
    found = read_predictions(tmp_path / "x.json", NAMES)
    assert found[[0, 2]] == pytest.approx(POINTS[[0, 2]])
    assert np.isnan(found[1]).all()


def test_names_of_files(tmp_path):
    path = tmp_path / "mediapipe.json"
    path.write_text("{}")
    named, plain = prediction_files([f"Google={path}", str(path)])
    assert (named.name, plain.name) == ("Google", "mediapipe")
    with pytest.raises(InputError, match="no such file of landmarks"):
        prediction_files(["x=y.npz"])
    with pytest.raises(InputError, match=r"give NAME=FILE.npz or .json"):
        prediction_files([str(tmp_path)])


def test_signs_in_paths_and_repeated_names(tmp_path):
    folder = tmp_path / "lr=0.1"
    folder.mkdir()
    path = folder / "p1.npz"
    np.savez(path, name=np.array(NAMES), points=POINTS)
    plain, named = prediction_files([str(path), f"mine={path}"])
    assert (plain.name, named.name, named.path) == ("p1", "mine", path)
    with pytest.raises(InputError, match="two are called p1"):
        prediction_files([str(path), str(path)])
    with pytest.raises(InputError, match="two are called builtin"):
        prediction_files([f"Builtin={path}"], ["builtin"])


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "x.json"
    for text, message in (
        ("[1]", "expected an object"),
        ("{", "not a readable JSON file"),
        ('{"a.jpg": [[1, 2]]}', r"a.jpg: expected \(68, 2\) landmarks, got \(1, 2\)"),
        ('{"a.jpg": "x"}', "a.jpg: not a list of points"),
        ("{}", "names none of the 3 pictures: expected names such as a.jpg"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_predictions(path, NAMES)
    np.savez(tmp_path / "x.npz", name=np.array(NAMES), points=POINTS[:2])
    with pytest.raises(InputError, match="as many names"):
        read_predictions(tmp_path / "x.npz", NAMES)
    (tmp_path / "x.npz").write_bytes(b"junk")
    with pytest.raises(InputError, match="not a file of landmarks"):
        read_predictions(tmp_path / "x.npz", NAMES)
