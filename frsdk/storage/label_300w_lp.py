"""Labels of 300W-LP and AFLW2000-3D (Zhu et al., CVPR 2016): the ``.mat`` beside each picture."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..installation.optional_packages import missing_package
from .mat_elements import check_mat
from .path_kinds import is_file

Array = NDArray[np.float64]
Content = dict[str, NDArray[np.generic]]

_N_POSE, _N_SHAPE, _N_EXPRESSION = 7, 40, 10
_LANDMARKS = ("pt3d_68", "pt2d")  # AFLW2000-3D's, and 300W-LP's in the plane


@dataclass(frozen=True, slots=True, eq=False)
class Label300wLp:
    """One face, in the file's own parameters.

    Attributes:
        pose: (7,) pitch, yaw, roll in radians by R = Rx(-pitch) Ry(-yaw) Rz(-roll) in the y-up
            frame (their yaw has the other sign than ours), translation, scale.
        shape: (40,) first identity coefficients.
        expression: (10,) first expression coefficients.
        landmarks: (68, 2 or 3) image pixels counted from 0, y down, z toward the camera; None
            where the file has no 68 points.
    """

    pose: Array
    shape: Array
    expression: Array
    landmarks: Array | None


def read_300w_lp_label(path: Path) -> Label300wLp:
    """Read ``Pose_Para``, ``Shape_Para``, ``Exp_Para`` and the 68 landmarks.

    The files count pixels from 1, which is undone.

    Raises:
        InputError: Missing, damaged, or a field is missing, of another size or not finite.
        MissingDependencyError: SciPy is not installed.
    """
    content = _loaded(path)
    return Label300wLp(
        pose=_numbers(path, content, "Pose_Para", _N_POSE),
        shape=_numbers(path, content, "Shape_Para", _N_SHAPE),
        expression=_numbers(path, content, "Exp_Para", _N_EXPRESSION),
        landmarks=_landmarks(path, content),
    )


def _landmarks(path: Path, content: Content) -> Array | None:
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


def _numbers(path: Path, content: Content, name: str, count: int) -> Array:
    """The first ``count`` finite numbers of a field."""
    if name not in content:
        raise InputError(f"{path}: lacks {name}: expected a label of 300W-LP or AFLW2000-3D")
    try:
        values = content[name].astype(np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {name} is not an array of numbers") from error
    if len(values) < count:
        raise InputError(f"{path}: {name}: expected at least {count} numbers, got {len(values)}")
    if not np.isfinite(values[:count]).all():
        raise InputError(f"{path}: {name} holds numbers that are not finite: leave it out")
    return values[:count]


def _loaded(path: Path) -> Content:
    try:
        import scipy.io
        from scipy.io.matlab import MatReadError
    except (ImportError, OSError) as error:
        title = ".mat labels need SciPy, which"
        raise missing_package(error, "scipy", "eval", title=title) from error
    if not is_file(path):
        raise InputError(f"{path}: no such label file: each picture needs its .mat")
    try:  # what SciPy raises for damaged files; NotImplementedError for those of MATLAB 7.3
        held = path.read_bytes()
        check_mat(held)
        content = scipy.io.loadmat(io.BytesIO(held), appendmat=False)
    except (MatReadError, OSError, ValueError, TypeError, NotImplementedError, KeyError,
            IndexError, EOFError, MemoryError, NameError, AttributeError, OverflowError,
            zlib.error) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path}: not a readable .mat file ({reason})") from error
    return {name: value for name, value in content.items() if isinstance(value, np.ndarray)}
