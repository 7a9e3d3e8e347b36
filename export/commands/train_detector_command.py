"""``frsdk-train detector``: train the face detector."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import ReportedError, reports_errors
from frsdk.commands.options.finite_range import FiniteRange

from ..detector.detector_training_defaults import DetectorConfig
from ..runs.seed_range import MOST_SEED

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_DEFAULTS = DetectorConfig()


def _shares(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, float]:
    """``NAME=SHARE`` texts as a mapping."""
    shares: dict[str, float] = {}
    for value in values:
        name, _, share = value.partition("=")
        try:
            shares[name] = float(share)
        except ValueError:
            raise click.BadParameter(f"expected SOURCE=SHARE, got {value!r}") from None
        if not 0.0 < shares[name] <= 1.0:
            raise click.BadParameter(f"expected a share up to 1, got {value!r}")
    return shares


@click.command()
@click.argument("faces", type=_FOLDER)
@click.argument("backgrounds", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of the run.")
@click.option("--also", type=_FOLDER, multiple=True, help="A further folder of crops.")
@click.option(
    "--share",
    "shares",
    multiple=True,
    metavar="SOURCE=SHARE",
    callback=_shares,
    help="Share of the draws of a source of the labels; also of turned and covered.",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    help="Finds unlabelled faces in crops: a YuNet .onnx, or MediaPipe's 0.10.14 wheel.",
)
@click.option("--test-photos", type=_FOLDER, help="Photographs whose faces are left out.")
@click.option("--init", type=_FILE, help="A .pth to start from instead of random weights.")
@click.option("--data-card", type=_FILE, help="JSON with name and licence of FACES.")
@click.option("--learning-rate", type=FiniteRange(0, min_open=True),
              default=_DEFAULTS.learning_rate, show_default=True, help="Peak rate.")  # fmt: skip
@click.option("--turned", type=click.IntRange(0), default=_DEFAULTS.turned, show_default=True,
              help="Add so many faces turned in 3D to large poses.")  # fmt: skip
@click.option(
    "--covered",
    type=click.IntRange(0),
    default=_DEFAULTS.covered,
    show_default=True,
    help="Add so many faces behind masks, scarves, glasses, hats and hands.",
)
@click.option("--face-model", type=_FILE, help="An .npz that turns the faces.")
@click.option(
    "--tilt",
    type=FiniteRange(0, 90),
    default=_DEFAULTS.tilt_deg,
    show_default=True,
    help="Largest roll of the faces, degrees.",
)
@click.option("--steps", type=click.IntRange(1), default=_DEFAULTS.steps, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(2), default=_DEFAULTS.batch_size, show_default=True
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=_DEFAULTS.seed, show_default=True
)
@click.option("--threads", type=click.IntRange(1), help="PyTorch's threads.")
@reports_errors
def detector(
    faces: Path,
    backgrounds: Path,
    output: Path,
    also: tuple[Path, ...],
    shares: dict[str, float],
    teacher: Path | None,
    test_photos: Path | None,
    init: Path | None,
    data_card: Path | None,
    learning_rate: float,
    turned: int,
    covered: int,
    face_model: Path | None,
    tilt: float,
    steps: int,
    batch_size: int,
    seed: int,
    threads: int | None,
) -> None:
    """Train the face detector on the crops in FACES, pasted onto pictures in BACKGROUNDS.

    FACES and each --also hold train.npz and train-NN.tar, BACKGROUNDS photographs without faces.
    Resumes a run in the same folder. Writes state.pth (to resume), log.csv and, at the end,
    model.pth.
    """
    import torch

    from ..checkpoints.weights_origin import resumed_origin
    from ..datasets.data_provenance import read_joined_provenance
    from ..detector.backgrounds import Backgrounds
    from ..detector.detector_checkpoint import write_detector
    from ..detector.detector_trainer import DetectorTrainer
    from ..detector.gather_faces import StockSettings, identity_of, load_detector_stock
    from ..runs.memory_allocation import keep_freed_memory
    from ..runs.run_folder import run_folder
    from ..runs.run_progress import show_progress

    keep_freed_memory()
    if threads:
        torch.set_num_threads(threads)
    click.get_current_context().with_resource(run_folder(output))
    config = DetectorConfig(
        steps=steps, batch_size=batch_size, seed=seed, learning_rate=learning_rate, turned=turned,
        covered=covered, tilt_deg=tilt,
    )  # fmt: skip
    provenance = read_joined_provenance([faces, *also], data_card)
    settings = StockSettings(teacher, test_photos, turned, covered, shares, face_model, seed)
    stock = load_detector_stock([faces, *also], settings)
    made_of = identity_of(provenance, 1 + len(also), backgrounds, settings)
    trainer = DetectorTrainer(stock, Backgrounds.load(backgrounds), config, output, made_of=made_of)
    if trainer.resume():
        trainer.began_from = resumed_origin(trainer.began_from, init, trainer.state_path)
        click.echo(f"resumed at step {trainer.step}", err=True)
    elif init:
        trainer.start_from(init)
    show_progress(trainer.run, steps - trainer.step)
    if trainer.step < steps:
        raise ReportedError(f"stopped at step {trainer.step}: run it again to resume")
    write_detector(trainer, stock, provenance, output / "model.pth")
    click.echo(f"{output / 'model.pth'}: {steps} steps of {batch_size} scenes")
