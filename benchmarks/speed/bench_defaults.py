"""What `frsdk-bench` runs by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .measuring.engines_under_test import Variant

DEFAULT_BATCHES = (1, 2, 4, 8, 16, 32, 64)
DEFAULT_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to run.

    Attributes:
        variants: Engines under test; ratios are to the first.
        batches: Sizes for latency and throughput.
        rounds: Timed calls of each case (fewer for large batches).
        peers: Whether to run the peers, which needs PyTorch.
        mediapipe: Model file of MediaPipe's face landmarker, with the peers.
        image: Photograph; None for the sample.
        cold_start: Whether to start new processes.
    """

    variants: tuple[Variant, ...]
    batches: tuple[int, ...] = DEFAULT_BATCHES
    rounds: int = DEFAULT_ROUNDS
    peers: bool = False
    mediapipe: Path | None = None
    image: str | None = None
    cold_start: bool = True
