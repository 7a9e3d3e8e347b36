"""Read folders of 300W-LP or AFLW2000-3D: pictures with a ``.mat`` of the same name beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.read_image import read_image
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.storage.label_300w_lp import read_300w_lp_label

from .labelled_face import LabelledFace, stored_crop, stored_points
from .parameters_3ddfa import landmarks_3ddfa, params_300w_lp, params_in_crop, yaw_deg_of
from .skipped_items import Skipped

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
    label = read_300w_lp_label(path)
    image = read_image(path.with_suffix(".jpg"))
    height = image.shape[0]
    params = params_300w_lp(label.pose, label.shape, label.expression)
    landmarks = landmarks_3ddfa(params, model, height)
    try:
        crop, points, roi = stored_crop(image, landmarks)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    own = None if label.landmarks is None else label.landmarks[:, :2]
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
