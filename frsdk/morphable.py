"""The morphable face model: mean plus 40 identity and 10 expression modes, decoded by one product."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import FaceModelError
from .files import atomic_write

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

N_SHAPE, N_EXPRESSION = 40, 10
N_COEFFICIENTS = N_SHAPE + N_EXPRESSION
_N_LANDMARKS = 68
_FIELDS = ("basis", "coefficient_std", "landmark_indices", "triangles", "uv", "mirror")
_TEXTS = ("name", "licence", "units")


@dataclass(frozen=True, slots=True, eq=False)
class MorphableModel:
    """S = S̄ + A_s α_s + A_exp α_exp (Li et al., ICPR 2020, eq. 1), model frame.

    The model frame is right-handed: x to the image's right for a frontal face, y up, z toward the
    camera. All arrays are read-only.

    Attributes:
        name: Name that specs refer to.
        basis: (51, 3N) float32, row-major: the mean, 40 identity and 10 expression modes; columns
            x0 y0 z0 x1 ... . One (n, 51) @ (51, 3N) product decodes n faces.
        coefficient_std: (50,) float32 standard deviation of each coefficient; ones where the modes
            are already scaled.
        landmark_indices: (68,) int32 vertices that are the iBUG landmarks.
        triangles: (M, 3) int32, counter-clockwise seen from outside; M is 0 for landmarks only.
        uv: (N, 2) float32 texture coordinates, or (0, 2).
        mirror: (N,) int32 vertex on the other side of the face, or (0,).
        licence: Terms of the file.
        units: Of the vertices, such as ``"nominal mm"``.
    """

    name: str
    basis: FloatArray = field(repr=False)
    coefficient_std: FloatArray = field(repr=False)
    landmark_indices: IndexArray = field(repr=False)
    triangles: IndexArray = field(repr=False)
    uv: FloatArray = field(repr=False)
    mirror: IndexArray = field(repr=False)
    licence: str = ""
    units: str = ""
    source: str = field(default="", repr=False)
    _landmark_basis: FloatArray = field(init=False, repr=False)
    _digest: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check every array, make it read-only and copy the landmarks' columns.

        Raises:
            FaceModelError: A wrong shape, type or range; the message names the field.
        """
        kinds = dict.fromkeys(_FIELDS, np.float32)
        kinds.update(landmark_indices=np.int32, triangles=np.int32, mirror=np.int32)
        for name in _FIELDS:
            array = np.ascontiguousarray(getattr(self, name))
            wanted = np.floating if kinds[name] is np.float32 else np.integer
            if array.size and not np.issubdtype(array.dtype, wanted):
                self._refuse(name, f"{kinds[name].__name__} numbers", str(array.dtype))
            array = array.astype(kinds[name])
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        self._check()
        columns = (self.landmark_indices[:, None] * 3 + np.arange(3)).reshape(-1)  # (204,)
        landmark_basis = np.ascontiguousarray(self.basis[:, columns])
        object.__setattr__(self, "_landmark_basis", landmark_basis)

    @property
    def n_vertices(self) -> int:
        """Number of vertices N."""
        return self.basis.shape[1] // 3

    @property
    def mean(self) -> FloatArray:
        """(N, 3) mean shape S̄."""
        return self.basis[0].reshape(-1, 3)

    @property
    def landmark_basis(self) -> FloatArray:
        """(51, 204) rows of the basis at the 68 landmarks."""
        return self._landmark_basis

    @property
    def sha256(self) -> str:
        """Digest of the content: name, then every array's name, type, shape and bytes."""
        if not self._digest:
            digest = hashlib.sha256(self.name.encode())
            for name in _FIELDS:
                array = getattr(self, name)
                digest.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode())
                digest.update(array.tobytes())
            self._digest.append(digest.hexdigest())
        return self._digest[0]

    def shape_from_coefficients(self, coefficients: NDArray[np.floating]) -> FloatArray:
        """(n, 50) coefficients -> (n, N, 3) shapes in the model frame."""
        return _shapes(self.basis, coefficients)

    def decode_landmarks(self, params: NDArray[np.floating], *, size: int) -> FloatArray:
        """Landmarks of n faces, from their 68 rows only.

        Args:
            params: (n, 62) de-whitened parameters.
            size: Pixels of a side of the network's crop.

        Returns:
            (n, 68, 3) float32 crop pixels: i right, j down, z toward the camera.
        """
        return _posed(_shapes(self._landmark_basis, params[:, 12:]), params, size, None)

    def decode_vertices(
        self, params: NDArray[np.floating], *, size: int, out: FloatArray | None = None
    ) -> FloatArray:
        """Dense surface of n faces, V = f Pr Π S + t (eq. 2).

        Args:
            params: (n, 62) de-whitened parameters.
            size: Pixels of a side of the network's crop.
            out: (n, N, 3) float32 to write into; a new array when None.

        Returns:
            (n, N, 3) float32 crop pixels: i right, j down, z toward the camera.
        """
        return _posed(_shapes(self.basis, params[:, 12:]), params, size, out)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MorphableModel:
        """Read a face-model file.

        Args:
            path: An ``.npz`` as :meth:`save` writes it; nothing in it is executed.

        Raises:
            FaceModelError: Missing, truncated, or a field is missing or wrong.
        """
        source = os.fspath(path)
        if not Path(source).is_file():
            raise FaceModelError(f"{source}: no such face-model file")
        try:
            with np.load(source, allow_pickle=False) as file:
                arrays = {name: file[name] for name in _FIELDS}
                texts = {name: str(file[name]) for name in _TEXTS}
        except KeyError as error:
            raise FaceModelError(
                f"{source}: not a face-model file, {error}: make one with frsdk-export facemodel"
            ) from error
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, zipfile.error) as error:
            raise FaceModelError(
                f"{source}: damaged or not a face-model file ({error}): fetch it again"
            ) from error
        return cls(**arrays, **texts, source=source)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as ``.npz``; equal models give equal bytes.

        Raises:
            OutputError: The file cannot be written.
        """
        buffer = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _FIELDS}
        texts = {name: np.array(getattr(self, name)) for name in _TEXTS}
        np.savez(buffer, **arrays, **texts)
        atomic_write(path, buffer.getvalue())

    def _refuse(self, name: str, expected: str, got: object) -> None:
        where = self.source or self.name
        raise FaceModelError(f"{where}: field {name}: expected {expected}, got {got}")

    def _check(self) -> None:
        rows = 1 + N_COEFFICIENTS
        if self.basis.ndim != 2 or self.basis.shape[0] != rows or self.basis.shape[1] % 3:
            self._refuse("basis", f"({rows}, 3 N)", self.basis.shape)
        n = self.n_vertices
        shapes = {
            "coefficient_std": ((N_COEFFICIENTS,),),
            "landmark_indices": ((_N_LANDMARKS,),),
            "triangles": ((len(self.triangles), 3),),
            "uv": ((n, 2), (0, 2)),
            "mirror": ((n,), (0,)),
        }
        for name, allowed in shapes.items():
            if getattr(self, name).shape not in allowed:
                self._refuse(name, " or ".join(map(str, allowed)), getattr(self, name).shape)
        for name in ("basis", "coefficient_std", "uv"):
            if not np.isfinite(getattr(self, name)).all():
                self._refuse(name, "finite numbers", "others")
        for name in ("landmark_indices", "triangles", "mirror"):
            indices = getattr(self, name)
            if indices.size and (indices.min() < 0 or indices.max() >= n):
                self._refuse(name, f"indices of {n} vertices", int(indices.max()))


@functools.lru_cache(maxsize=1)
def builtin_face_model() -> MorphableModel:
    """The face model in the wheel, read once.

    Raises:
        FaceModelError: The installation lacks it.
    """
    return MorphableModel.load(Path(__file__).parent / "assets" / "facemodel.npz")


def _shapes(basis: FloatArray, coefficients: NDArray[np.floating]) -> FloatArray:
    """(n, 50) coefficients and a (51, 3K) basis -> (n, K, 3)."""
    weights = np.ones((len(coefficients), 1 + N_COEFFICIENTS), np.float32)
    weights[:, 1:] = coefficients
    return (weights @ basis).reshape(len(weights), -1, 3)


def _posed(
    shapes: FloatArray, params: NDArray[np.floating], size: int, out: FloatArray | None
) -> FloatArray:
    """(n, K, 3) model-frame shapes -> crop pixels (i, j, z); y turns down within the matrix."""
    pose = np.array(params[:, :12], np.float32).reshape(-1, 3, 4)
    pose[:, 1] *= -1.0
    pose[:, 1, 3] += size - 1
    turned = np.matmul(shapes, pose[:, :, :3].transpose(0, 2, 1), out=out)
    turned += pose[:, None, :, 3]
    return turned
