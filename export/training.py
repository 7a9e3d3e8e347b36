"""Train a network on labelled face crops: the loop, its schedule and its exact resume."""

from __future__ import annotations

import csv
import io
import math
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from frsdk.errors import InputError
from frsdk.files import atomic_write

from .augment import Augmenter, AugmentSettings
from .faces_data import NETWORK_SIZE
from .losses import LandmarkDecoder, WeightedParameterDistance, wing_loss
from .networks import build_network
from .profiling import Profiler
from .profiling_mesh import ProfilingMesh
from .targets import LandmarkBasis

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that shapes a run; saved inside the checkpoint.

    Attributes:
        architecture: Name in the registry of networks.
        steps: Updates in all; the cosine schedule ends there.
        batch_size: Crops per update.
        learning_rate: Peak of AdamW's rate.
        weight_decay: Of AdamW.
        warm_up_steps: Linear rise of the rate.
        sizes: Sides of the crops, in the order of the run: small ones first, which cost less.
        size_shares: Share of the steps at each of ``sizes``.
        ema_decay: Of the averaged weights, which are the result.
        wpdc_weight: λ1 of the paper's λ1 WPDC + λ2 Wing.
        wing_weight: λ2.
        clip_norm: Largest gradient norm.
        seed: Of weights, order and augmentation.
        save_every: Steps between checkpoints.
        profiling: Share of the faces that are turned to large poses, of those that may turn.
    """

    architecture: str = "mobile_frnet"
    steps: int = 4000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up_steps: int = 60
    sizes: tuple[int, ...] = (64, 96, NETWORK_SIZE)
    size_shares: tuple[float, ...] = (0.2, 0.45, 0.35)
    ema_decay: float = 0.99
    wpdc_weight: float = 0.5
    wing_weight: float = 1.0
    clip_norm: float = 5.0
    seed: int = 0
    save_every: int = 50
    profiling: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainData:
    """Labelled crops and how often each is drawn.

    Attributes:
        crops: (n, 160, 160, 3) uint8 BGR.
        params: (n, 62) labels, coefficients in standard deviations.
        sampling: (n,) probabilities.
        geometry: The surface by which faces are turned; None: none are.
    """

    crops: NDArray[np.uint8]
    params: Array
    sampling: Array
    geometry: ProfilingGeometry | None = None

    def geometry_of(self, rows: NDArray[np.int64]) -> Array | None:
        """(k, 62) surfaces of some faces, None where the labels say it."""
        if self.geometry is None or self.geometry.params is None:
            return None
        return self.geometry.params[rows]


@dataclass(frozen=True, slots=True, eq=False)
class ProfilingGeometry:
    """The surfaces of n faces in the space of a face model that has one.

    Attributes:
        mesh: See ``profiling_mesh``.
        params: (n, 62) in that space; None: the labels are in it.
        mirror: (50, 50) ``mirror_coefficients`` of that space; None as above.
    """

    mesh: ProfilingMesh
    params: Array | None = None
    mirror: Array | None = None


@dataclass(frozen=True, slots=True)
class Whitening:
    """(62,) mean and standard deviation of the labels."""

    mean: Array
    std: Array


def sampling_weights(yaw_deg: Array, annotated: NDArray[np.bool_]) -> Array:
    """(n,) probabilities that balance yaw: large poses are rare, people's labels better."""
    size = np.abs(yaw_deg)
    weight = np.where(size > 60.0, 5.0, np.where(size > 30.0, 3.0, 1.0))
    weight = weight * np.where(annotated, 1.5, 1.0)
    return np.asarray(weight / weight.sum(), np.float64)


