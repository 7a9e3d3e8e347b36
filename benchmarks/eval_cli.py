"""``frsdk-eval``: accuracy by the protocols of the literature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any  # Any: options as click passes them on

import click

from frsdk.commands.console_errors import reports_errors, version_option
from frsdk.commands.options.finite_range import FiniteRange
from frsdk.commands.terminal import progress

from .accuracy.evaluation_defaults import THRESHOLD_PERCENT, WORST, EvaluationOptions
from .detection.evaluate_detector_command import detector
from .detection.missed_pictures import misses
from .video.evaluate_video_command import video

if TYPE_CHECKING:
    from .protocols.face_set import FaceSet

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_PIXELS = click.Choice(["half-pixel", "3ddfa"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("frsdk-eval")
def main() -> None:
    """Measure networks on labelled faces (NME per yaw bin, curves, pose), and detectors."""


main.add_command(detector)
main.add_command(misses)
main.add_command(video)


def _measures(read: Callable[..., FaceSet]) -> Callable[..., None]:
    """Give a command that reads faces the options that say how to measure them."""

    @reports_errors
    def command(**options: Any) -> None:
        _run(read, options)

    # Not functools.wraps: click would take the reader's own signature.
    command = functools.update_wrapper(command, read)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--engine",
        default="builtin",
        show_default=True,
        metavar="[NAME=]FILE,...",
        help="Networks side by side: .onnx, .pth or .engine files, builtin or builtin-open.",
    ),
    click.option(
        "--face-model",
        "face_models",
        type=_FILE,
        multiple=True,
        metavar="FILE.npz",
        help="Of networks that are not for the built-in one; may be repeated.",
    ),
    click.option(
        "--predictions",
        multiple=True,
        metavar="[NAME=]FILE",
        help="Another system's landmarks, .npz or .json, beside the networks; may be repeated.",
    ),
    click.option(
        "--boxes",
        type=click.Choice(["truth", "detector"]),
        default="truth",
        show_default=True,
        help="Where the network looks.",
    ),
    click.option(
        "--detector",
        metavar="builtin|FILE.onnx",
        help="Of --boxes detector. [default: builtin]",
    ),
    click.option(
        "--truth-model",
        type=_FILE,
        metavar="FILE.npz",
        help="3DDFA-space face model that makes the true surface of the labels' parameters.",
    ),
    click.option(
        "--threshold",
        type=FiniteRange(0, 1000, min_open=True),
        default=THRESHOLD_PERCENT,
        show_default=True,
        metavar="PERCENT",
        help="End of the curve; a face above it counts as failed.",
    ),
    click.option(
        "--worst",
        type=click.IntRange(0),
        default=WORST,
        show_default=True,
        metavar="N",
        help="Faces on each sheet of worst cases; 0 draws none.",
    ),
    click.option(
        "--groups",
        type=_FILE,
        metavar="FILE.csv",
        help="Groups of the pictures' people (file, then a column each): figures by group.",
    ),
    click.option("--threads", type=click.IntRange(1), default=1, show_default=True, metavar="N"),
    click.option("-o", "--output", type=_FOLDER, help="Folder for JSON, Markdown and PNG files."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown."),
)


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--configs", type=_FOLDER, help="3DDFA's test.configs; else .mat files are read.")
@click.option("--labels", type=click.Choice(["original", "reannotated"]), help="[default: both]")
@click.option("--split", type=click.Choice(["fitted", "aflw"]), help="Of yaw. [default: both]")
@click.option("--pixels", type=_PIXELS, default="half-pixel", show_default=True, help="Of crops.")
@_measures
def aflw2000(folder: Path, **options: Any) -> FaceSet:
    """AFLW2000-3D: FOLDER holds the pictures with their .mat files, or 3DDFA's crops."""
    from .protocols.aflw2000 import Aflw2000Options, read_aflw2000

    return read_aflw2000(folder, Aflw2000Options(**options))


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--configs", type=_FOLDER, required=True, help="Folder of the AFLW_GT_* files.")
@click.option("--pixels", type=_PIXELS, default="half-pixel", show_default=True, help="Of crops.")
@_measures
def aflw(folder: Path, configs: Path, pixels: str) -> FaceSet:
    """AFLW, 21 visible points: FOLDER holds 3DDFA's crops (AFLW_GT_crop) or the originals."""
    from .protocols.aflw import read_aflw

    return read_aflw(folder, configs, pixels=pixels)


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--subset", default="val", show_default=True, metavar="NAME", help="NAME.npz.")
@_measures
def faces(folder: Path, subset: str) -> FaceSet:
    """Crops in tar shards: FOLDER holds val.npz and val-NN.tar; figures by label and source."""
    from .protocols.labelled_shards import read_shards

    return read_shards(folder, subset)


