"""The command ``frsdk-eval detector``."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors

from .detectors_option import detectors_option

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("faces", type=_FOLDER)
@click.argument("backgrounds", type=_FOLDER)
@detectors_option
@click.option("--photos", type=_FOLDER, help="Whole photographs with photos.json.")
@click.option("--altered", is_flag=True, help="Also PHOTOS with masks and glasses, and rolled.")
@click.option("--scenes", type=click.IntRange(1), default=400, show_default=True)
@click.option("--nme-scenes", type=click.IntRange(1), default=60, show_default=True)
@click.option("--portraits", type=click.IntRange(1), help="Faces by themselves. [default: all]")
@click.option("--rounds", type=click.IntRange(1), default=60, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reports_errors
def detector(
    faces: Path,
    backgrounds: Path,
    detectors: tuple[str, ...],
    photos: Path | None,
    altered: bool,
    scenes: int,
    nme_scenes: int,
    portraits: int | None,
    rounds: int,
    as_json: bool,
) -> None:
    """Measure face detectors on the held-out crops in FACES and pictures in BACKGROUNDS.

    FACES holds val.npz and val-NN.tar; BACKGROUNDS holds photographs without faces. Prints average
    precision and recall at IoU 0.4 per size and |yaw|, false positives, what the boxes cost the
    landmarks, and latency on one thread.
    """
    import json
    from dataclasses import asdict

    from .detector_report import markdown
    from .run_detectors import Plan, environment, evaluate_detectors

    if altered and photos is None:
        raise click.UsageError("--altered changes the photographs of --photos: add it")
    plan = Plan(faces, backgrounds, photos, scenes, rounds, nme_scenes, portraits, altered)
    results = evaluate_detectors(
        list(dict.fromkeys(detectors)), plan, lambda line: click.echo(line, err=True)
    )
    if as_json:
        document = {"environment": environment(), "detectors": [asdict(each) for each in results]}
        click.echo(json.dumps(document, indent=1))
        return
    for line in markdown(results, environment()):
        click.echo(line)