def whitening_of(
    data: TrainData, augment: Augmenter, seed: int = 0, count: int = 4096
) -> Whitening:
    """Mean and std of augmented labels: mirror-symmetric up to sampling, never below a floor."""
    rng = np.random.default_rng([seed, 2**31])
    rows = rng.choice(len(data.params), count, p=data.sampling)
    blank = np.zeros((count, 160, 160, 3), np.uint8)
    _, moved = augment(blank, data.params[rows], rng, size=8, geometry=data.geometry_of(rows))
    floor = np.array([1e-3] * 3 + [1.0] + [1e-3] * 3 + [1.0] + [1e-3] * 3 + [1.0] + [0.05] * 50)
    return Whitening(moved.mean(axis=0), np.maximum(moved.std(axis=0), floor))


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine to zero."""
    if step < config.warm_up_steps:
        return config.learning_rate * (step + 1) / config.warm_up_steps
    part = (step - config.warm_up_steps) / max(1, config.steps - config.warm_up_steps)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * part))


def crop_size(step: int, config: TrainConfig) -> int:
    """Side of the crops at a step; the last size is kept to the end."""
    ends = np.cumsum(config.size_shares) * config.steps
    phase = int(np.searchsorted(ends, step + 0.5))
    return config.sizes[min(phase, len(config.sizes) - 1)]


class Trainer:
    """One training run in a folder: ``state.pth`` to resume from, ``log.csv``.

    Each step draws its batch and augmentation from (seed, step) alone, so that a resumed run
    repeats what an uninterrupted one would have done.
    """

    def __init__(
        self, data: TrainData, basis: LandmarkBasis, config: TrainConfig, folder: Path
    ) -> None:
        if not len(data.crops):
            raise InputError("the training set is empty: give a folder of labelled crops")
        self.config, self.data, self.folder = config, data, folder
        self.augment = _augmenter(data, basis, config)
        self.whitening = whitening_of(data, self.augment, config.seed)
        torch.manual_seed(config.seed)
        self.network = build_network(config.architecture)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
        self.average = build_network(config.architecture)
        self.average.load_state_dict(self.network.state_dict())
        mean = torch.tensor(self.whitening.mean, dtype=torch.float32)
        std = torch.tensor(self.whitening.std, dtype=torch.float32)
        self.decoder = LandmarkDecoder(basis, mean, std)
        self.wpdc = WeightedParameterDistance(self.decoder)
        self.optimiser = torch.optim.AdamW(_decay_groups(self.network, config.weight_decay))
        self.step = 0
        self.log: list[dict[str, float]] = []
        self._stop = False

    @property
    def state_path(self) -> Path:
        """The file that a run resumes from."""
        return self.folder / "state.pth"

    def resume(self) -> bool:
        """Load ``state.pth`` when the folder has one; whether it did.

        Raises:
            InputError: It belongs to another configuration.
        """
        if not self.state_path.is_file():
            return False
        state = torch.load(self.state_path, weights_only=True)
        if {**asdict(TrainConfig()), **state["config"]} != asdict(self.config):
            raise InputError(f"{self.state_path}: of another configuration: use an empty --out")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.log = state["step"], state["log"]
        return True

    def save(self) -> None:
        """Write ``state.pth`` and ``log.csv``, each whole or not at all."""
        state = {
            "config": asdict(self.config),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "log": self.log,
            "whitening_mean": torch.tensor(self.whitening.mean),
            "whitening_std": torch.tensor(self.whitening.std),
        }
        atomic_write(self.state_path, lambda file: torch.save(state, file))
        text = io.StringIO()
        if self.log:
            writer = csv.DictWriter(text, fieldnames=list(self.log[0]))
            writer.writeheader()
            writer.writerows(self.log)
        atomic_write(self.folder / "log.csv", text.getvalue().encode())

    def stop_soon(self, signum: int, frame: FrameType | None) -> None:
        """Signal handler: finish the step, save, return."""
        self._stop = True

    def run(self, on_step: Callable[[dict[str, float]], None] | None = None) -> None:
        """Train to ``config.steps``, saving now and then, at the end and on SIGTERM."""
        previous = signal.signal(signal.SIGTERM, self.stop_soon)
        try:
            while self.step < self.config.steps and not self._stop:
                record = self._update()
                self.log.append(record)
                self.step += 1
                if self.step % self.config.save_every == 0:
                    self.save()
                if on_step:
                    on_step(record)
        finally:
            signal.signal(signal.SIGTERM, previous)
        self.save()

    def _update(self) -> dict[str, float]:
        config, begin = self.config, time.perf_counter()
        images, truth = self._batch()
        loaded = time.perf_counter()
        rate = learning_rate(self.step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        whitened = self.network(images)
        wpdc = self.wpdc(whitened, truth)
        wing = wing_loss(self.decoder(whitened), self.decoder(truth))
        loss = config.wpdc_weight * wpdc + config.wing_weight * wing
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), config.clip_norm)
        self.optimiser.step()
        self._average()
        return {
            "step": float(self.step),
            "loss": float(loss.detach()),
            "wpdc": float(wpdc.detach()),
            "wing": float(wing.detach()),
            "learning_rate": rate,
            "images_per_s": config.batch_size / (time.perf_counter() - begin),
            "loader_share": (loaded - begin) / (time.perf_counter() - begin),
        }

    def _batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        config = self.config
        rng = np.random.default_rng([config.seed, self.step])
        rows = rng.choice(len(self.data.crops), config.batch_size, p=self.data.sampling)
        size = crop_size(self.step, config)
        crops, params = self.augment(
            self.data.crops[rows],
            self.data.params[rows],
            rng,
            size,
            geometry=self.data.geometry_of(rows),
        )
        truth = (params - self.whitening.mean) / self.whitening.std
        pixels = torch.from_numpy(crops).permute(0, 3, 1, 2)  # (n, 3, size, size), channels last
        return (pixels.float() - 127.5) / 128.0, torch.tensor(truth, dtype=torch.float32)

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        live = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(live[name], 1.0 - decay)
            else:
                value.copy_(live[name])


def _augmenter(data: TrainData, basis: LandmarkBasis, config: TrainConfig) -> Augmenter:
    if not config.profiling:
        return Augmenter(basis, AugmentSettings())
    if data.geometry is None:
        raise InputError("face profiling needs the faces' surfaces: load the data with profiling")
    profiler = Profiler(data.geometry.mesh, config.profiling)
    return Augmenter(basis, AugmentSettings(), profiler, data.geometry.mirror)


def _decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """No weight decay on biases, normalisation and attention scales."""
    plain = [p for p in network.parameters() if p.ndim <= 1]
    decayed = [p for p in network.parameters() if p.ndim > 1]
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
