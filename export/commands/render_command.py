"""``frsdk-train render``: labelled crops of made-up people with exact truth."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("sources", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of crops to write.")
@click.option("--count", type=click.IntRange(1), default=1000, show_default=True, help="Pictures.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the people.")
@click.option("--split", type=click.Choice(["train", "val"]), default="train", show_default=True)
@click.option("--face-model", type=_FILE, help="Fit its 62 parameters too; an .npz.")
@click.option("--backdrops", type=_FOLDER, help="Pictures without faces, for backgrounds.")
@click.option("--every-name", is_flag=True, help="All of ARKit's names alike, to measure by.")
@click.option("--sheet", type=_FILE, help="Also write a contact sheet, .png or .jpg.")
@reports_errors
def render(
    sources: Path,
    output: Path,
    count: int,
    seed: int,
    split: str,
    face_model: Path | None,
    backdrops: Path | None,
    every_name: bool,
    sheet: Path | None,
) -> None:
    """Draw crops of made-up people from the fetched open SOURCES (needs the synth extra).

    Writes landmarks in 3D, which of them are seen, ARKit's weights and, with --face-model, its
    parameters. One process takes one core: run several with different seeds.
    """
    from ..renders.write_renders import RenderSettings, write_renders

    settings = RenderSettings(count, seed, backdrops, every_name)
    done = write_renders(sources, output, settings, split=split, face_model=face_model, sheet=sheet)
    click.echo(
        f"{output}: {done.count} {split} crops, {done.pictures_per_s:.1f} pictures/s, "
        f"{done.pictures_per_core_s:.1f} a second of processor time"
    )


@click.command(name="check-renders")
@click.argument("renders", type=_FOLDER)
@click.option("--face-model", type=_FILE, required=True, help="Fitted to the points; an .npz.")
@click.option("--split", type=click.Choice(["train", "val"]), default="val", show_default=True)
@click.option("--sources", type=_FOLDER, help="Also tell names where the neutral face is known.")
@reports_errors
def check_renders(renders: Path, face_model: Path, split: str, sources: Path | None) -> None:
    """Print how a face model and the named expressions hold on the exact truth of RENDERS."""
    from ..renders.evaluate_renders import evaluate_renders

    for line in evaluate_renders(renders, face_model, split, sources):
        click.echo(line)
