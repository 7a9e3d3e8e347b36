"""A batch of photographs into overlays, meshes and one faces.json."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import FrsdkError, InputError, MissingDependencyError, OutputError
from ..imaging.image_sources import STANDARD_INPUT, ImageSource
from ..imaging.read_image import read_image
from ..records.faces_html import HtmlPage
from ..records.faces_json import FACES_FILE, FacesFile
from ..storage.draft_folder import draft_folder
from .output_names import output_stems
from .photo_output_files import OutputPlace, write_photo
from .reconstruct_defaults import JobOptions

if TYPE_CHECKING:
    from ..face import Face


class Reconstruct(Protocol):
    """What finds the faces: a `FaceReconstructor`, or anything called like one."""

    def __call__(self, image_bgr: NDArray[np.uint8], /) -> Sequence[Face]:
        """Faces of one BGR image."""


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


def reconstruct_files(
    reconstruct: Reconstruct,
    sources: Sequence[ImageSource],
    out_dir: str | os.PathLike[str],
    options: JobOptions | None = None,
    on_progress: Callable[[PhotoOutcome], None] | None = None,
) -> JobReport:
    """Reconstruct the faces of many photographs, one after the other, into files.

    For a photograph `a.jpg` the folder receives `a.overlay.png` and, per face k from 0,
    `a.K.glb`; for all of them one `faces.json` (`FacesFile` has its schema). On demand also
    `a.depth.png` and its like (`write_picture` has what they hold), `a.scene.glb` (`write_scene`)
    and, for all of them, `faces.html`.

    A photograph that cannot be read or reconstructed is reported, and the others go on. Memory
    does not grow with their number. Every file is complete or not there. After an interruption
    (Ctrl-C, and for the command SIGTERM and SIGHUP) faces.json is still written with the
    photographs done so far, and the interruption goes on. When every photograph failed no
    faces.json is written, and no folder made. After a failure to write, the folder keeps the
    complete files written so far and the faces.json that it had.

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
    with (
        FacesFile(folder) as records,
        draft_folder(folder) as drafts,
        HtmlPage(folder) if options.html else nullcontext() as page,
    ):
        place = OutputPlace(folder, drafts)
        try:
            for source, stem in zip(sources, stems, strict=True):
                outcome = _one_photo(
                    reconstruct, source, place, stem, options, report, records, page
                )
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
            if page is not None:
                page.save()
            made = False
    if made:
        with suppress(OSError):  # somebody else's files are in it by now
            folder.rmdir()
    return report


def _output_folder(out_dir: str | os.PathLike[str]) -> Path:
    if not os.fspath(out_dir):
        raise InputError("expected an output folder, got an empty name: . is the current one")
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
    place: OutputPlace,
    stem: str,
    options: JobOptions,
    report: JobReport,
    records: FacesFile,
    page: HtmlPage | None,
) -> PhotoOutcome:
    try:
        if source.problem is not None:
            raise InputError(source.problem)
        is_stdin = source.location == STANDARD_INPUT
        if is_stdin and sys.stdin is None:
            raise InputError("-: standard input is closed: name a file")
        place_of_image = sys.stdin.buffer if is_stdin else source.location
        image = read_image(place_of_image, max_pixels=options.max_pixels)
        faces = reconstruct(image)
        record = write_photo(image, faces, place, stem, options)
        records.append({"file": source.location, **record})  # its files are there from now on
        if page is not None:
            page.append(source.name, stem, image, faces)
    except (OutputError, MissingDependencyError):  # not this photograph's fault
        raise
    except FrsdkError as error:
        message = " ".join(str(error).split())
        report.failures.append((source.location, message))
        return PhotoOutcome(source.location, None, message)
    report.images += 1
    report.faces += len(faces)
    report.overlays += options.overlay
    report.meshes += len(faces) if options.mesh != "none" else 0
    if not faces:
        report.without_face.append(source.location)
    return PhotoOutcome(source.location, len(faces), None)
