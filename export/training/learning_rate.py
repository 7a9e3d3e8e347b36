"""The learning rate and the crops' size over a run."""

from __future__ import annotations

import math

import numpy as np

from .training_defaults import TrainConfig


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine to zero or the steps that 3DDFA's training code publishes."""
    if step < config.warm_up_steps:
        return config.learning_rate * (step + 1) / config.warm_up_steps
    if config.schedule == "step":
        passed = sum(step >= share * config.steps for share in config.milestones)
        return float(config.learning_rate * config.step_factor**passed)
    part = (step - config.warm_up_steps) / max(1, config.steps - config.warm_up_steps)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * part))


def crop_size(step: int, config: TrainConfig) -> int:
    """Side of the crops at a step; the last size is kept to the end."""
    ends = np.cumsum(config.size_shares) * config.steps
    phase = int(np.searchsorted(ends, step + 0.5))
    return config.sizes[min(phase, len(config.sizes) - 1)]
