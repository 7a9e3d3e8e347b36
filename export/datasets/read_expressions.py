"""Read a folder of faces with closed eyes, yawns and strong expressions as labelled faces."""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.detectors.face_rois import targets_from_boxes
from frsdk.errors import InputError
from frsdk.imaging.read_image import read_image
from frsdk.imaging.roi import roi_from_landmarks
from frsdk.reconstructor import FaceReconstructor
from frsdk.storage.npz_arrays import read_npz

from .expression_labels import closed_lids
from .label_photographs import ensemble_label
from .labelled_face import LabelledFace, stored_crop, stored_points
from .labelling_defaults import LabelSettings
from .skipped_items import Skipped

Array = NDArray[np.float64]

_COLUMNS = ("file", "source", "eyes", "identity", "det_x0", "det_y0", "det_x1", "det_y1", "yaw_deg")
_FIXED_POINT = 16.0  # of xy16
_HELD_OUT_PERCENT = 15
_CLOSED = 0.08  # eye aspect ratio of eyes that the source calls closed, at most

# 68 landmarks of brows, eyes and lips as vertices of MediaPipe's face mesh.
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_OUTER_LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
_INNER_LIPS = (78, 82, 13, 312, 308, 317, 14, 87)
_VERTEX_OF_LANDMARK = dict(
    zip(
        (*range(17, 27), *range(36, 68)), (*_BROWS, *_EYES, *_OUTER_LIPS, *_INNER_LIPS), strict=True
    )
)


def read_expression_folder(
    folder: Path,
    teacher: FaceReconstructor,
    split: str = "train",
    settings: LabelSettings | None = None,
    *,
    bad_share: float = 0.0,
) -> Iterator[LabelledFace]:
    """Labelled faces: pose and outline by a teacher, eyes, brows and lips by people or a mesh.

    A person is in one split only: 15 of 100 persons (of pictures, where the person is not known),
    chosen by the digest of the name, are "val".

    Args:
        folder: Holds ``labels.csv``, ``landmarks.npz`` (the 68 annotated landmarks), and
            ``mediapipe_points.npz`` (vertices of MediaPipe's face mesh), and the pictures that
            ``labels.csv`` names.
        teacher: Labels the faces.
        split: "train" or "val".
        settings: Of the teacher's ensemble.
        bad_share: Damaged or missing pictures are skipped, named, up to this share of the split.

    Raises:
        InputError: A file is missing or damaged, or too many pictures or their rows are.
    """
    settings = settings or LabelSettings()
    rows = _read_rows(folder / "labels.csv")
    people, mesh = _people_points(folder / "landmarks.npz"), _mesh_points(folder)
    dropped: Counter[str] = Counter()
    numbered = [(number, row) for number, row in enumerate(rows) if _split_of(row) == split]
    skipped = Skipped(len(numbered), bad_share)
    for number, row in numbered:
        name = row["file"]
        if name not in people and name not in mesh:
            dropped["neither annotated landmarks nor a mesh's"] += 1
            continue
        rng = np.random.default_rng([settings.seed, number])
        try:
            face = _labelled(folder / name, row, teacher, settings, rng)
        except InputError as error:
            skipped.add(str(error))
            continue
        if face is None:
            dropped["labels that disagree"] += 1
            continue
        labelled = _with_points(face, row, people.get(name), mesh.get(name))
        # Held-out points stay as the mesh gave them: they are measured, too.
        yield _with_closed_lids(labelled) if split == "train" else labelled
    for reason, count in dropped.items():
        print(f"left out: {count} faces: {reason}", file=sys.stderr)


