"""Train a network on labelled face crops: the loop and its exact resume."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any  # a state holds tensors, numbers and containers of them

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from frsdk.errors import InputError

from ..checkpoints.weights_origin import Origin
from ..datasets.parameter_labels import LandmarkBasis
from ..losses.view_consistency import moved_pictures, random_views
from ..losses.wpdc_wing import LandmarkDecoder
from ..networks import build_network
from ..runs.finite_loss import check_finite_loss
from ..runs.run_log import ScalarLog, write_log
from ..runs.weight_average import update_average
from ..runs.weight_decay import decay_groups
from .distributed_training import Team
from .learning_rate import learning_rate
from .mixed_precision import MixedPrecision
from .total_loss import TrainLoss
from .train_state import check_identity, read_state, write_state
from .training_batches import (
    Batch,
    StepBatches,
    TrainData,
    augmenter_of,
    step_loader,
    whitening_of,
)
from .training_config_file import config_from_mapping
from .training_defaults import TrainConfig, differing_options

Record = dict[str, float]


class Trainer:
    """One training run in a folder: ``state.pth`` to resume from, ``log.csv``.

    Each step draws its batch and augmentation from (seed, step) alone, so that a resumed run
    repeats what an uninterrupted one would have done.

    Args:
        data: Labelled crops.
        basis: Landmarks of the labels' face model.
        config: What shapes the run.
        folder: Where its files go.
        team: The processes that share the run; None: this one alone, on the CPU.
        loss_basis: The 68 landmarks and then other vertices that losses measure; None: ``basis``.
        face_model: Digest of the face model, noted in the state and compared on resuming.
        labels_sha256: Digest of the label files, likewise.
        workers: Processes that prepare batches ahead.

    Raises:
        InputError: The data is empty, or the configuration does not fit it or the machine.
    """

    def __init__(
        self,
        data: TrainData,
        basis: LandmarkBasis,
        config: TrainConfig,
        folder: Path,
        *,
        team: Team | None = None,
        loss_basis: LandmarkBasis | None = None,
        face_model: str = "",
        labels_sha256: str = "",
        workers: int = 0,
    ) -> None:
        if not len(data.crops):
            raise InputError("the training set is empty: give a folder of labelled crops")
        self.config, self.data, self.folder = config, data, folder
        self.team, self._workers = team or Team(), workers
        self._face_model, self._labels_sha256 = face_model, labels_sha256
        augment = augmenter_of(data, basis, config)
        self.whitening = whitening_of(data, augment, config.seed)
        parts = _parts(self.team, config)
        self._batches = StepBatches(data, augment, self.whitening, config, parts)
        self.precision = MixedPrecision(config.precision, self.team.device)
        torch.manual_seed(config.seed)
        self.network = build_network(config.architecture)
        self.average = build_network(config.architecture)
        self.average.load_state_dict(self.network.state_dict())
        self._place()
        mean = torch.tensor(self.whitening.mean, dtype=torch.float32)
        std = torch.tensor(self.whitening.std, dtype=torch.float32)
        decoder = LandmarkDecoder(loss_basis or basis, mean, std)
        self.loss = TrainLoss(decoder, config).to(self.team.device)
        self.optimiser = torch.optim.AdamW(decay_groups(self.network, config.weight_decay))
        self.step = 0
        self.began_from: Origin = {}
        self.log: list[Record] = []
        self._stop = False

    def _place(self) -> None:
        """Move the networks to the device; several processes share gradients and statistics."""
        team = self.team
        if team.size > 1 and team.device.type == "cuda":
            synchronised = nn.SyncBatchNorm.convert_sync_batchnorm(self.network)  # type: ignore[no-untyped-call]  # torch's
            self.network = synchronised
        self.network.to(team.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
        self.average.to(team.device)
        self._shared: nn.Module = self.network
        if team.size > 1:
            self._shared = DistributedDataParallel(self.network)

    @property
    def state_path(self) -> Path:
        """The file that a run resumes from."""
        return self.folder / "state.pth"

    def resume(self) -> bool:
        """Load ``state.pth`` when the folder has one; whether it did.

        Raises:
            InputError: It is damaged, or belongs to another configuration, face model or data set.
        """
        if not self.state_path.is_file():
            return False
        state = read_state(self.state_path)
        older = {"fiducial_share": 0.0}  # what states from before this option did
        saved = config_from_mapping({**older, **state["config"]}, str(self.state_path))
        if saved != self.config:
            raise InputError(
                f"{self.state_path}: of another configuration (saved / asked for: "
                f"{'; '.join(differing_options(saved, self.config))}): use an empty --output"
            )
        check_identity(state, self._identity(), self.state_path)
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            if "scaler" in state:
                self.precision.scaler.load_state_dict(state["scaler"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = " ".join(str(error).split())[:120]
            raise InputError(
                f"{self.state_path}: of another network ({reason}): use an empty --output"
            ) from error
        self.step, self.log = state["step"], state["log"]
        self.began_from = state.get("began_from")  # older states do not tell
        return True

    def _identity(self) -> dict[str, Any]:
        """What a state to resume from must have in common with this run."""
        return {
            "face_model": self._face_model,
            "labels_sha256": self._labels_sha256,
            "whitening_mean": torch.tensor(self.whitening.mean),
            "whitening_std": torch.tensor(self.whitening.std),
        }

    def save(self) -> None:
        """Write ``state.pth`` and ``log.csv``, each whole or not at all, by the first process.

        Raises:
            OutputError: A file cannot be written; the previous one is intact.
        """
        if self.team.leads:
            state = {
                "config": asdict(self.config),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.precision.scaler.state_dict(),
                "step": self.step,
                "log": self.log,
                "began_from": self.began_from,
                **self._identity(),
            }
            write_state(self.state_path, state)
            write_log(self.folder / "log.csv", self.log)
        self.team.wait()

    def stop_soon(self, signum: int, frame: FrameType | None) -> None:
        """Signal handler: finish the step, save, return."""
        self._stop = True

    def run(
        self, on_step: Callable[[Record], None] | None = None, board: ScalarLog | None = None
    ) -> None:
        """Train to ``config.steps``, saving now and then, at the end and on SIGTERM.

        Args:
            on_step: Called with the numbers of each step.
            board: A second log.

        Raises:
            InputError: The loss is no longer finite; the last saved state is kept.
            OutputError: The state cannot be written.
        """
        previous = signal.signal(signal.SIGTERM, self.stop_soon)
        loader = step_loader(self._batches, range(self.step, self.config.steps), self._workers)
        try:
            while self.step < self.config.steps and not self.team.any(self._stop):
                record = self._update(loader)
                self.log.append(record)
                self.step += 1
                if self.step % self.config.save_every == 0:
                    self.save()
                if board:
                    board.add(self.step, record)
                if on_step:
                    on_step(record)
        finally:
            signal.signal(signal.SIGTERM, previous)
        self.save()

    def _update(self, loader: Iterator[list[Batch]]) -> Record:
        config, begin = self.config, time.perf_counter()
        parts = next(loader)
        loaded = time.perf_counter()
        rate = learning_rate(self.step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        torch.manual_seed(config.seed * 1_000_003 + self.step * self.team.size + self.team.rank)
        self.optimiser.zero_grad(set_to_none=True)
        terms: Record = {}
        for index, part in enumerate(parts):
            for name, value in self._backward(part, index, len(parts)).items():
                terms[name] = terms.get(name, 0.0) + float(value.detach()) / len(parts)
        check_finite_loss(terms["loss"], self.step)
        scaler = self.precision.scaler
        scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), config.clip_norm)
        scaler.step(self.optimiser)
        scaler.update()
        update_average(self.average, self.network, step=self.step, decay=self.config.ema_decay)
        took = time.perf_counter() - begin
        return {
            "step": float(self.step),
            **terms,
            "learning_rate": rate,
            "images_per_s": config.batch_size / took,
            "loader_share": (loaded - begin) / took,
        }

    def _backward(self, part: Batch, index: int, count: int) -> dict[str, torch.Tensor]:
        """Add the gradients of one of the parts of this process's batch; its terms."""
        device, config = self.team.device, self.config
        pixels = (part.crops.to(device).float() - 127.5) / 128.0
        truth, residual = part.truth.to(device), part.residual.to(device)
        expressive = part.expressive.to(device)
        with self._held_gradients(index + 1 < count):
            copies = self._copies(pixels, index) if config.consistency_weight else None
            shown = pixels if copies is None else torch.cat([pixels, copies[0]])
            with self.precision.autocast():
                whitened = self._shared(shown.contiguous(memory_format=torch.channels_last))
            whitened = whitened.float()
            terms: dict[str, torch.Tensor] = self.loss(
                whitened[: len(truth)], truth, residual, expressive
            )
            if copies is not None:
                first, second = whitened.split(len(truth))
                terms["consistency"] = self.loss.consistency(first, second, *copies[1:])
                terms["loss"] = terms["loss"] + config.consistency_weight * terms["consistency"]
            self.precision.scaler.scale(terms["loss"] / count).backward()  # type: ignore[no-untyped-call]  # torch
        return terms

    def _held_gradients(self, held: bool) -> AbstractContextManager[None]:
        """Until the last part, processes do not exchange gradients."""
        if held and isinstance(self._shared, DistributedDataParallel):
            return self._shared.no_sync()
        return contextlib.nullcontext()

    def _copies(
        self, pixels: torch.Tensor, index: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Moved copies of the crops, how they moved, and which are mirrored."""
        part = self.team.rank * self.config.micro_batches + index
        rng = np.random.default_rng([self.config.seed, self.step, part, 1])
        motion, flip = (each.to(pixels.device) for each in random_views(len(pixels), rng))
        return moved_pictures(pixels, motion), motion, flip


def _parts(team: Team, config: TrainConfig) -> tuple[range, int]:
    """Which parts of each batch this process works on, of how many."""
    own = config.micro_batches
    return range(team.rank * own, (team.rank + 1) * own), team.size * own
