"""Read folders of 300W-LP or AFLW2000-3D: pictures with a ``.mat`` of the same name beside them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # what a .mat holds is checked after reading

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.read_image import read_image
from frsdk.morphable.morphable_model import N_EXPRESSION, N_SHAPE, MorphableModel

from .labelled_face import LabelledFace, stored_crop, stored_points
from .parameters_3ddfa import landmarks_3ddfa, params_300w_lp, params_in_crop, yaw_deg_of
from .skipped_items import Skipped

Array = NDArray[np.float64]

_OTHER_FOLDERS = {"Code", "landmarks"}


def read_mat_folder(
    folder: Path, model: MorphableModel, *, source: str, bad_share: float = 0.0
) -> Iterator[LabelledFace]:
    """Faces of a folder and its sub-folders, by name.

    The folders ``Code`` and ``landmarks`` of the published archives hold other files and are left
    out.

    Landmarks are those of the truncated parameters (3D); the file's own 68 points (``pt3d_68``,
    else ``pt2d``) come as annotation.

    Args:
        folder: With ``NAME.jpg`` and ``NAME.mat``.
        model: The BFM-space model that the parameters belong to.
        source: Name of the data set.
        bad_share: Damaged pairs are skipped, named, up to this share.

    Raises:
        InputError: No ``.mat`` at all, or too many damaged ones.
    """
    paths = sorted(path for path in folder.rglob("*.mat") if _is_label(path.relative_to(folder)))
    if not paths:
        raise InputError(f"{folder}: holds no .mat file: give a folder of 300W-LP or AFLW2000-3D")
    skipped = Skipped(len(paths), bad_share)
    for path in paths:
        try:
            yield read_mat_face(path, model, source=source, root=folder)
        except (InputError, ImageFileError) as error:
            skipped.add(str(error))


def _is_label(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and not _OTHER_FOLDERS & set(path.parts[:-1])


def read_mat_face(
    path: Path, model: MorphableModel, *, source: str, root: Path | None = None
) -> LabelledFace:
    """One picture and its ``.mat``.

    Args:
        path: The ``.mat``; the ``.jpg`` lies beside it.
        model: The BFM-space model.
        source: Name of the data set.
        root: The key is the path below it, slashes as underscores; None: the name alone.

    Raises:
        InputError: The ``.mat`` is damaged, or a field is missing, of another size or not finite.
        ImageFileError: The picture is missing or damaged.
    """
    fields = _read_mat(path)
    image = read_image(path.with_suffix(".jpg"))
    height = image.shape[0]
    params = params_300w_lp(
        _numbers(fields, "Pose_Para", 7, path),
        _numbers(fields, "Shape_Para", N_SHAPE, path),
        _numbers(fields, "Exp_Para", N_EXPRESSION, path),
    )
    landmarks = landmarks_3ddfa(params, model, height)
    try:
        crop, points, roi = stored_crop(image, landmarks)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    own = _own_points(fields, path)
    name = path.relative_to(root).with_suffix("") if root else Path(path.stem)
    return LabelledFace(
        key="_".join(name.parts),
        crop=crop,
        landmarks=points,
        yaw_deg=yaw_deg_of(params),
        source=source,
        annotation=np.full((68, 2), np.nan) if own is None else stored_points(own, roi),
        parameters_3ddfa=params_in_crop(params, roi, height),
    )


def _own_points(fields: dict[str, Any], path: Path) -> Array | None:
    """(68, 2) of the file in image pixels counted from 0; MATLAB counts from 1."""
    for name in ("pt3d_68", "pt2d"):
        value = fields.get(name)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or value.ndim != 2:
            continue
        if value.shape[1] == 68 and len(value) >= 2:
            points = np.asarray(value[:2].astype(np.float64).T)
            if not np.isfinite(points).all():
                raise InputError(f"{path}: {name} is not finite")
            return points - 1.0
    return None


def _read_mat(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:  # what SciPy raises for damaged files; NotImplementedError for those of MATLAB 7.3
        return dict(loadmat(path))
    except (MatReadError, OSError, ValueError, TypeError, NotImplementedError, KeyError,
            IndexError, EOFError, MemoryError, zlib.error) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path}: not a readable .mat file ({reason})") from error


def _numbers(fields: dict[str, Any], name: str, count: int, path: Path) -> Array:
    """At least ``count`` finite numbers of a field."""
    if name not in fields:
        raise InputError(f"{path}: lacks {name}: not a file of 300W-LP or AFLW2000-3D")
    value = np.asarray(fields[name])
    if value.dtype.kind not in "fiu" or value.size < count:
        raise InputError(f"{path}: {name}: expected {count} or more numbers, got {value.size}")
    values = value.astype(np.float64).reshape(-1)
    if not np.isfinite(values[:count]).all():
        raise InputError(f"{path}: {name} is not finite")
    return values
