import os
import pickle

import numpy as np
import pytest
import torch

from frsdk import FaceReconstructor
from frsdk.errors import FaceModelError, InputError, SpecError
from frsdk.export.checkpoints.import_3ddfa_v2_network import import_3ddfa_network
from frsdk.export.checkpoints.onnx_export import export_onnx
from frsdk.export.datasets.face_labels import MARGIN, read_labels
from frsdk.export.datasets.whitening_file import read_whitening
from frsdk.export.facemodel import import_3ddfa_face_model as importers
from frsdk.export.training.validation_nme import predict
from frsdk.metrics.nme import nme_percent


def blocks(rng, n):
    return rng.normal(size=3 * n), rng.normal(size=(3 * n, 45)), rng.normal(size=(3 * n, 12))


def write_v2(folder, rng, n=90):
    mean, shape, expression = blocks(rng, n)
    keypoints = np.repeat(np.arange(68) * 3, 3) + np.tile(np.arange(3), 68)
    content = {"u": mean[:, None], "w_shp": shape, "w_exp": expression, "keypoints": keypoints}
    path = folder / "bfm_noneck_v3.pkl"
    path.write_bytes(pickle.dumps(content))
    triangles = folder / "tri.pkl"
    triangles.write_bytes(pickle.dumps(np.array([[0, 1], [1, 2], [2, 3]])))
    return path, triangles, content


def test_3ddfa_v2_shapes_follow_its_formula(tmp_path):
    rng = np.random.default_rng(0)
    path, triangles, content = write_v2(tmp_path, rng)
    model = importers.import_3ddfa_v2(path, triangles=triangles)
    alpha = rng.normal(size=50)
    wanted = content["u"][:, 0] + content["w_shp"][:, :40] @ alpha[:40]
    wanted = (wanted + content["w_exp"][:, :10] @ alpha[40:]).reshape(-1, 3)
    assert model.shape_from_coefficients(alpha[None])[0] == pytest.approx(wanted, abs=1e-3)
    assert model.landmark_indices.tolist() == list(range(68))
    assert model.triangles.tolist() == [[0, 1, 2], [1, 2, 3]]


def test_3ddfa_folder(tmp_path):
    rng = np.random.default_rng(1)
    mean, shape, expression = blocks(rng, 80)
    for name, array in {
        "u_shp": mean,
        "u_exp": np.ones_like(mean),
        "w_shp_sim": shape,
        "w_exp_sim": expression,
        "keypoints_sim": np.arange(68 * 3),
    }.items():
        np.save(tmp_path / f"{name}.npy", array)
    model = importers.import_3ddfa_folder(tmp_path)
    assert model.mean.reshape(-1) == pytest.approx(mean + 1, rel=1e-5)
    (tmp_path / "u_exp.npy").unlink()
    with pytest.raises(FaceModelError, match="u_exp"):
        importers.import_3ddfa_folder(tmp_path)


class _Evil:
    def __reduce__(self):
        return (os.system, ("true",))


def test_pickle_that_wants_code_is_refused(tmp_path):
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"u": _Evil()}))
    with pytest.raises(FaceModelError, match="only NumPy arrays"):
        importers.import_3ddfa_v2(path)
    path.write_bytes(pickle.dumps({"u": np.zeros(3)})[:20])
    with pytest.raises(FaceModelError, match="not a pickle of arrays"):
        importers.import_3ddfa_v2(path)


@pytest.mark.parametrize("names", [("param_mean", "param_std"), ("mean", "std")])
@pytest.mark.parametrize("kind", ["pkl", "npz"])
def test_whitening_of_either_project(tmp_path, names, kind):
    values = {name: np.arange(62.0) + k for k, name in enumerate(names)}
    path = tmp_path / f"whitening.{kind}"
    if kind == "pkl":
        path.write_bytes(pickle.dumps(values))
    else:
        np.savez(path, **values, u=np.zeros(3))
    mean, std = read_whitening(path)
    assert (mean == np.arange(62.0)).all() and (std == mean + 1).all()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (pickle.dumps({"mean": np.zeros(62)}), "lacks param_mean and param_std"),
        (pickle.dumps([1, 2]), "holds a list"),
        (pickle.dumps({"mean": np.zeros(3), "std": np.zeros(62)}), r"expected 62 .* got \(3,\)"),
        (pickle.dumps({"mean": _Evil(), "std": 1}), "only NumPy arrays"),
        (b"no pickle", "lacks param_mean"),
        (None, "No such file"),
    ],
)
def test_a_whitening_that_is_none(tmp_path, content, match):
    path = tmp_path / "whitening.pkl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_whitening(path)
    assert "\n" not in str(caught.value)


def test_weights_of_3ddfa_that_are_none(tmp_path):
    np.savez(tmp_path / "w.npz", mean=np.zeros(62), std=np.ones(62))
    for name, content in (("a.pth", b"PK\x03\x04"), ("a.npz", b"PK\x03\x04"), ("b.pth", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SpecError, match="not a") as caught:
            import_3ddfa_network(tmp_path / name, tmp_path / "w.npz", None)
        assert "\n" not in str(caught.value)
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"state_dict": {}}, tmp_path / "empty.pth")
    for name in ("list.pth", "empty.pth"):
        with pytest.raises(SpecError, match="not a 3DDFA_V2 MobileNetV1"):
            import_3ddfa_network(tmp_path / name, tmp_path / "w.npz", None)


def test_wrong_shapes_are_named(tmp_path):
    shape, expression = np.zeros((204, 39)), np.zeros((204, 10))
    np.savez(tmp_path / "b.npz", u=np.zeros(204), w_shp=shape, w_exp=expression)
    with pytest.raises(FaceModelError, match=r"shape: expected \(204, 40"):
        importers.import_sparse_3ddfa(tmp_path / "b.npz")


def test_teacher_imports_and_reproduces_its_landmarks(shared_data, tmp_path):
    """One pass on nominal crops is 0.91 % from the ensemble's labels at small yaw (data README)."""
    teacher = shared_data / "teacher"
    model = importers.import_sparse_3ddfa(teacher / "bfm68.npz")
    network, spec = import_3ddfa_network(teacher / "mb05_120x120.npz", teacher / "bfm68.npz", model)
    report = export_onnx(network, spec, tmp_path / "mb05.onnx")
    faces = shared_data / "faces"
    labels = read_labels(faces / "val.npz")
    from frsdk.export.augmentation.augment_crop import plain_crops
    from frsdk.export.datasets.stored_crops import load_crops

    crops = plain_crops(load_crops(faces, "val", labels))
    frontal = np.abs(labels.yaw_deg) <= 30
    predicted = predict(report.path, model, crops[frontal]) + MARGIN
    error = nme_percent(predicted, labels.landmarks[frontal, :, :2])
    assert error.mean() == pytest.approx(0.91, abs=0.02)

    # The same through the runtime, on a whole photograph.
    photo = load_crops(faces, "val", labels)[int(np.flatnonzero(frontal)[0])]
    with FaceReconstructor(engine=report.path, face_model=model) as reconstruct:
        (face,) = reconstruct(photo, rois=[[20, 20, 140, 140]])
    assert np.abs(face.landmarks[:, :2] - predicted[0]).max() < 0.05
