"""`frsdk batch`: pictures by the million."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any  # options of click by name

import click

from ..scale.batch_defaults import BatchOptions
from .console_errors import counted, one_line, reports_errors
from .options.finite_range import FiniteRange
from .options.network_options import (
    NetworkOptions,
    address_option,
    batch_size_option,
    max_pixels_option,
    network_options,
)
from .terminal import Advance, progress

if TYPE_CHECKING:
    from ..scale.batch_run import BatchReport

_DEFAULTS = BatchOptions()
_SHOWN = 5  # inputs that name nothing, before they are only counted


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IMAGE|FOLDER|GLOB|URI...")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Where the Parquet files go.")
@click.option("--faces", type=click.IntRange(min=1), metavar="N", help="At most N faces a picture.")
@network_options
@click.option(
    "--actors",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes [default: one a CPU, or a GPU].",
)
@click.option(
    "--cpus",
    type=FiniteRange(min=0),
    default=_DEFAULTS.num_cpus,
    show_default=True,
    metavar="X",
    help="Of a process.",
)
@click.option(
    "--gpus",
    type=FiniteRange(min=0),
    default=_DEFAULTS.num_gpus,
    metavar="X",
    help="Of a process; 0.5 lets two share one.",
)
@batch_size_option(_DEFAULTS.batch_size, "Pictures of one call.")
@max_pixels_option("pictures")
@address_option
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines on stdout.")
@reports_errors
def batch(
    inputs: tuple[str, ...],
    output: str,
    faces: int | None,
    actors: int | None,
    cpus: float,
    gpus: float,
    batch_size: int,
    max_pixels: int,
    address: str | None,
    as_json: bool,
    **network: Any,
) -> None:
    """Reconstruct the faces of very many pictures on Ray into Parquet files.

    A folder or bucket (s3://BUCKET/FOLDER) gives its pictures. The same command goes on where it
    was cut short. A picture that cannot be read is a row with the reason, and no failure.
    """
    from ..scale.batch_run import reconstruct_to_parquet

    options = BatchOptions(
        reconstructor=NetworkOptions(**network).named(faces),
        actors=actors,
        num_cpus=cpus,
        num_gpus=gpus,
        batch_size=batch_size,
        max_pixels=max_pixels,
        address=address,
    )
    with ExitStack() as opened:
        bars: list[Advance] = []

        def on_total(total: int) -> None:
            bars.append(opened.enter_context(progress("reconstructing", total, lines_every_s=10.0)))

        def on_progress(done: int, report: BatchReport) -> None:
            bars[0](done, f"{report.broken} broken" if report.broken else "")

        # Ray prints on stdout what dies; it is done again, or its row says it.
        opened.enter_context(redirect_stdout(opened.enter_context(Path(os.devnull).open("w"))))
        report = reconstruct_to_parquet(inputs, output, options, on_progress, on_total)
    for _, why in report.problems[:_SHOWN]:
        click.echo(f"frsdk: {one_line(why)}", err=True)
    if len(report.problems) > _SHOWN:
        click.echo(f"frsdk: and {len(report.problems) - _SHOWN} more name nothing", err=True)
    click.echo(json.dumps(report.to_dict(), indent=1) if as_json else _summary(report))
    if report.problems:
        sys.exit(1)


def _summary(report: BatchReport) -> str:
    parts = [f"{counted(report.faces, 'face')} in {counted(report.images, 'picture')}"]
    if report.broken:
        parts.append(f"{counted(report.broken, 'picture')} broken (column error)")
    if report.skipped:
        parts.append(f"{report.skipped} done before")
    return f"{'; '.join(parts)}: {report.output}/part-*.parquet"
