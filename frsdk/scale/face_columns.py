"""Faces as columns: the schema of what a batch writes to Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast  # Any: rows by column name

from ..installation.optional_packages import missing_package

if TYPE_CHECKING:
    import pyarrow

    from ..face import Face

Row = dict[str, Any]
EXTRA = "ray"


def face_schema() -> pyarrow.Schema:
    """Columns of a batch: a row a face; a picture without a face, or a broken one, has one row.

    `path` names the picture, and `error` says in one line why a broken one gave nothing (null
    otherwise). `width` and `height` are its pixels. `face` counts its faces from 0, largest first;
    it and what follows are null in a row without a face. The numbers are those of
    :meth:`Face.to_dict <frsdk.Face.to_dict>`: nested ones are flat, row by row, so that
    `landmarks_px` has 204 numbers (68 x, y, z) and `rotation` 9.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    arrow = load_pyarrow()
    text, whole, real = arrow.string(), arrow.int32(), arrow.float64()
    reals, singles = arrow.list_(real), arrow.list_(arrow.float32())
    return arrow.schema([
        ("path", text),
        ("error", text),
        ("width", whole),
        ("height", whole),
        ("face", whole),
        ("score", real),
        ("box_xyxy_px", reals),
        ("roi_xyxy_px", reals),
        ("roi_roll_deg", real),
        ("yaw_deg", real),
        ("pitch_deg", real),
        ("roll_deg", real),
        ("scale_px_per_unit", real),
        ("translation_px", reals),
        ("rotation", reals),
        ("params", singles),
        ("landmarks_px", singles),
        ("crop_size_px", whole),
        ("face_model_sha256", text),
    ])  # fmt: skip


def face_rows(path: str, size_wh: tuple[int, int], faces: Sequence[Face]) -> list[Row]:
    """The rows of a picture that was read."""
    picture = {"path": path, "width": size_wh[0], "height": size_wh[1]}
    if not faces:
        return [picture]
    return [{**picture, "face": number, **_columns(face)} for number, face in enumerate(faces)]


def broken_row(path: str, error: str) -> Row:
    """The row of a picture that gave nothing."""
    return {"path": path, "error": " ".join(error.split())}


def table_of(rows: Sequence[Row]) -> pyarrow.Table:
    """Rows as a table of :func:`face_schema`."""
    return load_pyarrow().Table.from_pylist(rows, schema=face_schema())


def load_pyarrow() -> Any:
    """Pyarrow (Any: it has no types).

    Raises:
        MissingDependencyError: It is not installed, or damaged.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except (ImportError, OSError) as error:
        title = "pyarrow, which writes Parquet,"
        raise missing_package(error, "pyarrow", EXTRA, title=title) from error
    return pyarrow


def _columns(face: Face) -> Row:
    known = cast("Row", face.to_dict())
    pose = known["pose"]
    kept = ("score", "box_xyxy_px", "roi_xyxy_px", "roi_roll_deg", "params", "crop_size_px")
    angles = ("yaw_deg", "pitch_deg", "roll_deg", "scale_px_per_unit", "translation_px")
    return {
        **{name: known[name] for name in kept},
        **{name: pose[name] for name in angles},
        "rotation": [value for row in pose["rotation"] for value in row],
        "landmarks_px": [value for point in known["landmarks_px"] for value in point],
        "face_model_sha256": known["face_model"]["sha256"],
    }
