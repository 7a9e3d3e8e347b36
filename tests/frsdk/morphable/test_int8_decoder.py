import dataclasses
import threading

import numpy as np
import pytest

from frsdk import FaceReconstructor, builtin_face_model
from frsdk.errors import FaceModelError, InputError
from frsdk.morphable.int8_basis import LARGEST_ERROR, face_size, integer_basis
from frsdk.morphable.int8_decoder import IntegerDecoder


@pytest.fixture(scope="module")
def decoder():
    return IntegerDecoder(builtin_face_model())


def drawn(n, seed=7):
    coefficients = np.random.default_rng(seed).normal(size=(n, 50)).astype(np.float32)
    poses = np.tile(np.eye(3, 4, dtype=np.float32), (n, 1, 1))
    return coefficients, poses


def test_error_stays_below_the_bound_on_other_faces_than_it_was_measured_on(decoder):
    model = builtin_face_model()
    coefficients, poses = drawn(40)
    exact = model.decode_posed(coefficients, poses)
    rounded = decoder.decode_posed(coefficients, poses)
    distance = np.linalg.norm(exact - rounded, axis=2).max() / face_size(model)
    assert 0.0 < distance < LARGEST_ERROR
    assert decoder.error < LARGEST_ERROR
    assert distance == pytest.approx(decoder.error, rel=0.5)


def test_mean_and_pose_are_exact(decoder):
    model = builtin_face_model()
    poses = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float32)
    coefficients = np.zeros((1, 50), np.float32)
    np.testing.assert_array_equal(
        decoder.decode_posed(coefficients, poses), model.decode_posed(coefficients, poses)
    )


def test_a_face_does_not_depend_on_its_batch_and_lands_in_the_buffer(decoder):
    coefficients, poses = drawn(6)
    out = np.empty((6, builtin_face_model().n_vertices, 3), np.float32)
    assert decoder.decode_posed(coefficients, poses, out=out) is out
    for index in range(6):
        one = decoder.decode_posed(coefficients[index : index + 1], poses[index : index + 1])
        np.testing.assert_array_equal(out[index], one[0])


def test_threads_do_not_disturb_each_other(decoder):
    coefficients, poses = drawn(8)
    wanted = decoder.decode_posed(coefficients, poses)
    wrong = []

    def work(index):
        for _ in range(10):
            one = decoder.decode_posed(coefficients[index : index + 1], poses[index : index + 1])
            if not np.array_equal(one[0], wanted[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_coefficients_in_another_unit_give_the_same_faces(tiny_model):
    std = np.geomspace(1e4, 1e6, 50).astype(np.float32)
    basis = tiny_model.basis.copy()
    basis[1:] /= 50 * std[:, None]  # modes of a fiftieth, so that 8 bits are enough
    small = tiny_model.basis.copy()
    small[1:] /= 50
    raw = dataclasses.replace(tiny_model, basis=basis, coefficient_std=std)
    unit = dataclasses.replace(tiny_model, basis=small)
    coefficients, poses = drawn(2)
    np.testing.assert_allclose(
        IntegerDecoder(raw).decode_posed(coefficients * std, poses),
        IntegerDecoder(unit).decode_posed(coefficients, poses),
        atol=1e-3,
    )


def test_a_model_that_8_bits_do_not_hold_is_refused(tiny_model):
    with pytest.raises(FaceModelError, match="8 bits would move vertices"):
        integer_basis(tiny_model)  # every vertex moves by a tenth of the face in 50 ways


def test_wrong_shapes_are_refused(decoder):
    with pytest.raises(InputError, match=r"expected coefficients \(n, 50\)"):
        decoder.decode_posed(np.zeros((1, 62)), np.zeros((1, 3, 4), np.float32))


def test_reconstructor_takes_the_precision():
    image = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    roi = [20, 20, 180, 180]
    with FaceReconstructor(vertex_precision="int8") as reconstruct:
        (rounded,) = reconstruct(image, rois=[roi])
    with FaceReconstructor() as reconstruct:
        (exact,) = reconstruct(image, rois=[roi])
    np.testing.assert_array_equal(exact.landmarks, rounded.landmarks)
    distance = np.linalg.norm(exact.vertices - rounded.vertices, axis=1).max()
    assert 0.0 < distance / exact.roi.side < LARGEST_ERROR
    with pytest.raises(InputError, match="'fp32' or 'int8', got 'fp16'"):
        FaceReconstructor(vertex_precision="fp16")
