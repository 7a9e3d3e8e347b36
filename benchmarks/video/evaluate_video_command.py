"""The command ``frsdk-eval video``."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors
from frsdk.commands.terminal import show_step

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("photographs", nargs=-1, metavar="[PHOTO]...")
@click.option(
    "--clip",
    "clips",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="A video without truth; may be repeated.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="TEXT",
    help="Generated clips whose name holds this; may be repeated. [default: all]",
)
@click.option(
    "--openseeface",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A checkout of OpenSeeFace, timed on the --clip files beside frsdk.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reports_errors
def video(
    photographs: tuple[str, ...],
    clips: tuple[Path, ...],
    only: tuple[str, ...],
    openseeface: Path | None,
    as_json: bool,
) -> None:
    """Measure the tracker on clips made from photographs: jitter, lag, loss, identity.

    scikit-image's astronaut is always among the photographs, each of which shows one face. They
    are moved along known paths and turned in 3D, with sensor noise, blur and compression. Beside
    frsdk's presets stand the mean of three frames, and one filter per coordinate.
    """
    import json
    from dataclasses import asdict

    import cv2

    from ..speed.reporting.report_tables import markdown_lines
    from .run_video_evaluation import evaluate_video
    from .video_report import tables

    if openseeface is not None and not clips:
        raise click.UsageError("--openseeface is timed on clips: name one with --clip.")
    cv2.setNumThreads(1)
    found = evaluate_video(
        photographs, clips, only=only, openseeface=openseeface, progress=show_step
    )
    show_step("")
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    click.echo("\n".join(markdown_lines(tables(found))).rstrip())
