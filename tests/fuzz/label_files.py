"""Small good files of numbers and labels, and their readers."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np


def pickles() -> list[bytes]:
    value = {"mean": np.arange(62, dtype=np.float32), "std": [np.ones((3, 4)), 1.5, "text"]}
    return [pickle.dumps(value, protocol) for protocol in (0, 2, 4, 5)]


def read_pickle(path: Path) -> object:
    from frsdk.storage.array_unpickler import read_array_pickle

    return read_array_pickle(path)


def arrays() -> list[bytes]:
    found = []
    for array in (np.zeros((5, 62), np.float32), np.asfortranarray(np.ones((4, 3)))):
        buffer = io.BytesIO()
        np.save(buffer, array)
        found.append(buffer.getvalue())
    return found


def read_arrays(path: Path) -> object:
    from frsdk.benchmarks.protocols.array_files import read_array

    return read_array(path, (None, None))


def mats() -> list[bytes]:
    import scipy.io

    label = {"Pose_Para": np.zeros((1, 7)), "Shape_Para": np.zeros((199, 1)),
             "Exp_Para": np.zeros((29, 1)), "pt3d_68": np.ones((3, 68))}  # fmt: skip
    found = []
    for compressed in (False, True):
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, label, do_compression=compressed)
        found.append(buffer.getvalue())
    return found


def read_mat(path: Path) -> object:
    from frsdk.benchmarks.protocols.mat_labels import read_mat_label

    return read_mat_label(path)


def points() -> list[bytes]:
    lines = ["version: 1", "n_points: 68", "{", *(f"{i}.5 {i}.25" for i in range(68)), "}"]
    return ["\n".join(lines).encode()]


def read_points(path: Path) -> object:
    from frsdk.benchmarks.protocols.landmark_files import read_pts

    return read_pts(path)


def landmark_json() -> list[bytes]:
    points = np.arange(136.0).reshape(68, 2).tolist()
    return [json.dumps({"a.jpg": points, "b.jpg": {"landmarks": points, "yaw_deg": 3.0}}).encode()]


def read_landmark_json(path: Path) -> object:
    from frsdk.benchmarks.protocols.landmark_files import read_json

    return read_json(path)
