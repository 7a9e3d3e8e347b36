"""What shapes a training run of the face detector: its options and their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any  # keyword arguments of the architecture


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """Everything that shapes a run; saved inside the checkpoint.

    Attributes:
        architecture: Name in the registry of networks.
        arguments: Of the architecture.
        steps: Updates in all; the cosine schedule ends there.
        batch_size: Scenes of 256 px per update; other sizes come in equal numbers of pixels.
        sides: Sides of the scenes; each step draws one.
        side_shares: How often.
        learning_rate: Peak of AdamW's rate.
        weight_decay: Of AdamW.
        warm_up_steps: Linear rise of the rate.
        ema_decay: Of the averaged weights, which are the result.
        clip_norm: Largest gradient norm.
        mining: Shares of the run at which backgrounds are searched for what looks like faces.
        seed: Of weights and scenes.
        save_every: Steps between checkpoints.
        turned: Faces turned in 3D that are added to the stock.
        covered: Faces behind masks, scarves, glasses, hats and hands that are added.
        tilt_deg: Largest roll of the faces.
    """

    architecture: str = "face_detector"
    arguments: dict[str, Any] = field(default_factory=dict)
    steps: int = 6000
    batch_size: int = 16
    sides: tuple[int, ...] = (192, 256, 320)
    side_shares: tuple[float, ...] = (0.25, 0.5, 0.25)
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    warm_up_steps: int = 150
    ema_decay: float = 0.998
    clip_norm: float = 10.0
    mining: tuple[float, ...] = (0.25, 0.45, 0.65, 0.8)
    seed: int = 0
    save_every: int = 100
    turned: int = 3000
    covered: int = 3000
    tilt_deg: float = 60.0
