"""The morphable face model: 40 identity and 10 expression modes, decoded by one product."""

from __future__ import annotations

import functools
import hashlib
import io
import os
from dataclasses import dataclass, field, fields
from typing import Any  # keyword arguments of several types

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError, InputError
from ..installation.builtin_weights import builtin_weights
from ..storage.atomic_write import atomic_write
from .compact_basis import HIGH, STEP, compact_basis, full_basis
from .face_model_arrays import ARRAY_FIELDS, INDEX_FIELDS, N_COEFFICIENTS, check_arrays
from .face_model_files import read_arrays
from .vertex_decoding import N_POSE, crop_poses, decode_points

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

N_SHAPE, N_EXPRESSION = 40, 10
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
        arrays = {name: np.asarray(getattr(self, name)) for name in ARRAY_FIELDS}
        check_arrays(arrays, self.source or self.name)
        for name, given in arrays.items():
            kind = np.int32 if name in INDEX_FIELDS else np.float32
            array = np.array(given, kind, order="C")  # a copy of our own
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        columns = (self.landmark_indices[:, None] * 3 + np.arange(3)).reshape(-1)  # (204,)
        landmark_basis = np.ascontiguousarray(self.basis[:, columns])
        landmark_basis.setflags(write=False)
        object.__setattr__(self, "_landmark_basis", landmark_basis)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the arrays, or for the built-in model that it is the built-in one.

        The arrays are read-only again where it is unpickled.
        """
        for weights, model in _read_builtin.items():
            if self is model:
                return builtin_face_model, (weights,)
        return _model_of, (
            {each.name: getattr(self, each.name) for each in fields(self) if each.init},
        )

    @property
    def n_vertices(self) -> int:
        """Number of vertices N."""
        return int(self.basis.shape[1]) // 3

    @property
    def mean(self) -> FloatArray:
        """(N, 3) mean shape S̄."""
        return np.asarray(self.basis[0].reshape(-1, 3))  # (3N,) -> (N, 3)

    @property
    def landmark_basis(self) -> FloatArray:
        """(51, 204) rows of the basis at the 68 landmarks."""
        return self._landmark_basis

    @property
    def sha256(self) -> str:
        """Digest of the content: name, then every array's name, type, shape and bytes."""
        if not self._digest:
            digest = hashlib.sha256(self.name.encode())
            for name in ARRAY_FIELDS:
                array = getattr(self, name)
                digest.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode())
                digest.update(array.tobytes())
            self._digest.append(digest.hexdigest())
        return self._digest[0]

    def shape_from_coefficients(self, coefficients: NDArray[np.floating]) -> FloatArray:
        """(n, 50) coefficients -> (n, N, 3) float32 shapes in the model frame.

        Raises:
            InputError: Another shape.
        """
        _check_rows("coefficients", coefficients, N_COEFFICIENTS)
        unposed = np.tile(np.eye(3, 4, dtype=np.float32), (len(coefficients), 1, 1))
        return decode_points(self.basis, coefficients, unposed)

    def decode_landmarks(self, params: NDArray[np.floating], *, size: int) -> FloatArray:
        """Landmarks of n faces, from their 68 rows only.

        Args:
            params: (n, 62) de-whitened parameters.
            size: Pixels of a side of the network's crop.

        Returns:
            (n, 68, 3) float32 crop pixels: i right, j down, z toward the camera.

        Raises:
            InputError: Another shape.
        """
        _check_rows("params", params, N_POSE + N_COEFFICIENTS)
        return decode_points(self._landmark_basis, params[:, N_POSE:], crop_poses(params, size))

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

        Raises:
            InputError: Another shape, or ``out`` has another type or is not contiguous.
        """
        _check_rows("params", params, N_POSE + N_COEFFICIENTS)
        return self.decode_posed(params[:, N_POSE:], crop_poses(params, size), out=out)

    def decode_posed(
        self,
        coefficients: NDArray[np.floating],
        poses: FloatArray,
        *,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Dense surface of n faces in the frame that their poses lead to.

        Args:
            coefficients: (n, 50).
            poses: (n, 3, 4), for example of :func:`frsdk.morphable.vertex_decoding.image_poses`.
            out: (n, N, 3) float32 to write into; a new array when None.

        Raises:
            InputError: Another shape, or ``out`` has another type or is not contiguous.
        """
        _check_rows("coefficients", coefficients, N_COEFFICIENTS)
        return decode_points(self.basis, coefficients, poses, out)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MorphableModel:
        """Read a face-model file.

        Args:
            path: An ``.npz`` as :meth:`save` writes it; nothing in it is executed.

        Raises:
            FaceModelError: Missing, truncated, or a field is missing or wrong.
        """
        source = os.fspath(path)
        names = (*ARRAY_FIELDS, *_TEXTS)
        values: dict[str, Any] = read_arrays(source, names, optional=[STEP, HIGH])
        if STEP in values:
            values["basis"] = full_basis(values, source)
        values = {name: value for name, value in values.items() if name not in (STEP, HIGH)}
        values.update({name: _text(name, values[name], source) for name in _TEXTS})
        return cls(**values, source=source)

    def save(self, path: str | os.PathLike[str], *, compact: bool = False) -> None:
        """Write the model as ``.npz``; equal models give equal bytes.

        Args:
            path: The file.
            compact: Keep the basis as whole numbers and compress; the model that is read is the
                same.

        Raises:
            FaceModelError: ``compact`` and the basis does not lie on a grid.
            OutputError: The file cannot be written.
        """
        buffer = io.BytesIO()
        names = (*ARRAY_FIELDS, *_TEXTS)
        values: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in names}
        if compact:
            made = compact_basis(self.basis)
            if made is None:
                raise FaceModelError(
                    f"{self.name}: its basis does not fit into whole numbers without loss: save "
                    "it with compact=False"
                )
            values.update(made)
        save = np.savez_compressed if compact else np.savez
        save(buffer, **values)  # it dates every member 1980, so that equal bytes come out
        atomic_write(path, buffer.getvalue())


def builtin_face_model(weights: str | None = None) -> MorphableModel:
    """A face model in the wheel, read once.

    Args:
        weights: The built-in network that it belongs to, "research" or "open"; None: the default
            one.

    Raises:
        InputError: Another name.
        FaceModelError: The installation lacks it.
    """
    return _builtin_face_model(builtin_weights(weights).name)


@functools.cache
def _builtin_face_model(weights: str) -> MorphableModel:
    model = MorphableModel.load(builtin_weights(weights).face_model)
    _read_builtin[weights] = model
    return model


_read_builtin: dict[str, MorphableModel] = {}


def _model_of(values: dict[str, Any]) -> MorphableModel:
    """What :meth:`MorphableModel.__reduce__` took apart."""
    return MorphableModel(**values)


def _text(name: str, value: NDArray[Any], source: str) -> str:
    if value.dtype.kind != "U" or value.ndim:
        raise FaceModelError(
            f"{source}: field {name}: expected a text, got {value.dtype} {value.shape}: "
            "make the file with frsdk-export facemodel"
        )
    return str(value)


def _check_rows(name: str, values: NDArray[np.floating], length: int) -> None:
    if values.ndim != 2 or values.shape[1] != length:
        raise InputError(
            f"expected {name} (n, {length}), got {values.shape}: add an axis for one face"
        )