@main.command("folder")
@click.argument("folder", type=_FOLDER)
@click.option("--labels", type=_FILE, help="A .json or .npz file of landmarks for all.")
@_measures
def any_folder(folder: Path, labels: Path | None) -> FaceSet:
    """Any FOLDER of photographs with a .pts file beside each, or landmarks.json or .npz."""
    from .protocols.landmark_folder import read_folder

    return read_folder(folder, labels)


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--subset", default="val", show_default=True, metavar="NAME", help="NAME.npz.")
@click.option(
    "--engine",
    default="builtin",
    show_default=True,
    metavar="[NAME=]FILE,...",
    help="Networks side by side, builtin and builtin-open too; none: no network.",
)
@click.option("--face-model", "face_models", type=_FILE, multiple=True, metavar="FILE.npz")
@click.option(
    "--predictions",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Another system's landmarks, .npz or .json; may be repeated.",
)
@click.option("--brief", is_flag=True, help="Print all faces alone, without sources and yaw.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, metavar="N")
@click.option("-o", "--output", type=_FOLDER, help="Folder for expression.json and .md.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown.")
@reports_errors
def expression(
    folder: Path,
    subset: str,
    engine: str,
    face_models: tuple[Path, ...],
    predictions: tuple[str, ...],
    brief: bool,
    threads: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Eyes, mouth and brows against annotated landmarks, and closed eyes.

    FOLDER holds crops in shards, as for faces. Eye opening, mouth opening, mouth width and brow
    height: correlation, slope and offset, by source and yaw.
    """
    from frsdk.morphable.morphable_model import MorphableModel
    from frsdk.storage.atomic_write import atomic_write, make_folder

    from .accuracy.compared_networks import choices_from_text
    from .accuracy.read_predictions import prediction_files
    from .accuracy.run_expression_evaluation import (
        evaluate_expression,
        expression_json,
        expression_markdown,
        expression_summary,
        read_expression_faces,
    )

    if brief and as_json:
        raise click.UsageError("--brief is of the text: leave --json out")
    networks = [] if engine == "none" else choices_from_text(engine)
    files = prediction_files(predictions, [each.name for each in networks])
    if not networks and not files:
        raise click.UsageError("--engine none needs --predictions")
    models = [MorphableModel.load(path) for path in face_models]
    found = read_expression_faces(folder, subset)
    runs = len(found.faces.pictures) * len(networks)
    with progress("evaluating", runs) as advance:
        scores = evaluate_expression(
            found,
            networks,
            files,
            face_models=models,
            threads=threads,
            on_progress=lambda: advance(1, ""),
        )
    markdown, machine = expression_markdown(subset, scores), expression_json(subset, scores)
    shown_text = expression_summary(scores) if brief else markdown
    click.echo(machine if as_json else shown_text, nl=False)
    if output is not None:
        make_folder(output)
        atomic_write(output / "expression.md", markdown.encode())
        atomic_write(output / "expression.json", machine.encode())
        click.echo(f"{output}: 2 files", err=True)


def _run(read: Callable[..., FaceSet], options: dict[str, Any]) -> None:
    """Read the faces, evaluate, write and print."""
    from frsdk.morphable.morphable_model import MorphableModel

    from .accuracy.accuracy_report import json_text, markdown_text
    from .accuracy.compared_networks import choices_from_text
    from .accuracy.read_predictions import prediction_files
    from .accuracy.run_evaluation import evaluate, write_evaluation

    def take(name: str) -> Any:
        return options.pop(name)

    truth_model, output, as_json = take("truth_model"), take("output"), take("as_json")
    finder, boxes = take("detector"), take("boxes")
    if finder is not None and boxes == "truth":
        raise click.UsageError("--detector needs --boxes detector")
    networks = choices_from_text(take("engine"))
    names = [each.name for each in networks]
    settings = EvaluationOptions(
        networks=networks,
        face_models=[MorphableModel.load(path) for path in take("face_models")],
        detector=(finder or "builtin") if boxes == "detector" else None,
        truth_model=MorphableModel.load(truth_model) if truth_model else None,
        threshold_percent=take("threshold"),
        worst=take("worst"),
        threads=take("threads"),
        predictions=prediction_files(take("predictions"), names),
        groups=take("groups"),
    )
    found = read(**options)
    runs = len(found.pictures) * len(settings.networks)
    with progress("evaluating", runs) as advance:
        evaluation = evaluate(found, settings, lambda: advance(1, ""))
    text = json_text(evaluation.report) if as_json else markdown_text(evaluation.report)
    click.echo(text, nl=False)
    if output is not None:
        written = write_evaluation(evaluation, output)
        click.echo(f"{output}: {len(written)} files", err=True)


if __name__ == "__main__":
    main()
