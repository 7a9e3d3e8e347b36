"""Arrays from .npy files and harmless pickles."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from frsdk.benchmarks.protocols.array_files import find_array, read_array, read_points
from frsdk.errors import InputError

VALUES = np.arange(12, dtype=np.float32).reshape(2, 2, 3)


class Evil:
    def __reduce__(self):
        return (os.system, ("true",))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_both_kinds_of_files_give_the_same(tmp_path, protocol: int) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "b.pkl").write_bytes(pickle.dumps(VALUES, protocol=protocol))
    (tmp_path / "c.pkl").write_bytes(pickle.dumps(VALUES.tolist(), protocol=protocol))
    for stem in "abc":
        found = read_array(find_array(tmp_path, stem), (None, 2, 3))
        assert found.dtype == np.float64
        assert np.array_equal(found, VALUES)
    assert find_array(tmp_path, "d") is None


def test_points_come_last(tmp_path) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    assert np.array_equal(read_points(tmp_path / "a.npy", 3), VALUES.transpose(0, 2, 1))
    np.save(tmp_path / "b.npy", np.zeros((5, 4, 3)))
    with pytest.raises(InputError, match=r"expected \(n, 2 or 3, 3\), got \(5, 4, 3\)"):
        read_points(tmp_path / "b.npy", 3)


def test_a_pickle_that_wants_code_is_refused(tmp_path) -> None:
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match="only NumPy arrays are read"):
        read_array(tmp_path / "evil.pkl", (None,))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.npy", b"", "not an array of numbers"),
        ("a.npy", b"not an array", "not an array of numbers"),
        ("a.pkl", pickle.dumps(VALUES)[:40], "not an array of numbers"),
        ("a.pkl", pickle.dumps({"a": 1}), "not an array of numbers"),
        ("a.pkl", pickle.dumps([[1.0, 2.0]]), r"expected an array \(n\), got \(1, 2\)"),
    ],
)
def test_damaged_files(tmp_path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_array(tmp_path / name, (None,))
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path) -> None:
    with pytest.raises(InputError, match="no such label file"):
        read_array(tmp_path / "a.npy", (None,))
