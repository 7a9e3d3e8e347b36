import numpy as np
import pytest

from frsdk import Roi, dense_vertices
from frsdk.errors import InputError
from frsdk.face import face_from_params
from frsdk.imaging.roi import image_from_crop_points
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.morphable.vertex_decoding import crop_poses, decode_points, image_poses


def random_params(n):
    random = np.random.default_rng(n)
    params = random.normal(size=(n, 62)).astype(np.float32)
    params[:, [3, 7]] += 59.5
    return params


def reference(model, params, size):
    """Eq. 2 in float64, face by face."""
    shapes = model.basis[0] + params[:, 12:].astype(np.float64) @ model.basis[1:]
    points = []
    for shape, row in zip(shapes.reshape(len(params), -1, 3), params, strict=True):
        pose = row[:12].reshape(3, 4).astype(np.float64)
        moved = shape @ pose[:, :3].T + pose[:, 3]
        moved[:, 1] = size - 1 - moved[:, 1]
        points.append(moved)
    return np.array(points)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 20])
def test_all_batch_sizes_equal_the_formula(tiny_model, n, monkeypatch):
    monkeypatch.setattr(
        "frsdk.morphable.vertex_decoding._BLOCK_POINTS", 50
    )  # 169 points: the last block is short
    monkeypatch.setattr("frsdk.morphable.vertex_decoding._FEW_POINTS", 68)
    params = random_params(n)
    found = tiny_model.decode_vertices(params, size=120)
    np.testing.assert_allclose(found, reference(tiny_model, params, 120), atol=2e-3)


@pytest.mark.parametrize("n", [2, 7, 8, 40])
def test_no_bit_of_landmarks_depends_on_the_other_faces(n):
    model = builtin_face_model()
    params = np.random.default_rng(n).normal(size=(n, 62)).astype(np.float32)
    together = model.decode_landmarks(params, size=120)
    alone = [model.decode_landmarks(params[i : i + 1], size=120)[0] for i in range(n)]
    np.testing.assert_array_equal(together, alone)


def test_no_face_gives_no_points(tiny_model):
    assert tiny_model.decode_vertices(np.zeros((0, 62)), size=120).shape == (0, 169, 3)


@pytest.mark.parametrize("n", [1, 9])
def test_points_land_in_the_caller_s_buffer(tiny_model, n):
    params = random_params(n)
    buffer = np.full((n + 2, 169, 3), 7.0, np.float32)
    found = tiny_model.decode_vertices(params, size=120, out=buffer[1 : n + 1])
    assert np.shares_memory(found, buffer)
    np.testing.assert_array_equal(buffer[1 : n + 1], tiny_model.decode_vertices(params, size=120))
    assert (buffer[[0, -1]] == 7.0).all()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.empty((2, 169, 3), np.float32), r"expected out \(1, 169, 3\)"),
        (np.empty((1, 169, 3)), "float64"),
        (np.empty((1, 169, 6), np.float32)[..., ::2], "C-contiguous"),
        (np.broadcast_to(np.float32(0), (1, 169, 3)), "writable"),
    ],
)
def test_unusable_buffers_are_refused(tiny_model, out, message):
    with pytest.raises(InputError, match=message):
        tiny_model.decode_vertices(random_params(1), size=120, out=out)


def test_image_poses_equal_two_steps(tiny_model):
    params = random_params(3)
    rois = [Roi(10.0, -5.0, 300.0), Roi(2000.5, 900.25, 64.0, 20.0), Roi(0.0, 0.0, 120.0)]
    poses = image_poses(params, rois, 120)
    found = decode_points(tiny_model.basis, params[:, 12:], poses)
    in_crop = decode_points(tiny_model.basis, params[:, 12:], crop_poses(params, 120))
    for points, crop_points, roi in zip(found, in_crop, rois, strict=True):
        np.testing.assert_allclose(
            points, image_from_crop_points(crop_points, roi, 120), atol=3e-3, rtol=1e-5
        )


def face_of(model, params, roi):
    points = model.decode_landmarks(params[None], size=120)[0]
    return face_from_params(
        params, points, roi=roi, box_xyxy=None, score=1.0, face_model=model, crop_size=120
    )


def test_many_faces_equal_each_face(tiny_model):
    params = random_params(9)
    faces = [face_of(tiny_model, row, Roi(i, 2.0 * i, 100.0 + i)) for i, row in enumerate(params)]
    out = np.empty((9, 169, 3), np.float32)
    assert dense_vertices(faces, out=out) is out
    for face, vertices in zip(faces, out, strict=True):
        np.testing.assert_allclose(face.vertices, vertices, atol=2e-3)


def test_faces_of_no_or_several_models_are_refused(tiny_model):
    from frsdk import builtin_face_model

    with pytest.raises(InputError, match="at least one face"):
        dense_vertices([])
    params, roi = random_params(1)[0], Roi(0.0, 0.0, 120.0)
    faces = [face_of(model, params, roi) for model in (tiny_model, builtin_face_model())]
    with pytest.raises(InputError, match="one face model"):
        dense_vertices(faces)


def test_vertices_of_an_engine_are_kept_in_image_pixels(tiny_model):
    face = face_of(tiny_model, random_params(1)[0], Roi(30.0, 40.0, 240.0))
    crop_points = np.random.default_rng(0).uniform(0, 119, (169, 3)).astype(np.float32)
    face.keep_vertices(crop_points)
    wanted = image_from_crop_points(crop_points, face.roi, 120)
    np.testing.assert_allclose(face.vertices, wanted, atol=1e-3)
    assert not face.vertices.flags.writeable
