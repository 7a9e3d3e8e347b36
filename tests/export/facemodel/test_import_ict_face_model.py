"""ICT-FaceKit's face model, from its folder and from an archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import FaceModelError, SpecError
from frsdk.export.cli import main
from frsdk.export.facemodel.import_ict_face_model import import_ict
from frsdk.morphable.face_model_match import fits, reference_to
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor

N_VERTICES = 6471  # as many as the landmarks need
QUAD, TRIANGLE = (874, 12, 871, 873), (1, 2, 3)


@pytest.fixture(scope="module")
def meshes() -> dict[str, np.ndarray]:
    """Seeded displacements of 41 identity modes and 11 expression shapes."""
    rng = np.random.default_rng(0)
    scale = np.linspace(2.0, 1.0, 41)[:, None, None]
    return {
        "neutral": rng.normal(size=(N_VERTICES, 3)) * 8,
        "identity": rng.normal(size=(41, N_VERTICES, 3)) * scale,
        "expression": rng.normal(size=(11, N_VERTICES, 3)) * scale[:11],
    }


def write_obj(path: Path, vertices: np.ndarray) -> None:
    lines = ["mtllib x.mtl", *(f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in vertices)]
    lines += ["", "vt 0.5 0.5", "g face"]
    lines += ["f " + " ".join(f"{index}/1/1" for index in face) for face in (QUAD, TRIANGLE)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(meshes, tmp_path_factory) -> Path:
    """The repository's folder FaceXModel with these meshes."""
    folder = tmp_path_factory.mktemp("ict") / "FaceXModel"
    folder.mkdir()
    write_obj(folder / "generic_neutral_mesh.obj", meshes["neutral"])
    for kind, name in (("identity", "identity{:03d}"), ("expression", "browDown{}_L")):
        for index, displacement in enumerate(meshes[kind]):
            write_obj(folder / f"{name.format(index)}.obj", meshes["neutral"] + displacement)
    return folder


def test_folder_and_archive_give_one_model(meshes, folder, tmp_path) -> None:
    triangles = np.array([[873, 11, 870], [873, 870, 872], [0, 1, 2]], np.int32)
    np.savez(tmp_path / "ict.npz", **meshes, faces=triangles)
    archived = import_ict(tmp_path / "ict.npz")
    done = CliRunner().invoke(
        main, ["facemodel", "import", str(folder), "--kind", "ict", "-o", str(tmp_path / "m.npz")]
    )
    assert done.exit_code == 0, done.output
    model = MorphableModel.load(tmp_path / "m.npz")
    assert fits(model, reference_to(archived))
    assert (model.triangles == triangles).all() and (archived.triangles == triangles).all()
    assert model.n_vertices == N_VERTICES and model.landmark_indices[51] == 0
    np.testing.assert_allclose(model.basis, archived.basis, atol=1e-4)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("neutral", "lacks generic_neutral_mesh.obj: give the folder FaceXModel"),
        ("count", "identity003.obj: 6470 vertices, generic_neutral_mesh.obj has 6471"),
        ("number", "identity003.obj: a vertex is not three numbers"),
        ("pairs", "identity003.obj: a vertex is not three numbers"),
        ("few", "9 expression shapes: expected at least 10"),
        ("small", "9 vertices: not the ICT Face Model"),
    ],
)
def test_damaged_folders_are_named(damage, match, meshes, folder, tmp_path) -> None:
    copy = tmp_path / "FaceXModel"
    copy.mkdir()
    for path in folder.glob("*.obj"):
        (copy / path.name).symlink_to(path)
    victim = copy / "identity003.obj"
    if damage == "neutral":
        (copy / "generic_neutral_mesh.obj").unlink()
    elif damage == "few":
        for index in (0, 1):
            (copy / f"browDown{index}_L.obj").unlink()
    elif damage == "small":
        for path in list(copy.iterdir()):
            path.unlink()
            write_obj(path, np.ones((9, 3)))
    else:
        victim.unlink()
        write_obj(victim, meshes["neutral"][:-1])
        if damage == "pairs":
            victim.write_text("v 1 2\nv 3 4\nv 5 6\n")
        if damage == "number":
            victim.write_text(victim.read_text().replace("v ", "v x", 1))
    with pytest.raises(FaceModelError, match=match):
        import_ict(copy)


