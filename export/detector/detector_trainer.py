"""Train the face detector: the loop, its schedule and its exact resume."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch import nn

from frsdk.errors import InputError, SpecError
from frsdk.specs.model_spec import ArchitectureSpec
from frsdk.storage.atomic_write import atomic_write
from frsdk.storage.torch_file import TorchFileError, read_torch_file, torch_bytes

from ..checkpoints.checkpoint_file import load_any_checkpoint
from ..checkpoints.weights_origin import Origin, origin_of
from ..networks import build_network
from ..runs.finite_loss import check_finite_loss
from ..runs.run_identity import check_run_identity
from ..runs.run_log import write_log
from ..runs.weight_average import update_average
from ..runs.weight_decay import decay_groups
from .backgrounds import Backgrounds, Place
from .cell_assignment import cells_of
from .compose_scenes import SceneComposer, SceneSettings
from .detection_loss import SceneTruth, detector_loss, truth_of
from .detector_training_defaults import DetectorConfig
from .face_stock import FaceStock
from .gather_faces import IDENTITY_OPTIONS
from .hard_negative_mining import mine

Batch = tuple[torch.Tensor, list[SceneTruth]]


def learning_rate(step: int, config: DetectorConfig) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    if step < config.warm_up_steps:
        return config.learning_rate * (step + 1) / config.warm_up_steps
    part = (step - config.warm_up_steps) / max(1, config.steps - config.warm_up_steps)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * part)))


class DetectorTrainer:
    """One training run in a folder: ``state.pth`` to resume from, ``log.csv``.

    Each step draws its scenes from (seed, step) and the mined places alone, so that a resumed run
    repeats what an uninterrupted one would have done. One thread composes the next batch while the
    network learns from this one.

    Args:
        stock: The faces.
        backgrounds: Pictures without faces.
        config: What shapes the run.
        folder: Where its files go.
        made_of: Of :func:`identity_of`, noted in the state and compared on resuming.
    """

    def __init__(
        self,
        stock: FaceStock,
        backgrounds: Backgrounds,
        config: DetectorConfig,
        folder: Path,
        *,
        made_of: Mapping[str, str] | None = None,
    ) -> None:
        self.config, self.folder, self.backgrounds = config, folder, backgrounds
        self._made_of = dict(made_of or {})
        self.compose = SceneComposer(stock, backgrounds, SceneSettings(tilt_deg=config.tilt_deg))
        torch.manual_seed(config.seed)
        self.network = build_network(config.architecture, config.arguments)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
        self.average = build_network(config.architecture, config.arguments)
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(decay_groups(self.network, config.weight_decay))
        self.step = 0
        self.began_from: Origin = {}
        self.places: list[Place] = []
        self.log: list[dict[str, float]] = []
        self._stop = False

    def start_from(self, path: Path) -> None:
        """Put a checkpoint's weights into a run that has not begun.

        Raises:
            SpecError: Damaged, or of another architecture.
        """
        network, spec = load_any_checkpoint(path)
        wanted = ArchitectureSpec(self.config.architecture, self.config.arguments)
        if spec.architecture != wanted:
            raise SpecError(f"{path}: is a {spec.architecture}, not a {wanted}: use another file")
        self.network.load_state_dict(network.state_dict())
        self.average.load_state_dict(network.state_dict())
        self.began_from = origin_of(path, spec)

    @property
    def state_path(self) -> Path:
        """The file that a run resumes from."""
        return self.folder / "state.pth"

    def resume(self) -> bool:
        """Load ``state.pth`` when the folder has one; whether it did.

        Raises:
            InputError: It is damaged, or belongs to another configuration or other data.
        """
        if not self.state_path.is_file():
            return False
        try:
            state = read_torch_file(self.state_path)
        except TorchFileError as error:
            raise InputError(
                f"{self.state_path}: not a readable training state ({error}): delete it to begin "
                "anew"
            ) from error
        if not isinstance(state, dict):
            raise InputError(f"{self.state_path}: not a training state: use an empty --output")
        if state.get("config") != asdict(self.config):
            raise InputError(f"{self.state_path}: of another configuration: use an empty --output")
        saved = state.get("made_of", {})  # older states do not tell
        check_run_identity(saved, self._made_of, IDENTITY_OPTIONS, self.state_path)
        self._made_of = {**saved, **self._made_of}
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.log = state["step"], state["log"]
        self.began_from = state.get("began_from")  # older states do not tell
        self.places = [Place(*place) for place in state["places"]]
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
            "began_from": self.began_from,
            "made_of": self._made_of,
            "places": [(p.picture, p.x, p.y, p.scale) for p in self.places],
        }
        atomic_write(self.state_path, torch_bytes(state))
        write_log(self.folder / "log.csv", self.log)

    def stop_soon(self, signum: int, frame: FrameType | None) -> None:
        """Signal handler: finish the step, save, return."""
        self._stop = True

    def run(self, on_step: Callable[[dict[str, float]], None] | None = None) -> None:
        """Train to ``config.steps``, saving now and then, at the end and on SIGTERM.

        Raises:
            InputError: The loss is no longer finite; the last saved state is kept.
        """
        previous = signal.signal(signal.SIGTERM, self.stop_soon)
        mining = {int(part * self.config.steps) for part in self.config.mining}
        ahead: Future[Batch] | None = None
        try:
            with ThreadPoolExecutor(1) as composer:
                while self.step < self.config.steps and not self._stop:
                    if self.step in mining:
                        self._mine()
                    begin = time.perf_counter()
                    batch = ahead.result() if ahead else self._batch(self.step)
                    loaded = time.perf_counter()
                    following = self.step + 1
                    # After mining the scenes are others, so those are not composed ahead.
                    known = following < self.config.steps and following not in mining
                    ahead = composer.submit(self._batch, following) if known else None
                    record = self._update(batch)
                    taken = time.perf_counter() - begin
                    record["scenes_per_s"] = len(batch[1]) / taken
                    record["loader_share"] = (loaded - begin) / taken
                    self.log.append(record)
                    self.step = following
                    if self.step % self.config.save_every == 0:
                        self.save()
                    if on_step:
                        on_step(record)
        finally:
            signal.signal(signal.SIGTERM, previous)
        self.save()

    def _mine(self) -> None:
        rng = np.random.default_rng([self.config.seed, self.step, 1])
        self.places = mine(self.average.eval(), self.backgrounds, rng)

    def _batch(self, step: int) -> Batch:
        config = self.config
        rng = np.random.default_rng([config.seed, step])
        side = int(rng.choice(config.sides, p=config.side_shares))
        count = max(2, round(config.batch_size * (256 / side) ** 2))
        scenes = [self.compose(side, rng, self.places) for _ in range(count)]
        images = torch.from_numpy(np.stack([scene.image for scene in scenes]))
        pixels = images.permute(0, 3, 1, 2)  # (n, side, side, 3) -> (n, 3, side, side)
        return (pixels.float() - 127.5) / 128.0, [truth_of(scene) for scene in scenes]

    def _update(self, batch: Batch) -> dict[str, float]:
        images, truths = batch
        rate = learning_rate(self.step, self.config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        loss = detector_loss(self.network(images), truths, cells_of(images.shape[-1]))
        check_finite_loss(float(loss.total.detach()), self.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]  # torch's stub
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm)
        self.optimiser.step()
        update_average(self.average, self.network, step=self.step, decay=self.config.ema_decay)
        return {
            "step": float(self.step),
            "loss": float(loss.total.detach()),
            "score": float(loss.score.detach()),
            "box": float(loss.box.detach()),
            "points": float(loss.points.detach()),
            "learning_rate": rate,
            "mined": float(len(self.places)),
        }
