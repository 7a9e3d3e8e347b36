"""Faces and reconstructors that go to another process."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import frsdk
from frsdk import Face, FaceReconstructor, MorphableModel, builtin_face_model, dense_vertices
from frsdk.errors import BackendError, FaceModelError
from frsdk.morphable import registered_models

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")

PHOTO = np.random.default_rng(0).integers(0, 256, (200, 220, 3), dtype=np.uint8)
ROIS = [[10, 20, 130, 140], [60, 30, 200, 170]]


def faces_of(reconstruct: FaceReconstructor) -> list[Face]:
    return reconstruct(PHOTO, rois=ROIS)


@pytest.fixture(scope="module")
def builtin_faces() -> list[Face]:
    with FaceReconstructor() as reconstruct:
        return faces_of(reconstruct)


def test_a_pickled_face_is_its_numbers(builtin_faces: list[Face]) -> None:
    face = builtin_faces[0]
    vertices = face.vertices
    content = pickle.dumps(face)
    assert len(content) < 5000
    again = pickle.loads(content)
    assert again.face_model is builtin_face_model()
    for name in ("params", "landmarks", "box"):
        assert np.array_equal(getattr(again, name), getattr(face, name)), name
        assert not getattr(again, name).flags.writeable, name
    assert not again.pose.rotation.flags.writeable
    assert np.array_equal(again.vertices, vertices)
    assert again.to_dict() == face.to_dict()
    assert (again.roi, again.score, again.presence) == (face.roi, face.score, face.presence)


def test_faces_that_travelled_are_decoded_together(builtin_faces: list[Face]) -> None:
    travelled = [pickle.loads(pickle.dumps(face)) for face in builtin_faces]
    assert np.array_equal(dense_vertices(travelled), dense_vertices(builtin_faces))


def test_the_8_bit_decoder_is_found_again() -> None:
    with FaceReconstructor(vertex_precision="int8") as reconstruct:
        face, other = faces_of(reconstruct)
    again, second = pickle.loads(pickle.dumps([face, other]))
    assert np.array_equal(again.vertices, face.vertices)
    assert np.array_equal(pickle.loads(pickle.dumps(again)).vertices, face.vertices)
    assert np.array_equal(dense_vertices([again, second]), dense_vertices([face, other]))


def test_another_face_model_is_asked_for_by_name(
    tiny_onnx: Path, tiny_model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaceReconstructor(engine=tiny_onnx, face_model=tiny_model) as reconstruct:
        face, _ = faces_of(reconstruct)
    content = pickle.dumps(face)
    assert pickle.loads(content).face_model is tiny_model  # the reconstructor registered it
    monkeypatch.setattr(registered_models, "_MODELS", {})
    again = pickle.loads(content)
    assert again.to_dict() == face.to_dict()  # all but the surface needs no model
    with pytest.raises(FaceModelError, match=r"tiny-face .* frsdk\.register_face_model") as caught:
        _ = again.vertices
    assert "\n" not in str(caught.value)
    frsdk.register_face_model(pickle.loads(pickle.dumps(tiny_model)))
    assert np.array_equal(again.vertices, face.vertices)
    assert np.array_equal(dense_vertices([face, again])[0], face.vertices)  # by digest


def test_a_copy_is_the_face(builtin_faces: list[Face]) -> None:
    face = builtin_faces[0]
    assert copy.copy(face) is face and copy.deepcopy([face])[0] is face


def test_a_face_model_is_read_only_again(tiny_model: MorphableModel) -> None:
    again = pickle.loads(pickle.dumps(tiny_model))
    assert again.sha256 == tiny_model.sha256
    assert not again.basis.flags.writeable and not again.landmark_basis.flags.writeable
    assert pickle.loads(pickle.dumps(builtin_face_model())) is builtin_face_model()
    assert len(pickle.dumps(builtin_face_model())) < 200


def test_a_reconstructor_travels_as_its_options(builtin_faces: list[Face]) -> None:
    with FaceReconstructor(max_faces=3, threads=2) as reconstruct:
        content = pickle.dumps(reconstruct)
        assert len(content) < 1000
        with pytest.raises(BackendError, match="an open engine cannot be pickled: pass its path"):
            pickle.dumps(reconstruct.backend)
    with pickle.loads(content) as again:
        assert (again._max_faces, again._threads) == (3, 2)
        assert np.array_equal(faces_of(again)[0].params, builtin_faces[0].params)


def test_a_pool_of_spawned_processes(builtin_faces: list[Face]) -> None:
    with (
        FaceReconstructor() as reconstruct,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        (found,) = pool.map(reconstruct, [PHOTO], chunksize=1)
        assert isinstance(found, list)
        faces = pool.submit(reconstruct, PHOTO, rois=ROIS).result()
    assert np.array_equal(faces[1].params, builtin_faces[1].params)
    assert faces[0].face_model is builtin_face_model()


def test_200_results_hold_one_face_model(builtin_faces: list[Face], tmp_path: Path) -> None:
    path = tmp_path / "faces.pickle"
    path.write_bytes(pickle.dumps([pickle.dumps(builtin_faces[0])] * 200))
    assert path.stat().st_size < 1_000_000
    code = (
        "import pickle, sys, pathlib\n"
        "parts = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "faces = [pickle.loads(part) for part in parts]\n"
        "models = {id(face.face_model) for face in faces}\n"
        "print(len(faces), len(models), 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stdout == "200 1 False\n", done.stderr
