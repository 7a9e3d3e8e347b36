"""``frsdk-train``: train a network on labelled face crops and measure it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from frsdk._version import __version__
from frsdk.commands.console_errors import ReportedError, reports_errors
from frsdk.commands.options.finite_range import FiniteRange

from .commands.import_command import import_faces
from .commands.label_command import label
from .commands.open_data_commands import calibrate_mesh, select_congress
from .commands.render_command import check_renders, render
from .commands.train_detector_command import detector
from .runs.run_progress import show_progress
from .runs.seed_range import MOST_SEED

if TYPE_CHECKING:
    from .runs.run_log import ScalarLog
    from .training.trainer import Trainer

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="frsdk-train")
def main() -> None:
    """Train and measure networks (needs the export extra)."""


main.add_command(detector)
main.add_command(import_faces)
main.add_command(label)
main.add_command(select_congress)
main.add_command(calibrate_mesh)
main.add_command(render)
main.add_command(check_renders)


@main.command()
@click.argument("faces", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of the run.")
@click.option("--config", "config_file", type=_FILE, help="A .json of options; flags win.")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@click.option(
    "--space",
    type=click.Choice(["builtin", "bfm", "ict"]),
    help="The face model's space: that of --face-model, checked (bfm: labels are param62).",
)
@click.option(
    "--init", type=_FILE, help="A .pth to start from (all but the last layer in another space)."
)
@click.option("--learning-rate", type=FiniteRange(0, min_open=True), help="Peak rate.")
@click.option("--full-size", is_flag=True, help="Train on full-size crops from the first step.")
@click.option(
    "--profiling",
    type=FiniteRange(0, 1),
    metavar="SHARE",
    help="Turn this share of the faces in 3D to large poses (default 0).",
)
@click.option("--architecture", help="Default mobile_frnet.")
@click.option("--steps", type=click.IntRange(1), help="Default 4000.")
@click.option("--batch-size", type=click.IntRange(2), help="Over all processes; default 64.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Default 0.")
@click.option("--threads", type=click.IntRange(1), help="PyTorch's threads.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option(
    "--workers",
    type=click.IntRange(0),
    help="Loader processes (CUDA: 8; CPU or no fork: 0, a thread).",
)
@click.option(
    "--bad-share",
    type=FiniteRange(0, 1),
    default=0.0,
    show_default=True,
    help="Skip damaged crops, named, up to this share of them.",
)
@click.option("--also", type=_FOLDER, multiple=True, help="More labelled crops; may be repeated.")
@click.option("--tensorboard", is_flag=True, help="Also write TensorBoard's events.")
@click.option(
    "--data-card", type=_FILE, help="JSON with name and licence of FACES (else its card.json)."
)
@reports_errors
def network(
    faces: Path,
    output: Path,
    config_file: Path | None,
    face_model: Path | None,
    space: str | None,
    init: Path | None,
    full_size: bool,
    threads: int | None,
    device: str,
    workers: int | None,
    bad_share: float,
    also: tuple[Path, ...],
    tensorboard: bool,
    data_card: Path | None,
    **given: int | float | str | None,
) -> None:
    """Train on the crops in FACES (train.npz, train-NN.tar); resumes a run in the same folder.

    Writes state.pth (to resume), log.csv and, at the end, model.pth for frsdk-export. Several
    processes: torchrun --nproc-per-node N -m frsdk.export.train_cli network ...
    """
    from .runs.memory_allocation import keep_freed_memory
    from .training.run_training import RunOptions, chosen_config, train_network

    keep_freed_memory()
    config = chosen_config(config_file, given, full_size=full_size)
    options = RunOptions(
        face_model=face_model,
        space=space,
        init=init,
        threads=threads,
        device=device,
        workers=workers,
        bad_share=bad_share,
        tensorboard=tensorboard,
        data_card=data_card,
        also=also,
    )
    result = train_network(faces, output, config, options, run=_run)
    if not result.finished:
        raise ReportedError(f"{result.text}: run it again to resume")
    if result.leads:
        click.echo(result.text)


@main.command()
@click.argument("faces", type=_FOLDER)
@click.option("--engine", type=_FILE, help="An .onnx, builtin (the default) or builtin-open.")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@reports_errors
def evaluate(faces: Path, engine: Path | None, face_model: Path | None) -> None:
    """Print the NME on the held-out crops in FACES (val.npz, val-NN.tar), a Markdown table.

    Percent of sqrt(w h) of the label's box, per bin of absolute yaw; lmk68 are the teacher's
    landmarks, gt68 annotated ones.
    """
    from .training.validation_nme import markdown_table, validate

    for line in markdown_table(validate(faces, engine, face_model)):
        click.echo(line)


@main.command()
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option("--share", type=FiniteRange(0, 1), required=True, help="Of SECOND.")
@click.option("-o", "--output", type=_FILE, required=True, help="The .pth to write.")
@reports_errors
def interpolate(first: Path, second: Path, share: float, output: Path) -> None:
    """Write weights between FIRST and SECOND, which was fine-tuned from it."""
    from .training.interpolated_weights import write_interpolated

    write_interpolated(first, second, share, output)
    click.echo(f"{output}: {1 - share:g} {first} + {share:g} {second}")


def _run(trainer: Trainer, board: ScalarLog | None) -> None:
    """Train with a progress bar on a terminal."""
    if not trainer.team.leads:
        trainer.run()
        return
    if trainer.step:
        click.echo(f"resumed at step {trainer.step}", err=True)
    show_progress(lambda on_step: trainer.run(on_step, board), trainer.config.steps - trainer.step)


if __name__ == "__main__":  # torchrun starts modules
    main()
