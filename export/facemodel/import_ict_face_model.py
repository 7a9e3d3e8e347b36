"""Import the ICT Face Model Light: its folder of ``.obj`` files, or an ``.npz`` made from them.

ICT-FaceKit (https://github.com/ICT-VGL/ICT-FaceKit, MIT) has the model in ``FaceXModel``: a neutral
mesh, 100 identity modes and the expression shapes, each a whole mesh of the same 26,719 vertices.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError
from frsdk.morphable.face_model_files import read_arrays
from frsdk.morphable.morphable_model import N_EXPRESSION, N_SHAPE, MorphableModel

Array = NDArray[np.float64]

NEUTRAL_NAME = "generic_neutral_mesh"
#: Vertices of the 68 Multi-PIE landmarks as the repository's README states them, with the
#: substitutes on the jawline that it gives for points 0-7 and 9-16: the teacher's landmarks fit
#: them to 1.65 % of the face's size instead of 2.49.
ICT_LANDMARKS = (
    1278, 1272, 12, 1834, 243, 781, 2199, 1447, 966, 3661, 4390, 3022, 2484, 4036, 2253, 3490,
    3496, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
    2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216,
    6207, 6470, 5517, 5966,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Meshes:
    """The neutral mesh (n, 3), displacements (m, n, 3) and triangles."""

    neutral: Array
    identity: Array
    expression: Array
    triangles: NDArray[np.int32]


def import_ict(path: Path) -> MorphableModel:
    """ICT-FaceKit reduced to 40 + 10 modes by PCA; coefficients are in standard deviations.

    Identity weights are standard normal (their model's prior); each expression shape counts as
    active with probability 0.2 at a uniform strength, which orders the expression modes.

    Args:
        path: The repository's folder ``FaceXModel``, or an ``.npz`` with ``neutral`` (n, 3),
            ``identity`` and ``expression`` (m, n, 3) displacements and ``faces`` (t, 3).

    Raises:
        FaceModelError: A file or field is missing, damaged or has the wrong shape.
    """
    meshes = _from_folder(path) if path.is_dir() else _from_archive(path)
    if len(meshes.neutral) <= max(ICT_LANDMARKS):
        raise FaceModelError(f"{path}: {len(meshes.neutral)} vertices: not the ICT Face Model")
    for what, found, least in (
        ("identity modes", meshes.identity, N_SHAPE),
        ("expression shapes", meshes.expression, N_EXPRESSION),
    ):
        if len(found) < least:
            raise FaceModelError(f"{path}: {len(found)} {what}: expected at least {least}")
    activity = np.sqrt(0.2 / 3.0)  # root mean square of a strength that is 0 with p = 0.8
    shape = _principal(_rows(meshes.identity), N_SHAPE)
    moves = _principal(_rows(meshes.expression) * activity, N_EXPRESSION)
    basis = np.concatenate([meshes.neutral.reshape(1, -1), shape, moves]).astype(np.float32)
    return MorphableModel(
        name="ict-facekit-40-10",
        basis=basis,
        coefficient_std=np.ones(N_SHAPE + N_EXPRESSION, np.float32),
        landmark_indices=np.array(ICT_LANDMARKS, np.int32),
        triangles=meshes.triangles,
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
        licence="MIT (USC Institute for Creative Technologies, ICT-FaceKit)",
        units="cm",
        source=str(path),
    )


def _from_archive(path: Path) -> _Meshes:
    arrays = read_arrays(str(path), ("neutral", "identity", "expression", "faces"))
    neutral, identity, expression, faces = arrays.values()
    shape = neutral.shape
    if shape[1:] != (3,) or identity.shape[1:] != shape or expression.shape[1:] != shape:
        raise FaceModelError(
            f"{path}: expected neutral (n, 3), identity and expression (m, n, 3), got {shape}, "
            f"{identity.shape}, {expression.shape}: not an ICT-FaceKit archive"
        )
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise FaceModelError(
            f"{path}: expected faces (t, 3) of integers, got {faces.shape} {faces.dtype}"
        )
    for name, array in (("neutral", neutral), ("identity", identity), ("expression", expression)):
        if array.dtype.kind != "f":
            raise FaceModelError(f"{path}: expected {name} of floats, got {array.dtype}")
    if faces.size and not 0 <= faces.min() <= faces.max() < shape[0]:
        raise FaceModelError(f"{path}: faces name vertices that are not there")
    wide = np.float64
    return _Meshes(
        neutral.astype(wide), identity.astype(wide), expression.astype(wide), faces.astype(np.int32)
    )


def _from_folder(folder: Path) -> _Meshes:
    files = {path.stem: path for path in sorted(folder.glob("*.obj"))}
    if NEUTRAL_NAME not in files:
        raise FaceModelError(
            f"{folder}: lacks {NEUTRAL_NAME}.obj: give the folder FaceXModel of ICT-FaceKit"
        )
    neutral_file = files.pop(NEUTRAL_NAME)
    neutral = obj_vertices(neutral_file)
    moved: dict[str, Array] = {}
    for stem, path in files.items():
        vertices = obj_vertices(path)
        if vertices.shape != neutral.shape:
            raise FaceModelError(
                f"{path}: {len(vertices)} vertices, {neutral_file.name} has {len(neutral)}"
            )
        moved[stem] = vertices - neutral
    identity = [each for stem, each in moved.items() if stem.startswith("identity")]
    expression = [each for stem, each in moved.items() if not stem.startswith("identity")]
    shape = (-1, *neutral.shape)
    return _Meshes(
        neutral,
        np.array(identity).reshape(shape),
        np.array(expression).reshape(shape),
        obj_triangles(neutral_file),
    )


def obj_vertices(path: Path) -> Array:
    """(n, 3) vertices of a Wavefront .obj file."""
    rows = [words[1:4] for words in _obj_lines(path) if words[0] == "v"]
    try:
        vertices = np.array(rows, np.float64).reshape(len(rows), 3)
    except ValueError as error:
        raise FaceModelError(f"{path}: a vertex is not three numbers ({error})") from error
    if not len(vertices) or not np.isfinite(vertices).all():
        raise FaceModelError(f"{path}: no vertices, or some that are not finite")
    return vertices


def obj_triangles(path: Path) -> NDArray[np.int32]:
    """(t, 3) triangles of a Wavefront .obj file; a polygon is a fan from its first corner."""
    triangles = []
    for words in _obj_lines(path):
        if words[0] == "f":
            try:
                corners = [int(word.partition("/")[0]) - 1 for word in words[1:]]
                np.array(corners, np.int32)
            except (ValueError, OverflowError) as error:
                raise FaceModelError(f"{path}: a face is not made of indices ({error})") from error
            pairs = itertools.pairwise(corners[1:])
            triangles += [(corners[0], second, third) for second, third in pairs]
    return np.array(triangles, np.int32).reshape(-1, 3)


def _obj_lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from (words for line in file if (words := line.split()))
    except (OSError, UnicodeDecodeError) as error:
        raise FaceModelError(f"{path}: cannot be read ({error})") from error


def _rows(shapes: Array) -> Array:
    return shapes.reshape(len(shapes), -1)


def _principal(shapes: Array, count: int) -> Array:
    """(m, d) displacements -> the ``count`` leading principal directions, one sigma each."""
    values, vectors = np.linalg.eigh(shapes @ shapes.T)
    order = np.argsort(values)[::-1][:count]
    modes = vectors[:, order].T @ shapes  # rows: sigma_k times a unit direction
    at_landmarks = modes.reshape(count, -1, 3)[:, ICT_LANDMARKS].reshape(count, -1)
    # A sign that rounding does not turn: the largest entry has its equal on the face's other side.
    along = at_landmarks @ np.cos(np.arange(at_landmarks.shape[1]))
    return np.asarray(modes * np.where(along < 0.0, -1.0, 1.0)[:, None], np.float64)
