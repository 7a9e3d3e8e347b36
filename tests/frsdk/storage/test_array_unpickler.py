"""Pickles of arrays: all that NumPy writes is read, and nothing else."""

from __future__ import annotations

import pickle
import pickletools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.storage.array_unpickler import PickleError, read_array_pickle

ARRAYS = [
    np.arange(12.0).reshape(3, 4),
    np.asfortranarray(np.arange(12, dtype=np.int32).reshape(3, 4)),
    np.arange(5, dtype=">f4"),
    np.zeros((0, 3), np.float16),
    np.array([True, False]),
    np.array(3.5),
]


def written(path: Path, value: object, protocol: int) -> Path:
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", range(2, 6))
def test_what_numpy_writes_is_read(tmp_path: Path, protocol: int) -> None:
    content = {"arrays": ARRAYS, "scalar": np.float32(1.5), "text": "a", 3: (1, None, b"x")}
    found = read_array_pickle(written(tmp_path / "a.pkl", content, protocol))
    assert (found["scalar"], found["text"], found[3]) == (1.5, "a", (1, None, b"x"))
    for got, wanted in zip(found["arrays"], ARRAYS, strict=True):
        assert got.dtype == wanted.dtype and got.shape == wanted.shape
        np.testing.assert_array_equal(got, wanted)
        assert got.flags.writeable and got.flags.owndata


def test_numpy_s_older_names_and_python_2(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pkl", np.arange(4.0), 2)
    old = path.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    path.write_bytes(old)
    np.testing.assert_array_equal(read_array_pickle(path), np.arange(4.0))
    # Python 2 wrote the bytes as a text, which `_codecs.encode` above stands for.
    raw = np.arange(2.0).tobytes()
    text = b"U" + bytes([len(raw)]) + raw
    path.write_bytes(
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89" + text + b"tb."
    )
    np.testing.assert_array_equal(read_array_pickle(path), np.arange(2.0))


class _Reduced:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def object_array() -> Any:
    """Pointers from the file: NumPy's own unpickling follows them."""
    kind = _Reduced(np.dtype, ("O", False, True), (3, "|", None, None, None, 8, 8, 0))
    rebuild = np.zeros(0).__reduce__()[0]
    return _Reduced(rebuild, (np.ndarray, (0,), b"b"), (1, (2,), kind, False, b"A" * 16))


def flagged_array() -> Any:
    """A number type that says it holds objects."""
    kind = _Reduced(np.dtype, ("f8", False, True), (3, "<", None, None, None, 8, 8, 63))
    rebuild = np.zeros(0).__reduce__()[0]
    return _Reduced(rebuild, (np.ndarray, (0,), b"b"), (1, (2,), kind, False, b"A" * 16))


def test_pointers_are_not_followed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pkl", object_array(), 2)
    assert "_reconstruct" in "".join(
        str(arg) for _, arg, _ in pickletools.genops(path.read_bytes())
    )
    with pytest.raises(PickleError, match="an array of 'O': only numbers are read"):
        read_array_pickle(path)
    found = read_array_pickle(written(path, flagged_array(), 2))
    assert found.dtype == np.dtype("<f8") and found.tobytes() == b"A" * 16


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (_Reduced(print, ("x",)), "wants __builtin__.print, only NumPy arrays are read"),
        (np.array(["a"]), "only numbers are read"),
        (np.array([None]), "an array of 'O8'|an array of 'O'"),
        (np.ndarray, "a function|wants|a str"),
        (np.zeros(2, [("a", "f4")]), "only numbers are read"),
    ],
)
def test_other_things_are_refused(tmp_path: Path, value: object, match: str) -> None:
    path = written(tmp_path / "a.pkl", [value], 2)
    if value is np.ndarray:  # a name alone does nothing
        assert read_array_pickle(path) == ["ndarray"]
        return
    with pytest.raises(PickleError, match=match) as caught:
        read_array_pickle(path)
    assert "\n" not in str(caught.value)


def test_damage_is_one_line(tmp_path: Path) -> None:
    whole = pickle.dumps({"a": np.arange(50.0)}, protocol=4)
    path = tmp_path / "a.pkl"
    for content in (b"", b"\x00", whole[:30], whole[:-40], b"no pickle at all", b"(" * 9):
        path.write_bytes(content)
        with pytest.raises(PickleError) as caught:
            read_array_pickle(path)
        assert str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(PickleError, match="No such file"):
        read_array_pickle(tmp_path / "none.pkl")
    path.write_bytes(b"\x80\x02" + b"](" * 5000 + b"e" * 5000 + b".")
    with pytest.raises(PickleError):
        read_array_pickle(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x80\x02]r\xff\xff\xff\x7f.", "[]"),  # an empty list, kept as object 2^31 - 1
        (b"\x80\x05\x96\0\0\0\0\x01\0\0\0abc.", "PickleError"),  # 4 GiB of bytes, 3 of them there
    ],
)
def test_a_number_alone_takes_no_memory(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(content)
    command = (
        "import pathlib, resource\n"
        "from frsdk.storage.array_unpickler import read_array_pickle\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        f"print(read_array_pickle(pathlib.Path({str(path)!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert said in (done.stdout or done.stderr) and "MemoryError" not in done.stderr
