"""`frsdk video`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any  # Any: options by name

import click

from ..video.video_defaults import VideoOptions
from .console_errors import ReportedError, counted, one_line, reports_errors
from .options.given_options import was_given
from .options.network_options import NetworkOptions, max_pixels_option, network_options
from .options.tracking_options import tracking_options
from .output_names import MESH_KINDS
from .stop_signals import stop_signals
from .terminal import progress

if TYPE_CHECKING:
    from ..video.output_paths import OutputPaths
    from ..video.track_video import VideoReport

_DEFAULTS = VideoOptions()


@click.command()
@click.argument("input_", metavar="VIDEO")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FOLDER|FILE.mp4",
    help="Where the results go; a .mp4 is the overlay, with the records beside it.",
)
@tracking_options
@click.option("--overlay/--no-overlay", default=True, help="Write the video with the faces drawn.")
@click.option("--csv", is_flag=True, help="Write faces.csv too: a row a face and frame.")
@click.option("--parquet", is_flag=True, help="Write faces.parquet too.")
@click.option("--blendshapes", is_flag=True,
              help="Name expressions as ARKit does; faces.blendshapes.ID.csv too.")  # fmt: skip
@click.option(
    "--mesh",
    type=click.Choice(MESH_KINDS),
    default=_DEFAULTS.mesh,
    show_default=True,
    help="Mesh file of each face.",
)
@click.option("--every", type=click.IntRange(min=1), default=_DEFAULTS.every, show_default=True,
              metavar="N", help="Meshes of every Nth frame.")  # fmt: skip
@max_pixels_option("frames")
@network_options
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines on stdout.")
@reports_errors
def video(
    input_: str,
    output: str,
    faces: int,
    smoothing: str,
    overlay: bool,
    csv: bool,
    parquet: bool,
    blendshapes: bool,
    mesh: str,
    every: int,
    max_pixels: int,
    as_json: bool,
    **network: Any,
) -> None:
    """Follow the faces of a video: an overlay with sound, and faces.jsonl, a line a frame.

    Ctrl-C ends the video there, with whole files and an exit code that is not 0. Files end in .part
    while they grow. A video that is cut off is done as far as it goes, and reported.
    """
    from ..tracking.face_tracker import FaceTracker
    from ..video.output_paths import output_paths
    from ..video.track_video import track_video
    from ..video.video_reader import VideoReader

    options = VideoOptions(
        overlay=overlay, csv=csv, parquet=parquet, mesh=mesh, every=every, blendshapes=blendshapes
    )
    if was_given("every") and mesh == _DEFAULTS.mesh:
        raise click.UsageError("--every is of meshes: add --mesh")
    paths = output_paths(input_, output, overlay=overlay)
    with (
        VideoReader(input_, max_pixels=max_pixels) as reader,
        NetworkOptions(**network).open(faces) as reconstructor,
        FaceTracker(
            reconstructor,
            max_faces=faces,
            smoothing=None if smoothing == "none" else smoothing,
        ) as tracker,
        stop_signals() as signals,
        progress("tracking", reader.expected_frames) as advance,
    ):
        report = track_video(
            reader, tracker, paths, options, stop=signals.stop, on_frame=lambda done: advance(1, "")
        )
    summary = _summary_dict(input_, paths, options, report)
    if report.frames:
        click.echo(json.dumps(summary, indent=1) if as_json else _summary(report, summary))
    _report_faults(input_, report)
    if report.interrupted:
        sys.exit(signals.exit_code)


def _summary_dict(
    source: str, paths: OutputPaths, options: VideoOptions, report: VideoReport
) -> dict[str, object]:
    """The report, ready for JSON."""
    from ..video.blendshape_takes import BlendshapeTakes

    return {
        "input": source,
        "complete": not (report.interrupted or report.truncated),
        "overlay": str(paths.overlay) if options.overlay else None,
        "faces_file": str(paths.lines),
        "csv": str(paths.csv) if options.csv else None,
        "parquet": str(paths.parquet) if options.parquet else None,
        "blendshapes": BlendshapeTakes.pattern(paths.csv) if options.blendshapes else None,
        "meshes": report.meshes,
        "frames": report.frames,
        "frames_with_face": report.frames_with_face,
        "ids": report.ids,
        "damaged": report.damaged,
        "resized": report.resized,
        "retimed": report.retimed,
        "width": report.width,
        "height": report.height,
        "duration_s": round(report.duration_s, 3),
        "audio": report.audio,
        "elapsed_s": round(report.elapsed_s, 3),
        "frames_per_s": round(report.frames / max(report.elapsed_s, 1e-9), 2),
    }


def _summary(report: VideoReport, summary: dict[str, object]) -> str:
    rate = report.frames / max(report.elapsed_s, 1e-9)
    files = ("overlay", "faces_file", "csv", "parquet", "blendshapes")
    written = [str(summary[key]) for key in files if summary[key]]
    meshes = [counted(report.meshes, "mesh", "meshes")] if report.meshes else []
    return (
        f"a face in {report.frames_with_face} of {counted(report.frames, 'frame')}, "
        f"{counted(report.ids, 'id')} ({rate:.1f} frames/s); {', '.join(written + meshes)}"
    )


def _report_faults(source: str, report: VideoReport) -> None:
    """What was wrong with the video, a line each; exit code 1 where it was not done to its end."""
    notes = (
        (report.damaged, "damaged and left out"),
        (report.resized, "of another size, fitted into the first one's"),
    )
    for number, what in notes:
        if number:
            click.echo(f"frsdk: {one_line(source)}: {counted(number, 'frame')} {what}", err=True)
    if report.interrupted:
        done = counted(report.frames, "frame")
        kept = "the files hold them" if report.frames else "nothing is written"
        click.echo(f"frsdk: {one_line(source)}: stopped after {done}: {kept}", err=True)
    elif report.truncated:
        raise ReportedError(
            f"{source}: ends too early (cut off?): {counted(report.frames, 'frame')} were there"
        )
