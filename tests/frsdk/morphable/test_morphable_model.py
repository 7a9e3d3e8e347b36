"""The morphable face model and its file."""

from __future__ import annotations

import dataclasses
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frsdk.errors import FaceModelError, InputError
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

ARRAYS = ("basis", "coefficient_std", "landmark_indices", "triangles", "uv", "mirror")
SIZE = 120


def fields(model: MorphableModel) -> dict[str, Any]:
    return {f.name: getattr(model, f.name) for f in dataclasses.fields(model) if f.init}


def random_params(n: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    params = random.normal(size=(n, 62))
    for row in params:
        rotation = rotation_from_angles(*random.uniform(-60, 60, 3)) * random.uniform(0.3, 0.8)
        translation = np.array([[60], [60], [0]]) + random.uniform(-20, 20, (3, 1))
        row[:12] = np.concatenate([rotation, translation], axis=1).reshape(-1)
    return params.astype(np.float32)


def test_decoding_is_the_formula_point_by_point(tiny_model: MorphableModel) -> None:
    params = random_params(3).astype(np.float64)
    basis = tiny_model.basis.astype(np.float64)
    decoded = tiny_model.decode_vertices(params, size=SIZE)
    assert decoded.shape == (3, tiny_model.n_vertices, 3)
    assert decoded.dtype == np.float32
    for row, points in zip(params, decoded, strict=True):
        matrix = row[:12].reshape(3, 4)
        for vertex in (0, 50, 168):
            columns = slice(3 * vertex, 3 * vertex + 3)
            point = basis[0, columns] + row[12:52] @ basis[1:41, columns]
            point = point + row[52:] @ basis[41:, columns]
            x, y, z = matrix[:, :3] @ point + matrix[:, 3]
            assert points[vertex] == pytest.approx((x, SIZE - 1 - y, z), abs=1e-3)


def test_landmarks_are_the_vertices_of_their_indices(tiny_model: MorphableModel) -> None:
    params = random_params(4)
    landmarks = tiny_model.decode_landmarks(params, size=SIZE)
    assert landmarks.shape == (4, 68, 3)
    vertices = tiny_model.decode_vertices(params, size=SIZE)
    assert np.allclose(landmarks, vertices[:, tiny_model.landmark_indices], atol=1e-3)
    assert tiny_model.landmark_basis.shape == (51, 204)
    assert tiny_model.landmark_basis.flags.c_contiguous


def test_a_batch_is_its_faces_one_by_one(tiny_model: MorphableModel) -> None:
    params = random_params(5)
    together = tiny_model.decode_vertices(params, size=SIZE)
    for row, points in zip(params, together, strict=True):
        assert np.allclose(tiny_model.decode_vertices(row[None], size=SIZE)[0], points, atol=1e-3)
    assert tiny_model.decode_vertices(params[:0], size=SIZE).shape == (0, 169, 3)


def test_writes_into_the_caller_s_array(tiny_model: MorphableModel) -> None:
    params = random_params(2)
    out = np.empty((2, 169, 3), np.float32)
    assert tiny_model.decode_vertices(params, size=SIZE, out=out) is out
    assert np.array_equal(out, tiny_model.decode_vertices(params, size=SIZE))
    for wrong in (out[:1], out.astype(np.float64)):
        with pytest.raises(InputError, match="expected out"):
            tiny_model.decode_vertices(params, size=SIZE, out=wrong)


def test_shapes_in_the_model_frame(tiny_model: MorphableModel) -> None:
    coefficients = np.zeros((2, 50))
    coefficients[1, 45] = 2.0
    shapes = tiny_model.shape_from_coefficients(coefficients)
    assert np.array_equal(shapes[0], tiny_model.mean)
    change = 2 * tiny_model.basis[46].reshape(-1, 3)
    assert np.allclose(shapes[1] - shapes[0], change, atol=1e-4)


@pytest.mark.parametrize("shape", [(62,), (2, 61), (1, 2, 62)])
def test_params_of_another_shape_are_refused(
    tiny_model: MorphableModel, shape: tuple[int, ...]
) -> None:
    for decode in (tiny_model.decode_vertices, tiny_model.decode_landmarks):
        with pytest.raises(InputError, match=r"expected params \(n, 62\)"):
            decode(np.zeros(shape, np.float32), size=SIZE)
    with pytest.raises(InputError, match=r"expected coefficients \(n, 50\)"):
        tiny_model.shape_from_coefficients(np.zeros(50, np.float32))


def test_arrays_are_copies_and_read_only(tiny_model: MorphableModel) -> None:
    values = fields(tiny_model)
    values["basis"] = values["basis"].copy()
    model = MorphableModel(**values)
    values["basis"][:] = 0
    assert model.basis.any()
    for name in (*ARRAYS, "landmark_basis", "mean"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(model, name)[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # type: ignore[misc]


def test_digest_follows_names_and_numbers_only(tiny_model: MorphableModel) -> None:
    values = fields(tiny_model)
    assert MorphableModel(**values).sha256 == tiny_model.sha256
    assert len(tiny_model.sha256) == 64
    assert MorphableModel(**{**values, "licence": "x", "source": "y"}).sha256 == tiny_model.sha256
    digests = {tiny_model.sha256, MorphableModel(**{**values, "name": "other"}).sha256}
    for name in ("basis", "coefficient_std", "uv"):
        changed = values[name].copy()
        changed.flat[7] += 0.25
        digests.add(MorphableModel(**{**values, name: changed}).sha256)
    digests.add(MorphableModel(**{**values, "triangles": values["triangles"][:-1]}).sha256)
    digests.add(MorphableModel(**{**values, "mirror": []}).sha256)
    assert len(digests) == 7


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


def test_a_model_of_landmarks_only(tiny_model: MorphableModel, tmp_path: Path) -> None:
    values = fields(tiny_model)
    values.update(triangles=np.empty((0, 3), int), uv=np.empty((0, 2)), mirror=[])
    model = MorphableModel(**values)
    model.save(tmp_path / "a.npz")
    again = MorphableModel.load(tmp_path / "a.npz")
    assert again.triangles.shape == (0, 3)
    assert (again.triangles.dtype, again.uv.dtype, again.mirror.dtype) == ("i4", "f4", "i4")
    assert again.sha256 == model.sha256


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


def test_built_in_model() -> None:
    model = builtin_face_model()
    assert model is builtin_face_model()
    assert len(model.triangles) > 0
    eyes = model.mean[model.landmark_indices[[36, 45]]]
    # x to the image's right, y up, z toward the camera; outer eye corners 90 apart.
    assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(90, rel=0.02)
    assert eyes[1, 0] > eyes[0, 0]
    nose, chin = model.mean[model.landmark_indices[[30, 8]]]
    assert nose[2] > eyes[:, 2].max()
    assert chin[1] < nose[1] < eyes[:, 1].min()
