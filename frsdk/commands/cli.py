"""The `frsdk` command."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any  # Any: options by name

import click

from .batch_command import batch
from .cache_command import cache
from .camera_command import camera
from .console_errors import counted, one_line, reports_errors, version_option
from .doctor_command import doctor
from .options.given_options import was_given
from .options.network_options import NetworkOptions, max_pixels_option, network_options
from .output_names import MESH_KINDS, PICTURE_FORMATS
from .reconstruct_defaults import JobOptions
from .serve_command import serve
from .terminal import progress
from .video_command import video
from .web_command import web

if TYPE_CHECKING:
    from ..imaging.image_sources import ImageSource
    from ..reconstructor import FaceReconstructor
    from .reconstruct_photos import JobReport, PhotoOutcome, Reconstruct

_DEFAULTS = JobOptions()
_LOG_EVERY_S = 30.0  # a line of progress where stderr is no terminal


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("frsdk")
def main() -> None:
    """3D faces from photographs, videos and cameras."""


main.add_command(batch)
main.add_command(cache)
main.add_command(camera)
main.add_command(doctor)
main.add_command(serve)
main.add_command(video)
main.add_command(web)


@main.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IMAGE|FOLDER|GLOB|-|sample:NAME...")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Where the results go.")
@click.option(
    "--mesh",
    type=click.Choice(MESH_KINDS),
    default=_DEFAULTS.mesh,
    show_default=True,
    help="Mesh file of each face.",
)
@click.option("--faces", type=click.IntRange(min=1), metavar="N", help="At most N faces a photo.")
@max_pixels_option("photos")
@network_options
@click.option("--overlay/--no-overlay", default=True, help="Write an overlay PNG per photo.")
@click.option("--depth", is_flag=True, help="Write depth per photo: 16 bits, 0.01 mm a step.")
@click.option("--normals", is_flag=True, help="Write the surface normals per photo.")
@click.option("--pncc", is_flag=True, help="Write the projected normalised coordinate code.")
@click.option("--mask", is_flag=True, help="Write a mask of the faces per photo.")
@click.option("--uv", is_flag=True, help="Write texture coordinates per photo.")
@click.option(
    "--picture-format",
    type=click.Choice(PICTURE_FORMATS),
    default=_DEFAULTS.picture_format,
    show_default=True,
    help="Of depth, normals, pncc, mask and uv; npy and exr (extra exr) keep floats.",
)
@click.option("--scene", is_flag=True, help="Write all faces of a photo before it, as one GLB.")
@click.option("--html", is_flag=True, help="Write faces.html: everything to look at, offline.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines on stdout.")
@reports_errors
def reconstruct(
    inputs: tuple[str, ...],
    output: str,
    mesh: str,
    faces: int | None,
    max_pixels: int,
    overlay: bool,
    picture_format: str,
    scene: bool,
    html: bool,
    as_json: bool,
    **others: Any,
) -> None:
    """Reconstruct the faces of photographs: overlays, meshes and faces.json.

    A photograph without a face is not an error. One that cannot be read is one line on stderr; the
    others go on, and the exit code is 1. sample:astronaut is a photograph of scikit-image.
    """
    from ..imaging.image_sources import find_images
    from .small_faces_hint import SmallFacesHint

    sources = find_images(inputs, strict=False)
    network = NetworkOptions.taken_from(others)  # what is left are the kinds of pictures
    pictures = tuple(kind for kind, wanted in others.items() if wanted)
    if was_given("picture_format") and not pictures:
        raise click.UsageError(
            "--picture-format is of --depth, --normals, --pncc, --mask and --uv: add one of them"
        )
    options = JobOptions(
        mesh=mesh,
        overlay=overlay,
        pictures=pictures,
        picture_format=picture_format,
        scene=scene,
        html=html,
        max_pixels=max_pixels,
    )
    with network.open(faces) as reconstructor:
        _check_has_triangles(reconstructor, options)
        hint = SmallFacesHint(reconstructor)
        report = _run(reconstructor if network.min_face else hint, sources, output, options)
    if hint.line:
        click.echo(f"frsdk: {hint.line}", err=True)
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=1))
    elif report.images or not report.failures:  # else the lines on stderr have said it all
        click.echo(_summary(report))
    if report.failures:
        sys.exit(1)


def _check_has_triangles(reconstructor: FaceReconstructor, options: JobOptions) -> None:
    from ..errors import InputError

    model = reconstructor.face_model
    if len(model.triangles):
        return
    if options.mesh != "none":
        raise InputError(
            f"the face model {model.name} has no triangles, so there is no mesh to write: "
            "use --mesh none"
        )
    if options.pictures or options.scene:
        raise InputError(
            f"the face model {model.name} has no triangles, so there is no surface to show: "
            "leave --depth, --normals, --pncc, --mask, --uv and --scene out"
        )


def _run(
    reconstruct: Reconstruct, sources: list[ImageSource], output: str, options: JobOptions
) -> JobReport:
    """The batch, with its progress on stderr."""
    from .reconstruct_photos import reconstruct_files

    with progress("reconstructing", len(sources), lines_every_s=_LOG_EVERY_S) as advance:

        def on_progress(outcome: PhotoOutcome) -> None:
            _report_photo(outcome)
            advance(1, "")

        return reconstruct_files(reconstruct, sources, output, options, on_progress)


def _report_photo(outcome: PhotoOutcome) -> None:
    if outcome.error is not None:
        click.echo(f"frsdk: {one_line(outcome.error)}", err=True)
    elif outcome.faces == 0:
        click.echo(f"frsdk: {one_line(outcome.file)}: no face found", err=True)


def _summary(report: JobReport) -> str:
    parts = [
        f"{counted(report.faces, 'face')} in {counted(report.images, 'photo')}",
        f"{counted(report.meshes, 'mesh', 'meshes')}, {counted(report.overlays, 'overlay')} "
        f"and faces.json in {report.output}",
    ]
    if report.failures:
        parts.append(f"{counted(len(report.failures), 'photo')} failed")
    return "; ".join(parts)
