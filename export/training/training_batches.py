"""Training batches: drawn and augmented from (seed, step) alone, here or in worker processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from frsdk.errors import InputError

from ..augmentation.augment_crop import Augmenter, AugmentSettings
from ..augmentation.face_profiling import Profiler, ProfilingSettings
from ..augmentation.profiling_mesh import ProfilingMesh
from ..datasets.parameter_labels import LandmarkBasis
from .learning_rate import crop_size
from .training_defaults import TrainConfig

Array = NDArray[np.float64]


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
class TrainData:
    """Labelled crops and how often each is drawn.

    Attributes:
        crops: (n, 160, 160, 3) uint8 BGR.
        params: (n, 62) labels, coefficients in standard deviations.
        sampling: (n,) probabilities.
        geometry: The surface by which faces are turned; None: none are.
        residual: (n, 68, 2) annotations minus the labels' landmarks, y-up crop frame; NaN where
            there are none. None: no face has any.
        expressive: (n,) faces whose lids, brows and lips are annotated or a mesh's; None: no face.
    """

    crops: NDArray[np.uint8]
    params: Array
    sampling: Array
    geometry: ProfilingGeometry | None = None
    residual: Array | None = None
    expressive: NDArray[np.bool_] | None = None

    def geometry_of(self, rows: NDArray[np.int64]) -> Array | None:
        """(k, 62) surfaces of some faces, None where the labels say it."""
        if self.geometry is None or self.geometry.params is None:
            return None
        return self.geometry.params[rows]


@dataclass(frozen=True, slots=True)
class Whitening:
    """(62,) mean and standard deviation of the labels."""

    mean: Array
    std: Array


@dataclass(frozen=True, slots=True)
class Batch:
    """One part of a step's crops.

    Attributes:
        crops: (n, 3, size, size) uint8, BGR, channels last in memory.
        truth: (n, 62) float32 whitened labels.
        residual: (n, 68, 2) float32 annotations minus the labels' landmarks, NaN where none.
        expressive: (n,) bool, the faces whose lids, brows and lips are known.
    """

    crops: torch.Tensor
    truth: torch.Tensor
    residual: torch.Tensor
    expressive: torch.Tensor


def sampling_weights(
    yaw_deg: Array,
    annotated: NDArray[np.bool_],
    annotated_draws: float,
    others: Sequence[tuple[NDArray[np.bool_], float]] = (),
) -> Array:
    """(n,) probabilities that balance yaw: large poses are rare, annotated ones better.

    Args:
        yaw_deg: (n,).
        annotated: (n,) which faces have annotated landmarks.
        annotated_draws: How many times as often these are drawn.
        others: Other kinds of faces: (n,) which they are, and how many times as often these are
            drawn.
    """
    size = np.abs(yaw_deg)
    weight = np.where(size > 60.0, 5.0, np.where(size > 30.0, 3.0, 1.0))
    weight = weight * np.where(annotated, annotated_draws, 1.0)
    for kind, draws in others:
        weight = weight * np.where(kind, draws, 1.0)
    return np.asarray(weight / weight.sum(), np.float64)


def whitening_of(
    data: TrainData, augment: Augmenter, seed: int = 0, count: int = 4096
) -> Whitening:
    """Mean and std of augmented labels: mirror-symmetric up to sampling, never below a floor."""
    rng = np.random.default_rng([seed, 2**31])
    rows = rng.choice(len(data.params), count, p=data.sampling)
    moved = augment.labels(data.params[rows], rng, data.geometry_of(rows))
    scale = np.linalg.norm(moved[:, [0, 1, 2]], axis=1).mean()  # pixels per unit of the face model
    row = [2e-3 * scale] * 3 + [1.0]
    floor = np.array(row * 3 + [0.05] * 50)
    return Whitening(moved.mean(axis=0), np.maximum(moved.std(axis=0), floor))


def augmenter_of(data: TrainData, basis: LandmarkBasis, config: TrainConfig) -> Augmenter:
    """The augmentation that a configuration asks for.

    Raises:
        InputError: It asks for profiling, but the data has no surfaces.
    """
    augment = AugmentSettings(framing=config.framing, covers=config.covers)
    if not config.profiling:
        return Augmenter(basis, augment)
    if data.geometry is None:
        raise InputError("face profiling needs the faces' surfaces: load the data with profiling")
    settings = ProfilingSettings(pitch_deg=config.profiling_pitch_deg)
    profiler = Profiler(data.geometry.mesh, config.profiling, settings)
    return Augmenter(basis, augment, profiler, data.geometry.mirror)


class StepBatches(Dataset[list[Batch]]):
    """Item k: the parts of step k's batch that one process works on.

    Rows and augmentation depend on (seed, step, part) alone, so that a resumed run repeats what an
    uninterrupted one would have done, and two processes do what one with two parts does.

    Args:
        data: The labelled crops.
        augment: The augmentation.
        whitening: Of the labels.
        config: The run.
        parts: Which parts of each batch, of how many.

    Raises:
        InputError: The batch cannot be cut into so many parts of two crops or more.
    """

    def __init__(
        self,
        data: TrainData,
        augment: Augmenter,
        whitening: Whitening,
        config: TrainConfig,
        parts: tuple[range, int] = (range(1), 1),
    ) -> None:
        self._data, self._augment, self._whitening = data, augment, whitening
        self._config, (self._parts, self._count) = config, parts
        self._residual = data.residual if config.annotation_weight else None
        if config.batch_size % self._count or config.batch_size < 2 * self._count:
            raise InputError(
                f"a batch of {config.batch_size} cannot be cut into {self._count} equal parts of "
                "2 crops or more (processes x micro-batches): change --batch-size"
            )

    def __len__(self) -> int:
        return self._config.steps

    def __getitem__(self, step: int) -> list[Batch]:
        """The parts of step's batch."""
        seed = [self._config.seed, step]
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(self._data.crops), self._config.batch_size, p=self._data.sampling)
        if self._count == 1:
            return [self._part(rows, rng, step)]
        split = np.split(rows, self._count)
        streams = ((part, np.random.default_rng([*seed, part])) for part in self._parts)
        return [self._part(split[part], stream, step) for part, stream in streams]

    def _part(self, rows: NDArray[np.int64], rng: np.random.Generator, step: int) -> Batch:
        data = self._data
        found = self._augment(
            data.crops[rows],
            data.params[rows],
            rng,
            crop_size(step, self._config),
            geometry=data.geometry_of(rows),
            residual=None if self._residual is None else self._residual[rows],
        )
        truth = (found.params - self._whitening.mean) / self._whitening.std
        residual = found.residual
        if residual is None:
            residual = np.full((len(rows), 68, 2), np.nan)
        expressive = np.zeros(len(rows), np.bool_)
        if data.expressive is not None:
            expressive = data.expressive[rows] & ~found.covered  # lids and lips may be hidden
        return Batch(
            torch.from_numpy(found.crops).permute(0, 3, 1, 2),  # (n, 3, size, size)
            torch.tensor(truth, dtype=torch.float32),
            torch.tensor(residual, dtype=torch.float32),
            torch.from_numpy(expressive),
        )


def step_loader(batches: StepBatches, steps: range, workers: int) -> Iterator[list[Batch]]:
    """The batches of some steps, in order.

    Args:
        batches: Where they come from.
        steps: Which.
        workers: Processes that prepare them ahead; 0: a thread of this one, one step ahead.
    """
    if not workers:
        return _one_ahead(batches, steps)
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        worker_init_fn=_calm_worker,
        multiprocessing_context="fork",  # shares the crops' memory
    )
    threads = cv2.getNumThreads()
    cv2.setNumThreads(0)  # a forked OpenCV waits for ever for the threads that it had
    try:
        return iter(loader)
    finally:
        cv2.setNumThreads(threads)


def _one_ahead(batches: StepBatches, steps: range) -> Iterator[list[Batch]]:
    """Each step's batch, while the next one is made beside the network's work."""
    with ThreadPoolExecutor(1) as maker:
        coming = [maker.submit(batches.__getitem__, step) for step in steps[:1]]
        for step in steps:
            ready = coming.pop().result()
            if step + 1 in steps:
                coming.append(maker.submit(batches.__getitem__, step + 1))
            yield ready


def _calm_worker(_: int) -> None:
    """The trainer alone answers SIGTERM and Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
