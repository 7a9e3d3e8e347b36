"""Import 3DDFA's and 3DDFA_V2's face models, which users bring, into our ``.npz`` form."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # what a pickle or npz holds is checked after reading

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError
from frsdk.morphable.face_model_files import read_arrays
from frsdk.morphable.morphable_model import N_EXPRESSION, N_SHAPE, MorphableModel
from frsdk.storage.array_unpickler import PickleError, read_array_pickle
from frsdk.storage.npz_arrays import DAMAGED

Array = NDArray[np.float64]


def import_sparse_3ddfa(path: Path, *, name: str = "bfm68") -> MorphableModel:
    """The 68-point basis of 3DDFA (``u``, ``w_shp``, ``w_exp``, xyz interleaved) from an ``.npz``.

    Coefficients keep 3DDFA's raw scale, so that 3DDFA's parameters can be used as they are.

    Raises:
        FaceModelError: A field is missing or has the wrong shape.
    """
    mean, shape, expression = read_arrays(str(path), ("u", "w_shp", "w_exp")).values()
    return _from_blocks(path, name, mean, shape, expression, landmarks=np.arange(68))


def import_3ddfa_v2(path: Path, *, triangles: Path | None = None) -> MorphableModel:
    """3DDFA_V2's ``bfm_noneck_v3.pkl`` (``u``, ``w_shp``, ``w_exp``, ``keypoints``).

    Args:
        path: The pickle.
        triangles: Its ``tri.pkl``, (3, M) or (M, 3); None leaves the surface out.

    Raises:
        FaceModelError: Damaged, or a field is missing or has the wrong shape.
    """
    content = _pickled(path)
    if not isinstance(content, dict):
        raise FaceModelError(f"{path}: expected a dictionary, got {type(content).__name__}")
    missing = {"u", "w_shp", "w_exp", "keypoints"} - set(content)
    if missing:
        raise FaceModelError(f"{path}: lacks {', '.join(sorted(missing))}")
    mean, shape, expression, keypoints = (
        _numbers(content[name], f"{path}: {name}") for name in ("u", "w_shp", "w_exp", "keypoints")
    )
    faces = None
    if triangles is not None:
        faces = _numbers(_pickled(triangles), str(triangles)).astype(np.int64)
        faces = faces.T if faces.shape[0] == 3 else faces
    return _from_blocks(
        path,
        "bfm-noneck-v3",
        mean,
        shape,
        expression,
        landmarks=keypoints.astype(np.int64).reshape(-1)[::3] // 3,
        triangles=faces,
    )


def import_3ddfa_folder(folder: Path) -> MorphableModel:
    """3DDFA's ``u_shp``, ``u_exp``, ``w_shp_sim``, ``w_exp_sim`` and ``keypoints_sim`` (npy).

    Raises:
        FaceModelError: A file is missing or has the wrong shape.
    """
    names = ("u_shp", "u_exp", "w_shp_sim", "w_exp_sim", "keypoints_sim")
    arrays = {}
    for name in names:
        try:
            arrays[name] = np.load(folder / f"{name}.npy", allow_pickle=False)
        except DAMAGED as error:
            raise FaceModelError(f"{folder / name}.npy: cannot be read ({error})") from error
    mean = arrays["u_shp"].reshape(-1) + arrays["u_exp"].reshape(-1)
    keypoints = arrays["keypoints_sim"].reshape(-1).astype(np.int64)
    return _from_blocks(
        folder,
        "bfm-sim",
        mean,
        arrays["w_shp_sim"],
        arrays["w_exp_sim"],
        landmarks=keypoints[::3] // 3,
    )


def _pickled(path: Path) -> Any:
    try:
        return read_array_pickle(path)
    except PickleError as error:
        raise FaceModelError(
            f"{path}: not a pickle of arrays ({error}): give the file that 3DDFA_V2 publishes"
        ) from error


def _numbers(value: Any, source: str) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or not value.ndim:
        raise FaceModelError(f"{source}: expected an array of numbers, got {type(value).__name__}")
    return value


def _from_blocks(
    path: Path,
    name: str,
    mean: NDArray[Any],
    shape: NDArray[Any],
    expression: NDArray[Any],
    *,
    landmarks: NDArray[Any],
    triangles: NDArray[Any] | None = None,
) -> MorphableModel:
    """A model from 3DDFA's column blocks: mean (3N,), shape (3N, >= 40), expression (3N, >= 10)."""
    mean = np.asarray(mean, np.float64).reshape(-1)
    for field, block, count in (
        ("shape", shape, N_SHAPE),
        ("expression", expression, N_EXPRESSION),
    ):
        if block.ndim != 2 or block.shape[0] != len(mean) or block.shape[1] < count:
            raise FaceModelError(
                f"{path}: {field}: expected ({len(mean)}, {count} or more), got {block.shape}"
            )
    basis = np.concatenate([mean[None], shape[:, :N_SHAPE].T, expression[:, :N_EXPRESSION].T])
    return MorphableModel(
        name=name,
        basis=np.ascontiguousarray(basis, np.float32),
        coefficient_std=np.ones(N_SHAPE + N_EXPRESSION, np.float32),
        landmark_indices=np.asarray(landmarks, np.int32),
        triangles=np.zeros((0, 3), np.int32) if triangles is None else triangles.astype(np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
        licence="derived from the Basel Face Model: non-commercial, see its own terms",
        units="BFM micrometres",
        source=str(path),
    )
