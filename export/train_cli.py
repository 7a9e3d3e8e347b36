"""``frsdk-train``: train a network on labelled face crops and measure it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from frsdk._version import __version__
from frsdk.console import ReportedError, reports_errors

if TYPE_CHECKING:
    from .detector.training import DetectorTrainer
    from .training import Trainer

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
@click.version_option(__version__, prog_name="frsdk-train")
def main() -> None:
    """Train and measure networks (needs the export extra)."""


@main.command()
@click.argument("faces", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of the run.")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@click.option("--init", type=_FILE, help="A .pth to start from instead of random weights.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Peak rate.")
@click.option("--full-size", is_flag=True, help="Train on full-size crops from the first step.")
@click.option("--architecture", default="mobile_frnet", show_default=True)
@click.option("--steps", type=click.IntRange(1), default=4000, show_default=True)
@click.option("--batch-size", type=click.IntRange(2), default=64, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="PyTorch's threads.")
@reports_errors
def network(
    faces: Path,
    output: Path,
    face_model: Path | None,
    init: Path | None,
    learning_rate: float | None,
    full_size: bool,
    architecture: str,
    steps: int,
    batch_size: int,
    seed: int,
    threads: int | None,
) -> None:
    """Train on the crops in FACES (train.npz, train-NN.tar); resumes a run in the same folder.

    Writes state.pth (to resume), log.csv and, at the end, model.pth for frsdk-export.
    """
    import torch

    from frsdk.files import make_folder
    from frsdk.morphable import MorphableModel, builtin_face_model

    from .allocation import keep_freed_memory
    from .faces_data import NETWORK_SIZE
    from .initial_weights import load_initial_weights
    from .prepare import load_training_data
    from .result import write_model
    from .training import TrainConfig, Trainer

    keep_freed_memory()
    if threads:
        torch.set_num_threads(threads)
    make_folder(output)
    model = MorphableModel.load(face_model) if face_model else builtin_face_model()
    data, basis = load_training_data(faces, model)
    config = TrainConfig(architecture=architecture, steps=steps, batch_size=batch_size, seed=seed)
    if learning_rate:
        config = replace(config, learning_rate=learning_rate)
    if full_size:
        config = replace(config, sizes=(NETWORK_SIZE,), size_shares=(1.0,))
    trainer = Trainer(data, basis, config, output)
    if trainer.resume():
        click.echo(f"resumed at step {trainer.step}", err=True)
    elif init:
        load_initial_weights(trainer, init, model)
    _run(trainer)
    if trainer.step < steps:
        raise ReportedError(f"stopped at step {trainer.step}: run it again to resume")
    write_model(trainer, model, faces, output / "model.pth")
    click.echo(f"{output / 'model.pth'}: {steps} steps of {batch_size} crops")


@main.command()
@click.argument("faces", type=_FOLDER)
@click.argument("backgrounds", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of the run.")
@click.option("--teacher", type=_FILE, help="A YuNet .onnx that finds unlabelled faces in crops.")
@click.option("--test-photos", type=_FOLDER, help="Photographs whose faces are left out.")
@click.option("--steps", type=click.IntRange(1), default=6000, show_default=True)
@click.option("--batch-size", type=click.IntRange(2), default=16, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="PyTorch's threads.")
@reports_errors
def detector(
    faces: Path,
    backgrounds: Path,
    output: Path,
    teacher: Path | None,
    test_photos: Path | None,
    steps: int,
    batch_size: int,
    seed: int,
    threads: int | None,
) -> None:
    """Train the face detector on the crops in FACES, pasted onto pictures in BACKGROUNDS.

    FACES holds train.npz and train-NN.tar, BACKGROUNDS photographs without faces. Resumes a run in
    the same folder. Writes state.pth (to resume), log.csv and, at the end, model.pth.
    """
    import torch

    from frsdk.files import make_folder

    from .allocation import keep_freed_memory
    from .detector.backgrounds import Backgrounds
    from .detector.prepare import load_detector_stock
    from .detector.training import DetectorConfig, DetectorTrainer

    keep_freed_memory()
    if threads:
        torch.set_num_threads(threads)
    make_folder(output)
    stock = load_detector_stock(faces, teacher=teacher, test_photos=test_photos)
    config = DetectorConfig(steps=steps, batch_size=batch_size, seed=seed)
    trainer = DetectorTrainer(stock, Backgrounds.load(backgrounds), config, output)
    if trainer.resume():
        click.echo(f"resumed at step {trainer.step}", err=True)
    _run(trainer)
    if trainer.step < steps:
        raise ReportedError(f"stopped at step {trainer.step}: run it again to resume")
    from .detector.result import write_detector

    write_detector(trainer, stock, output / "model.pth")
    click.echo(f"{output / 'model.pth'}: {steps} steps of {batch_size} scenes")


@main.command()
@click.argument("faces", type=_FOLDER)
@click.option("--engine", type=_FILE, help="An .onnx; the built-in one by default.")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@reports_errors
def evaluate(faces: Path, engine: Path | None, face_model: Path | None) -> None:
    """Print the NME on the held-out crops in FACES (val.npz, val-NN.tar), a Markdown table.

    Percent of sqrt(w h) of the label's box, per bin of absolute yaw; lmk68 are the teacher's
    landmarks, gt68 people's.
    """
    from .validation import markdown_table, validate

    for line in markdown_table(validate(faces, engine, face_model)):
        click.echo(line)


def _run(trainer: Trainer | DetectorTrainer) -> None:
    """Train with a progress bar on a terminal."""
    remaining = trainer.config.steps - trainer.step
    with click.progressbar(
        length=remaining,
        label="training",
        show_pos=True,
        item_show_func=_shown,
        file=sys.stderr,
    ) as bar:
        trainer.run(lambda record: bar.update(1, record))


def _shown(record: object) -> str:
    if not isinstance(record, dict):
        return ""
    rate = record.get("images_per_s", record.get("scenes_per_s", 0.0))
    return f"loss {record['loss']:.2f}, {rate:.0f} images/s"
