"""A batch of photographs into overlays, meshes and one faces.json."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import FrsdkError, InputError, MissingDependencyError, OutputError
from ..imaging.image_sources import DEFAULT_MAX_PIXELS, OVERLAY_SUFFIX, ImageSource
from ..imaging.read_image import read_image
from ..rendering.overlay import draw_faces
from ..storage.atomic_write import atomic_write, cannot_write
from ..storage.draft_folder import draft_folder
from .faces_json import FACES_FILE, FacesFile
from .output_names import MESH_KINDS, output_stems

if TYPE_CHECKING:
    from ..face import Face

_PNG_EFFORT = 3  # of 9: larger is slower for a few percent


class Reconstruct(Protocol):
    """What finds the faces: a `FaceReconstructor`, or anything called like one."""

    def __call__(self, image_bgr: NDArray[np.uint8], /) -> Sequence[Face]:
        """Faces of one BGR image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a batch reads and writes.

    Attributes:
        mesh: `glb`, `obj`, `ply` or `none`: the mesh file of each face.
        overlay: Whether each photograph gets an overlay PNG.
        max_pixels: Photographs with more pixels are refused.
    """

    mesh: str = "glb"
    overlay: bool = True
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        """Check the mesh format."""
        if self.mesh not in MESH_KINDS:
            known = ", ".join(MESH_KINDS)
            raise InputError(f"unknown mesh format {self.mesh!r}: expected one of {known}")


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """What became of one photograph.

    Attributes:
        file: Its path as given.
        faces: Number of faces, or None where it failed.
        error: Why it failed, one line, or None.
    """

    file: str
    faces: int | None
    error: str | None


@dataclass(slots=True)
class JobReport:
    """Sums over a batch.

    Attributes:
        output: The output folder.
        images: Photographs that were read.
        faces: Faces in them.
        overlays: Overlay files written.
        meshes: Mesh files written.
        without_face: Files in which no face was found.
        failures: (file, why) of those that failed.
        complete: False when the batch was cut short.
    """

    output: str
    images: int = 0
    faces: int = 0
    overlays: int = 0
    meshes: int = 0
    without_face: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = False

    def to_dict(self) -> dict[str, object]:
        """The report, ready for JSON."""
        return {
            "output": self.output,
            "faces_file": str(Path(self.output) / FACES_FILE),
            "complete": self.complete,
            "images": self.images,
            "faces": self.faces,
            "overlays": self.overlays,
            "meshes": self.meshes,
            "without_face": self.without_face,
            "failures": [{"file": file, "error": error} for file, error in self.failures],
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """The folder of the results, and a hidden one in it for what is not finished."""

    folder: Path
    drafts: Path


def reconstruct_files(
    reconstruct: Reconstruct,
    sources: Sequence[ImageSource],
    out_dir: str | os.PathLike[str],
    options: JobOptions | None = None,
    on_progress: Callable[[PhotoOutcome], None] | None = None,
) -> JobReport:
    """Reconstruct the faces of many photographs, one after the other, into files.

    For a photograph `a.jpg` the folder receives `a.overlay.png` and, per face k from 0,
    `a.K.glb`; for all of them one `faces.json` (`FacesFile` has its schema).

    A photograph that cannot be read or reconstructed is reported, and the others go on. Memory
    does not grow with their number. Every file is complete or not there. After an interruption
    (Ctrl-C, and for the command SIGTERM and SIGHUP) faces.json is still written with the
    photographs done so far, and the interruption goes on. When every photograph failed no
    faces.json is written, and no folder made. After a failure to write, the folder keeps the complete files written so
    far and the faces.json that it had.

    Args:
        reconstruct: Finds the faces of a BGR image.
        sources: The photographs.
        out_dir: Made if it does not exist.
        options: What to write; the default is a GLB per face and overlays.
        on_progress: Called after each photograph.

    Returns:
        The sums.

    Raises:
        OutputError: The output folder cannot be made or a file not written.
        MissingDependencyError: A package is missing that the reconstruction or a sample needs.
    """
    options = options or JobOptions()
    made = not os.path.lexists(out_dir)
    folder = _output_folder(out_dir)
    report = JobReport(output=os.fspath(out_dir))
    stems = output_stems(source.name for source in sources)
    with FacesFile(folder) as records, draft_folder(folder) as drafts:
        place = _Place(folder, drafts)
        try:
            for source, stem in zip(sources, stems, strict=True):
                outcome = _one_photo(reconstruct, source, place, stem, options, report, records)
                if on_progress is not None:
                    on_progress(outcome)
            report.complete = True
        except OutputError:
            raise
        except BaseException:
            records.save(report.failures, complete=False)
            raise
        if report.images or not report.failures:
            records.save(report.failures, complete=True)
            made = False
    if made:
        with suppress(OSError):  # somebody else's files are in it by now
            folder.rmdir()
    return report


def _output_folder(out_dir: str | os.PathLike[str]) -> Path:
    folder = Path(out_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the output folder {folder}: {error.strerror or error}"
        ) from error
    return folder


def _one_photo(
    reconstruct: Reconstruct,
    source: ImageSource,
    place: _Place,
    stem: str,
    options: JobOptions,
    report: JobReport,
    records: FacesFile,
) -> PhotoOutcome:
    try:
        if source.problem is not None:
            raise InputError(source.problem)
        image = read_image(source.location, max_pixels=options.max_pixels)
        faces = reconstruct(image)
        record = _write_photo(image, faces, place, stem, options)
    except (OutputError, MissingDependencyError):  # not this photograph's fault
        raise
    except FrsdkError as error:
        message = " ".join(str(error).split())
        report.failures.append((source.location, message))
        return PhotoOutcome(source.location, None, message)
    records.append({"file": source.location, **record})
    report.images += 1
    report.faces += len(faces)
    report.overlays += options.overlay
    report.meshes += len(faces) if options.mesh != "none" else 0
    if not faces:
        report.without_face.append(source.location)
    return PhotoOutcome(source.location, len(faces), None)


def _write_photo(
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    place: _Place,
    stem: str,
    options: JobOptions,
) -> dict[str, object]:
    """Write the meshes and the overlay of one photograph, all or none; returns its record."""
    entries: list[dict[str, object]] = []
    overlay = None
    with _draft(place.drafts) as draft:
        for number, face in enumerate(faces):
            mesh = None
            if options.mesh != "none":
                mesh = f"{stem}.{number}.{options.mesh}"
                face.save(draft / mesh, image)
            entries.append({**face.to_dict(), "mesh": mesh})
        if options.overlay:
            overlay = stem + OVERLAY_SUFFIX
            atomic_write(draft / overlay, _png_from_image(draw_faces(image, faces)))
        _move_all(draft, place.folder)
    _remove_older_meshes(place.folder, stem, len(faces), options.mesh)
    height, width = image.shape[:2]
    return {"width": width, "height": height, "overlay": overlay, "faces": entries}


@contextmanager
def _draft(drafts: Path) -> Iterator[Path]:
    """A folder for one photograph, gone at the end: what is written there is moved out whole."""
    try:
        draft = tempfile.TemporaryDirectory(dir=drafts)
    except OSError as error:
        raise cannot_write(drafts.parent, error) from error
    with draft as name:
        yield Path(name)


def _move_all(draft: Path, folder: Path) -> None:
    """Move what a folder holds into another; a failure leaves nothing that was not there."""
    new: list[Path] = []
    try:
        for path in sorted(draft.iterdir()):
            target = folder / path.name
            before = target.exists()
            path.replace(target)
            new += [] if before else [target]
    except OSError as error:
        for path in new:
            path.unlink(missing_ok=True)
        raise cannot_write(folder, error) from error


def _remove_older_meshes(folder: Path, stem: str, faces: int, kind: str) -> None:
    """Meshes of faces that an earlier run found in a photograph and this one did not."""
    older = folder / f"{stem}.{faces}.{kind}"
    try:
        while kind != "none" and older.is_file():
            older.unlink()
            faces += 1
            older = folder / f"{stem}.{faces}.{kind}"
    except OSError as error:
        raise cannot_write(older, error) from error


def _png_from_image(image: NDArray[np.uint8]) -> bytes:
    done, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT])
    if not done:
        raise OutputError(f"OpenCV cannot encode an image of shape {image.shape} as PNG")
    return content.tobytes()
