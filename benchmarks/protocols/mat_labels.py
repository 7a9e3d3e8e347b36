"""Labels of AFLW2000-3D and 300W-LP: one ``.mat`` file beside each picture."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError, MissingDependencyError
from frsdk.morphable.head_pose import rotation_from_angles

Array = NDArray[np.float64]

_N_SHAPE, _N_EXPRESSION = 40, 10
_LANDMARKS = ("pt3d_68", "pt2d")  # AFLW2000-3D's, and 300W-LP's in the plane


@dataclass(frozen=True, slots=True, eq=False)
class MatLabel:
    """One face.

    Attributes:
        landmarks: (68, 2 or 3) image pixels counted from 0, y down, z toward the camera; None
            where the file has no 68 points.
        pose_deg: (3,) yaw, pitch and roll as stored, in frsdk's signs.
        params: (62,) raw 3DDFA parameters: f R | t, 40 shape and 10 expression coefficients.
    """

    landmarks: Array | None
    pose_deg: Array
    params: Array


def read_mat_label(path: Path) -> MatLabel:
    """Read ``Pose_Para``, ``Shape_Para``, ``Exp_Para`` and the 68 landmarks.

    The files count pixels from 1. ``Pose_Para`` is pitch, yaw, roll in radians, translation and
    scale, with R = Rx(-pitch) Ry(-yaw) Rz(-roll) in the y-up frame: 3DDFA's yaw has the other sign.

    Raises:
        InputError: Missing, damaged, or a field is missing, of another size or not finite.
        MissingDependencyError: SciPy is not installed.
    """
    content = _loaded(path)
    pose = _numbers(path, content, "Pose_Para", 7)[:7]
    pitch, yaw, roll = (float(angle) for angle in np.degrees(pose[:3]))
    rotation = rotation_from_angles(-yaw, pitch, roll)
    block = np.concatenate([pose[6] * rotation, pose[3:6, None]], axis=1)  # (3, 4)
    shape = _numbers(path, content, "Shape_Para", _N_SHAPE)[:_N_SHAPE]
    expression = _numbers(path, content, "Exp_Para", _N_EXPRESSION)[:_N_EXPRESSION]
    return MatLabel(
        landmarks=_landmarks(path, content),
        pose_deg=np.array([-yaw, pitch, roll]),
        params=np.concatenate([block.reshape(12), shape, expression]),
    )


def _landmarks(path: Path, content: dict[str, NDArray[np.generic]]) -> Array | None:
    for name in _LANDMARKS:
        array = content.get(name)
        if array is None or array.dtype.kind not in "biuf" or array.ndim != 2:
            continue
        if array.shape[1] != 68 or array.shape[0] not in (2, 3):
            continue
        points = array.astype(np.float64).T.copy()  # (2 or 3, 68) -> (68, 2 or 3)
        points[:, :2] -= 1.0
        if not np.isfinite(points).all():
            raise InputError(f"{path}: {name} holds numbers that are not finite: leave it out")
        return points
    return None


def _numbers(
    path: Path, content: dict[str, NDArray[np.generic]], name: str, at_least: int
) -> Array:
    if name not in content:
        raise InputError(f"{path}: lacks {name}: expected a label of AFLW2000-3D or 300W-LP")
    try:
        values = content[name].astype(np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {name} is not an array of numbers") from error
    if len(values) < at_least:
        raise InputError(f"{path}: {name}: expected at least {at_least} numbers, got {len(values)}")
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {name} holds numbers that are not finite: leave it out")
    return values


def _loaded(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        import scipy.io
        from scipy.io.matlab import MatReadError
    except ImportError as error:
        raise MissingDependencyError('.mat labels need SciPy: pip install "frsdk[eval]"') from error
    if not path.is_file():
        raise InputError(f"{path}: no such label file: each picture needs its .mat")
    try:  # what SciPy raises for damaged files; NotImplementedError for those of MATLAB 7.3
        content = scipy.io.loadmat(path, appendmat=False)
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, OSError, EOFError,
            NotImplementedError, zlib.error) as error:  # fmt: skip
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a readable .mat file ({reason})") from error
    return {name: value for name, value in content.items() if isinstance(value, np.ndarray)}
