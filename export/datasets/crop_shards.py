"""Write labelled faces as tar shards of crops and one label file."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO  # arrays by name, as savez takes them

import cv2
import numpy as np

from frsdk.errors import InputError
from frsdk.storage.atomic_write import atomic_write, cannot_write, make_folder
from frsdk.storage.draft_folder import draft_folder

from .data_provenance import CARD_NAME
from .expression_labels import mesh_points_path
from .labelled_face import LabelledFace

_PER_SHARD = 10_000
_QUALITY = 95
#: Arrays that a label file has where all of its faces have them.
OPTIONAL_FIELDS = ("visible", "blendshapes", "fitted")


def write_shards(faces: Iterable[LabelledFace], folder: Path, split: str) -> int:
    """Write ``{split}-NN.tar`` and, last, ``{split}.npz``; earlier ones stay until all is there.

    New "train" crops take an earlier ``card.json`` away, which spoke for the crops before them.

    Args:
        faces: The faces; keys must differ.
        folder: Where to, made if need be.
        split: "train" or "val".

    Returns:
        Number of faces.

    Raises:
        InputError: No face at all, or two of one key.
        OutputError: A file cannot be written.
    """
    make_folder(folder)
    rows: list[LabelledFace] = []
    shards: list[int] = []
    seen: set[str] = set()
    with draft_folder(folder, f".{split}.") as draft:
        members: list[tuple[str, bytes]] = []
        for face in faces:
            if face.key in seen:
                raise InputError(f"two faces have the name {face.key}: rename one of the pictures")
            seen.add(face.key)
            members.append((f"{face.key}.webp", _encoded(face)))
            shards.append(len(rows) // _PER_SHARD)
            # The crop is encoded: labels alone are kept.
            rows.append(_without_crop(face))
            if len(members) == _PER_SHARD:
                _write_tar(draft / f"{split}-{shards[-1]:02d}.tar", members)
                members = []
        if not rows:
            raise InputError("no face to write: no picture has a usable label")
        if members:
            _write_tar(draft / f"{split}-{shards[-1]:02d}.tar", members)
        _replace(folder, split, sorted(draft.glob("*.tar")))
    _write_mesh_points(mesh_points_path(folder, split), rows)
    _write_labels(folder / f"{split}.npz", rows, shards)
    print(f"{folder}: {len(rows)} {split} crops", file=sys.stderr)
    return len(rows)


def _replace(folder: Path, split: str, tars: list[Path]) -> None:
    """Move the tars in; the labels of earlier ones go first, so that they never meet new crops."""
    labels, card = folder / f"{split}.npz", folder / CARD_NAME
    try:
        labels.unlink(missing_ok=True)
        if split == "train" and card.is_file():
            card.unlink()
            print(f"{card}: removed: it spoke for the crops before these", file=sys.stderr)
        for tar in tars:
            tar.replace(folder / tar.name)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _without_crop(face: LabelledFace) -> LabelledFace:
    return replace(face, crop=np.zeros((0, 0, 3), np.uint8))


def _encoded(face: LabelledFace) -> bytes:
    done, data = cv2.imencode(".webp", face.crop, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    if not done:
        raise InputError(f"{face.key}: OpenCV cannot encode WebP: install a build that can")
    return data.tobytes()


def _write_tar(path: Path, members: list[tuple[str, bytes]]) -> None:
    def write(file: BinaryIO) -> None:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, data in members:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))

    atomic_write(path, write)


def _write_mesh_points(path: Path, rows: list[LabelledFace]) -> None:
    """Beside the labels, where any face has them; an older file goes."""
    points = np.stack([row.mesh_points for row in rows])
    if not np.isfinite(points).any():
        path.unlink(missing_ok=True)
        return
    buffer = io.BytesIO()
    np.savez(buffer, key=np.array([row.key for row in rows]), points=points.astype(np.float32))
    atomic_write(path, buffer.getvalue())


def _write_labels(path: Path, rows: list[LabelledFace], shards: list[int]) -> None:
    count = len(rows)
    known: dict[str, Any] = {
        name: np.stack([getattr(row, name) for row in rows])
        for name in OPTIONAL_FIELDS
        if all(getattr(row, name) is not None for row in rows)
    }
    buffer = io.BytesIO()
    np.savez(
        buffer,
        key=np.array([row.key for row in rows]),
        shard=np.array(shards, np.int16),
        source=np.array([row.source for row in rows]),
        identity=np.array([row.identity for row in rows]),
        lmk68=np.stack([row.landmarks for row in rows]).astype(np.float32),
        lmk68_spread=np.array([row.spread for row in rows], np.float32),
        gt68=np.stack([row.annotation for row in rows]).astype(np.float32),
        gt30=np.full((count, 30, 2), np.nan, np.float32),
        param62=np.stack([row.parameters_3ddfa for row in rows]),
        yaw_deg=-np.array([row.yaw_deg for row in rows]),  # the files keep 3DDFA_V2's sign
        eyes=np.array([row.eyes for row in rows]),
        **known,
    )
    atomic_write(path, buffer.getvalue())