def _labelled(
    path: Path,
    row: Mapping[str, str],
    teacher: FaceReconstructor,
    settings: LabelSettings,
    rng: np.random.Generator,
) -> tuple[LabelledFace, Array] | None:
    """The teacher's label, and the (68, 3) landmarks in the picture by which the crop was cut."""
    if any(row[name] is None for name in _COLUMNS):  # as csv has a row that ends early
        raise InputError(f"{path}: its row in labels.csv has fewer values than columns")
    image = read_image(path)
    try:
        box = [float(row[f"det_{edge}"]) for edge in ("x0", "y0", "x1", "y1")]
    except ValueError as error:
        raise InputError(f"{path}: its box in labels.csv is no number ({error})") from error
    found = ensemble_label(image, targets_from_boxes([box], image)[0].roi, teacher, settings, rng)
    if found is None:
        return None
    crop, points, _ = stored_crop(image, found.landmarks)
    face = LabelledFace("", crop, points, found.yaw_deg, row["source"], found.spread)
    return face, found.landmarks


def _with_points(
    labelled: tuple[LabelledFace, Array],
    row: Mapping[str, str],
    people: Array | None,
    mesh: Array | None,
) -> LabelledFace:
    """The face with annotated and the mesh's points in the pixels of its crop."""
    face, landmarks = labelled
    roi = roi_from_landmarks(landmarks)
    annotation = np.full((68, 2), np.nan) if people is None else stored_points(people, roi)
    points = np.full((68, 2), np.nan) if mesh is None else stored_points(mesh, roi)
    key = "_".join(Path(row["file"]).with_suffix("").parts)
    return replace(
        face,
        key=key,
        annotation=annotation,
        mesh_points=points,
        eyes=row["eyes"],
        identity=row["identity"],
    )


def _with_closed_lids(face: LabelledFace) -> LabelledFace:
    """The mesh's lids of eyes that the source calls closed, at most open by a little."""
    if face.eyes != "closed":
        return face
    return replace(face, mesh_points=closed_lids(face.mesh_points[None], _CLOSED)[0])


def _split_of(row: Mapping[str, str]) -> str:
    """The split of a person, or of a picture of an unknown one."""
    name = row["identity"] or row["file"] or ""  # None in a row that ends early
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return "val" if number % 100 < _HELD_OUT_PERCENT else "train"


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a readable table ({error})") from error
    missing = [name for name in _COLUMNS if not rows or rows[0].get(name) is None]
    if missing:
        raise InputError(f"{path}: lacks rows, or the columns {', '.join(missing)}")
    return rows


def _people_points(path: Path) -> dict[str, Array]:
    """(68, 2) image points of each picture that people annotated."""
    try:
        arrays = read_npz(path, ("file", "landmarks"))
        points = arrays["landmarks"].astype(np.float64)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a file of landmarks: {error}") from error
    names = [str(name) for name in arrays["file"]]
    if points.shape != (len(names), 68, 2) or not np.isfinite(points).all():
        raise InputError(
            f"{path}: landmarks: expected finite {(len(names), 68, 2)}, got {points.shape}"
        )
    return dict(zip(names, points, strict=True))


def _mesh_points(folder: Path) -> dict[str, Array]:
    """(68, 2) image points of each picture in which a mesh was found, NaN for jaw and nose."""
    path = folder / "mediapipe_points.npz"
    try:
        arrays = read_npz(path, ("file", "index", "xy16"))
        vertices = arrays["xy16"].astype(np.float64) / _FIXED_POINT
        column = {int(vertex): place for place, vertex in enumerate(arrays["index"])}
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a file of mesh points: {error}") from error
    absent = [each for each in _VERTEX_OF_LANDMARK.values() if each not in column]
    names = [str(name) for name in arrays["file"]]
    if absent or vertices.shape != (len(names), len(column), 2):
        raise InputError(
            f"{path}: lacks vertices {absent}, or xy16 is not (faces, vertices, 2): "
            f"{vertices.shape}"
        )
    points = np.full((len(names), 68, 2), np.nan)
    landmarks = list(_VERTEX_OF_LANDMARK)
    points[:, landmarks] = vertices[:, [column[_VERTEX_OF_LANDMARK[each]] for each in landmarks]]
    return dict(zip(names, points, strict=True))
