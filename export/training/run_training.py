"""Run a training from its options: data, trainer, resume, model file."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from frsdk.errors import InputError
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

from ..checkpoints.weights_origin import resumed_origin
from ..datasets.data_provenance import CARD_NAME, read_joined_provenance
from ..datasets.face_labels import NETWORK_SIZE
from ..runs.run_folder import run_folder
from ..runs.run_log import ScalarLog, TensorBoardLog
from .distributed_training import Team, joined_team
from .initial_weights import load_initial_weights
from .prepare_training import load_training_data, loss_basis_of, mesh_files, space_of
from .trained_checkpoint import write_model
from .trainer import Trainer
from .training_config_file import config_from_mapping, read_config
from .training_defaults import TrainConfig

Runner = Callable[[Trainer, ScalarLog | None], None]
_CUDA_WORKERS = 8


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What does not shape the result of a run, or names its files.

    Attributes:
        face_model: ``.npz``; None for the built-in one.
        space: "builtin", "bfm" or "ict": what the face model has to be; None: anything.
        init: ``.pth`` to start from.
        threads: PyTorch's; None leaves them.
        device: "auto", "cpu" or "cuda".
        workers: Loader processes; None: 8 on CUDA where the system can fork, else 0.
        bad_share: Share of damaged crops that are skipped.
        tensorboard: Write TensorBoard's events too.
        data_card: Name and licence of data whose folder has no ``card.json``.
        also: More folders of labelled crops.
    """

    face_model: Path | None = None
    space: str | None = None
    init: Path | None = None
    threads: int | None = None
    device: str = "auto"
    workers: int | None = None
    bad_share: float = 0.0
    tensorboard: bool = False
    data_card: Path | None = None
    also: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        leads: Whether this is the process that writes the files.
        finished: False: stopped before its last step, to be resumed.
        text: One line about it.
    """

    leads: bool
    finished: bool
    text: str


def chosen_config(
    file: Path | None, given: Mapping[str, int | float | str | None], *, full_size: bool
) -> TrainConfig:
    """The configuration of a file, over which options that are not None win.

    Raises:
        InputError: The file or an option is wrong.
    """
    values = read_config(file) if file else {}
    values.update({name: value for name, value in given.items() if value is not None})
    if full_size:
        values.update(sizes=(NETWORK_SIZE,), size_shares=(1.0,))
    return config_from_mapping(values, str(file) if file else "options")


def train_network(
    faces: Path, output: Path, config: TrainConfig, options: RunOptions, *, run: Runner
) -> RunResult:
    """Train, or resume a training, and write ``model.pth``.

    Args:
        faces: Folder of labelled crops.
        output: Folder of the run.
        config: What shapes the run.
        options: The rest.
        run: Calls ``Trainer.run`` (with a progress bar, say).

    Raises:
        InputError: Data, configuration or state are wrong.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    model = chosen_face_model(options.face_model, options.space)
    with joined_team(options.device) as team, run_folder(output, leads=team.leads):
        data, basis = load_training_data(
            faces, model, config, bad_share=options.bad_share, also=options.also
        )
        folders = [faces, *options.also]
        meshes = mesh_files(folders, config)
        provenance = read_joined_provenance(folders, options.data_card, meshes)
        trainer = Trainer(
            data,
            basis,
            config,
            output,
            team=team,
            loss_basis=loss_basis_of(model, config.dense_vertices, config.seed),
            face_model=model.sha256,
            labels_sha256=provenance.labels_sha256,
            workers=_workers(options, team),
        )
        if team.leads and not provenance.licence:
            note = f"{faces / CARD_NAME} is missing: the model will state no licence"
            print(note, file=sys.stderr, flush=True)
        _begin(trainer, options.init, model)
        _run_logged(trainer, output if options.tensorboard and team.leads else None, run)
        if trainer.step < config.steps:
            return RunResult(team.leads, False, f"stopped at step {trainer.step}")
        if team.leads:
            write_model(trainer, model, provenance, output / "model.pth")
        return RunResult(team.leads, True, f"{output / 'model.pth'}: {_summary(trainer)}")


def _begin(trainer: Trainer, init: Path | None, model: MorphableModel) -> None:
    """Resume the run of the folder, or put given weights into a new one."""
    if trainer.resume():
        trainer.began_from = resumed_origin(trainer.began_from, init, trainer.state_path)
    elif init and not load_initial_weights(trainer, init, model) and trainer.team.leads:
        note = "is for another face model: the last layer begins anew"
        print(f"{init}: {note}", file=sys.stderr, flush=True)


def chosen_face_model(path: Path | None, space: str | None) -> MorphableModel:
    """The face model of a run.

    Raises:
        InputError: It is not of the space that was asked for.
    """
    model = MorphableModel.load(path) if path else builtin_face_model()
    if space is None or space == space_of(model):
        return model
    kind = {"bfm": "3ddfa-v2 (or 3ddfa-sparse)", "ict": "ict"}
    remedy = (
        "leave --face-model out"
        if space == "builtin"
        else f"pass --face-model with a file of frsdk-export facemodel import --kind {kind[space]}"
    )
    raise InputError(f"--space {space}: face model {model.name} is in another space: {remedy}")


def _workers(options: RunOptions, team: Team) -> int:
    """Loader processes: forked ones share the crops' memory, so there are none without fork."""
    forks = "fork" in multiprocessing.get_all_start_methods()
    if options.workers and not forks:
        raise InputError(
            f"--workers {options.workers}: this system cannot fork loader processes: leave "
            "--workers out (a thread prepares the batches)"
        )
    if options.workers is not None:
        return options.workers
    return _CUDA_WORKERS if team.device.type == "cuda" and forks else 0


def _run_logged(trainer: Trainer, folder: Path | None, run: Runner) -> None:
    board = TensorBoardLog(folder, trainer.step) if folder else None
    try:
        run(trainer, board)
    finally:
        if board:
            board.close()


def _summary(trainer: Trainer) -> str:
    """Steps, images per second and the loader's share, of the whole run."""
    config, log = trainer.config, trainer.log
    seconds = [config.batch_size / record["images_per_s"] for record in log]
    loading = sum(t * record["loader_share"] for t, record in zip(seconds, log, strict=True))
    total = sum(seconds)
    return (
        f"{config.steps} steps of {config.batch_size} crops, "
        f"{config.batch_size * len(log) / total:.0f} images/s, "
        f"{loading / total:.1%} of the time spent waiting for data"
    )