def test_archives_that_are_none(tmp_path) -> None:
    path, zeros = tmp_path / "a.npz", np.zeros((2, 9, 3))
    faces = np.zeros((1, 3))
    np.savez(path, neutral=zeros[0])
    with pytest.raises(FaceModelError, match=r"a.npz: .*identity"):
        import_ict(path)
    np.savez(path, neutral=zeros[0, :, :2], identity=zeros, expression=zeros, faces=faces)
    with pytest.raises(FaceModelError, match=r"expected neutral \(n, 3\).*got \(9, 2\)"):
        import_ict(path)
    np.savez(path, neutral=zeros[0], identity=zeros, expression=zeros, faces=np.zeros((1, 4)))
    with pytest.raises(FaceModelError, match=r"expected faces \(t, 3\) of integers, got \(1, 4\)"):
        import_ict(path)
    arrays = {
        "neutral": zeros[0],
        "identity": zeros,
        "expression": zeros,
        "faces": faces.astype(int),
    }
    for name, value, match in (
        ("identity", np.full((2, 9, 3), "1"), "expected identity of floats, got <U1"),
        ("faces", np.array([[0, 1, 2**32]]), "faces name vertices that are not there"),
    ):
        np.savez(path, **{**arrays, name: value})
        with pytest.raises(FaceModelError, match=match):
            import_ict(path)
    for content in (path.read_bytes()[:-60], b""):
        path.write_bytes(content)
        with pytest.raises(FaceModelError, match=r"a\.npz: damaged"):
            import_ict(path)


def test_ict_keeps_nearly_all_of_its_variance(shared_data) -> None:
    path = shared_data / "facemodels" / "ict_facekit.npz"
    model = import_ict(path)
    assert model.n_vertices == 26719
    modes = model.basis[1:].astype(np.float64)
    with np.load(path, allow_pickle=False) as file:
        identity = file["identity"].astype(np.float64).reshape(100, -1)
        # The archive has the plain list, the model the jawline's substitutes.
        same = model.landmark_indices == file["landmark68"]
    assert same[[6, 7, 8, 9, 10]].all() and same[17:].all()
    assert not same[[*range(6), *range(11, 17)]].any()
    jaw = model.mean[model.landmark_indices[:17]]
    assert (np.abs(jaw[:, 0] + jaw[::-1, 0]) < 0.3).all()  # cm: left is right, mirrored
    assert (np.abs(jaw[:, 1:] - jaw[::-1, 1:]) < 0.3).all()
    assert (modes[:40] ** 2).sum() / (identity**2).sum() > 0.95
    norms = np.linalg.norm(modes[:40], axis=1)
    assert (np.diff(norms) <= 1e-9).all()
    cosine = (modes[:40] / norms[:, None]) @ (modes[:40] / norms[:, None]).T
    assert np.abs(cosine - np.eye(40)).max() < 1e-3


def test_half_precision_of_the_archive_is_no_other_model(shared_data, tmp_path) -> None:
    """The archive's displacements are float16, those of the folder are not."""
    with np.load(shared_data / "facemodels" / "ict_facekit.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in ("neutral", "identity", "expression", "faces")}
    exact = import_ict(shared_data / "facemodels" / "ict_facekit.npz")
    rng = np.random.default_rng(0)
    for name in ("identity", "expression"):
        values = arrays[name].astype(np.float64)
        arrays[name] = values * (1.0 + rng.uniform(-(2**-11), 2**-11, values.shape))
    np.savez(tmp_path / "ict.npz", **arrays)
    rounded = import_ict(tmp_path / "ict.npz")
    assert rounded.sha256 != exact.sha256
    assert fits(rounded, reference_to(exact))


def test_a_network_of_another_space_is_refused(shared_data, tmp_path) -> None:
    model = import_ict(shared_data / "facemodels" / "ict_facekit.npz")
    model.save(tmp_path / "ict.npz")
    with pytest.raises(SpecError, match=r"frsdk-face-1 .* got ict.* pass face_model= "):
        FaceReconstructor(face_model=tmp_path / "ict.npz")
