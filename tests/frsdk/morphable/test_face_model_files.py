"""Face-model files: what is saved comes back, and every damage is named."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frsdk.errors import FaceModelError
from frsdk.morphable.morphable_model import MorphableModel

from .face_model_fields import ARRAYS, fields


def test_saved_and_loaded_is_the_same(tiny_model: MorphableModel, tmp_path: Path) -> None:
    path = tmp_path / "face.npz"
    tiny_model.save(path)
    again = MorphableModel.load(path)
    for name in (*ARRAYS, "name", "licence", "units", "sha256", "landmark_basis"):
        assert np.array_equal(getattr(again, name), getattr(tiny_model, name)), name
    assert again.source == str(path)


def test_any_text_that_is_saved_is_loaded(tiny_model: MorphableModel, tmp_path: Path) -> None:
    texts = {"name": "Größe", "licence": "MIT\nline two\u00a0", "units": ""}
    MorphableModel(**{**fields(tiny_model), **texts}).save(tmp_path / "a.npz")
    again = MorphableModel.load(tmp_path / "a.npz")
    assert {name: getattr(again, name) for name in texts} == texts


def test_equal_models_give_equal_bytes(tiny_model: MorphableModel, tmp_path: Path) -> None:
    tiny_model.save(tmp_path / "a.npz")
    MorphableModel.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("basis", np.zeros((50, 507), np.float32)),
        ("basis", np.zeros((51, 508), np.float32)),
        ("basis", np.zeros((51, 0), np.float32)),
        ("basis", np.zeros((51, 507), np.int32)),
        ("basis", np.zeros((51, 507), complex)),
        ("basis", np.full((51, 507), np.nan, np.float32)),
        ("basis", np.full((51, 507), 1e300)),
        ("coefficient_std", np.ones(49)),
        ("coefficient_std", np.zeros(50)),
        ("landmark_indices", np.arange(67)),
        ("landmark_indices", np.arange(68) - 1),
        ("landmark_indices", np.arange(68) + 102),
        ("landmark_indices", np.arange(68.0)),
        ("triangles", np.zeros((4, 4), int)),
        ("triangles", np.full((4, 3), 2**32)),  # would be vertex 0 as int32
        ("triangles", np.array(3)),
        ("uv", np.zeros((168, 2))),
        ("uv", np.full((169, 2), np.inf)),
        ("mirror", np.arange(168)),
        ("mirror", np.zeros(169, int)),
    ],
)
def test_wrong_arrays_are_named_in_memory_and_in_files(
    tiny_model: MorphableModel, tmp_path: Path, name: str, value: np.ndarray
) -> None:
    with pytest.raises(FaceModelError, match=f"tiny-face: field {name}: expected"):
        MorphableModel(**{**fields(tiny_model), name: value})
    path = tmp_path / "face.npz"
    tiny_model.save(path)
    with np.load(path) as file:
        content = {**file, name: value}
    np.savez(path, **content)
    message = refusal(path)
    assert f"field {name}: expected" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", np.array(["a", "b"])),
        ("licence", np.zeros((400, 400))),
        ("units", np.array(b"mm")),
    ],
)
def test_wrong_texts_are_named(saved: Path, tmp_path: Path, name: str, value: np.ndarray) -> None:
    path = tmp_path / "face.npz"
    with np.load(saved) as file:
        np.savez(path, **{**file, name: value})
    assert f"field {name}: expected" in refusal(path)


def refusal(path: Path) -> str:
    with pytest.raises(FaceModelError) as caught:
        MorphableModel.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_files_that_are_no_face_models(tiny_model: MorphableModel, tmp_path: Path) -> None:
    assert "no such face-model file" in refusal(tmp_path / "absent.npz")
    assert "no such face-model file" in refusal(tmp_path)
    path = tmp_path / "face.npz"
    for content in (b"", b"not an archive", pickle.dumps({"basis": 1})):
        path.write_bytes(content)
        assert "damaged or not a face-model file" in refusal(path)
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    path.write_bytes(buffer.getvalue())
    assert "a single array" in refusal(path)
    np.savez(path, basis=np.zeros((51, 3)))
    assert "coefficient_std" in refusal(path)


class Bomb:
    """Would write a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_pickled_arrays_are_not_executed(tiny_model: MorphableModel, tmp_path: Path) -> None:
    path, trace = tmp_path / "face.npz", tmp_path / "trace"
    tiny_model.save(path)
    with np.load(path) as file:
        content = dict(file)
    for name in ("basis", "name"):
        np.savez(path, **{**content, name: np.array([Bomb(trace)], object)})
        assert "allow_pickle" in refusal(path)
    assert not trace.exists()


@pytest.fixture(scope="module")
def saved(tiny_model: MorphableModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("face") / "face.npz"
    tiny_model.save(path)
    return path


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_truncated_files(saved: Path, tmp_path: Path, share: float) -> None:
    content = saved.read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(content[: int(share * len(content))])
    assert "fetch it again" in refusal(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_altered_files_are_refused_or_the_same(
    tiny_model: MorphableModel, saved: Path, data: st.DataObject
) -> None:
    content = bytearray(saved.read_bytes())
    near_end = st.integers(len(content) - 900, len(content) - 1)  # the archive's directory
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, 300) | near_end | st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = saved.parent / "altered.npz"
    path.write_bytes(content)
    try:
        again = MorphableModel.load(path)
    except FaceModelError as error:
        assert "\n" not in str(error)
    else:
        assert again.sha256 == tiny_model.sha256
