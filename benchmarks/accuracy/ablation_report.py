"""What attention and the branches earn: networks trained alike, over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.metrics.nme import YAW_BINS_DEG, NmeSummary

from .markdown_table import table

Array = NDArray[np.float64]

FULL, NO_ATTENTION, PLAIN = "mobile_frnet", "mobile_frnet_no_attention", "mobilenet_v2"
LEAST_GAIN_PERCENT = 4.0
"""What the whole network is to be below MobileNetV2, relative (the paper's tables: 8 %)."""


@dataclass(frozen=True, slots=True, eq=False)
class AblationRun:
    """One training and what it came to against one kind of labels.

    Attributes:
        architecture: Name in the registry of networks.
        seed: Of weights, order and augmentation.
        images: Crops that it saw.
        minutes: Of its steps, as its log has them.
        summary: NME over the yaw bins.
        errors_percent: (n,) NME of each face.
    """

    architecture: str
    seed: int
    images: int
    minutes: float
    summary: NmeSummary
    errors_percent: Array

    @property
    def nme_percent(self) -> float:
        """Mean of the three yaw bins' means.

        Raises:
            InputError: A bin has no face.
        """
        if self.summary.mean_of_bins_percent is None:
            raise InputError("a yaw bin has no face: the ablation needs all three")
        return self.summary.mean_of_bins_percent


@dataclass(frozen=True, slots=True)
class Variant:
    """The runs of one architecture.

    Attributes:
        architecture: Its name.
        runs: One a seed.
    """

    architecture: str
    runs: tuple[AblationRun, ...]

    @property
    def nme_percent(self) -> float:
        """Mean over the seeds."""
        return float(np.mean([run.nme_percent for run in self.runs]))

    @property
    def spread_percent(self) -> float:
        """Largest minus smallest over the seeds."""
        return float(np.ptp([run.nme_percent for run in self.runs]))


@dataclass(frozen=True, slots=True)
class AblationResult:
    """Networks trained alike.

    Attributes:
        variants: At least :data:`FULL`, :data:`NO_ATTENTION` and :data:`PLAIN`.
    """

    variants: tuple[Variant, ...]

    def __getitem__(self, architecture: str) -> Variant:
        return next(each for each in self.variants if each.architecture == architecture)

    @property
    def attention_percent(self) -> float:
        """NME that attention takes away, percentage points."""
        return self[NO_ATTENTION].nme_percent - self[FULL].nme_percent

    @property
    def spread_percent(self) -> float:
        """The larger spread between seeds of the two that attention tells apart."""
        return max(self[FULL].spread_percent, self[NO_ATTENTION].spread_percent)

    @property
    def gain_percent(self) -> float:
        """How far the whole network is below MobileNetV2, percent of the latter's NME."""
        return 100.0 * (1.0 - self[FULL].nme_percent / self[PLAIN].nme_percent)

    @property
    def attention_earns_its_keep(self) -> bool:
        """Whether both hold: above the spread between seeds, and the gain over MobileNetV2."""
        beyond_chance = self.attention_percent > self.spread_percent
        return beyond_chance and self.gain_percent >= LEAST_GAIN_PERCENT


def ablation_result(runs: Sequence[AblationRun]) -> AblationResult:
    """Group runs by architecture.

    Raises:
        InputError: A variant or a seed is missing, or the runs did not see equally many images.
    """
    names = list(dict.fromkeys(run.architecture for run in runs))
    missing = sorted({FULL, NO_ATTENTION, PLAIN} - set(names))
    if missing:
        raise InputError(f"the ablation lacks {', '.join(missing)}: train it too")
    if len({run.images for run in runs}) != 1:
        raise InputError("the runs saw different numbers of images: train them alike")
    variants = [
        Variant(name, tuple(run for run in runs if run.architecture == name)) for name in names
    ]
    seeds = {tuple(sorted(run.seed for run in variant.runs)) for variant in variants}
    if len(seeds) != 1 or len(next(iter(seeds))) < 2:
        raise InputError("expected every architecture with the same two seeds or more")
    return AblationResult(tuple(variants))


def ablation_table(result: AblationResult) -> list[str]:
    """One line a run, then one for each architecture's mean, as Markdown."""
    bins = [f"{low:.0f}-{high:.0f}°" for low, high in YAW_BINS_DEG]
    head = ["network", "seed", *bins, "mean of bins", "std of bins", "minutes"]
    rows = []
    for variant in result.variants:
        for run in variant.runs:
            summary = run.summary
            means = [_text(each.mean_percent) for each in summary.bins]
            rows.append(
                [run.architecture, str(run.seed), *means, _text(run.nme_percent),
                 _text(summary.std_of_bins_percent), f"{run.minutes:.0f}"]
            )  # fmt: skip
    for variant in result.variants:
        means = [
            _text(float(np.mean([run.summary.bins[k].mean_percent for run in variant.runs])))
            for k in range(len(bins))
        ]
        rows.append(
            [f"**{variant.architecture}**", "mean", *means, f"**{variant.nme_percent:.3f}**",
             f"spread {variant.spread_percent:.3f}", ""]
        )  # fmt: skip
    return table(head, rows)


def verdict(result: AblationResult) -> list[str]:
    """The two questions and their answers."""
    holds = "holds" if result.attention_percent > result.spread_percent else "does NOT hold"
    gain = "holds" if result.gain_percent >= LEAST_GAIN_PERCENT else "does NOT hold"
    return [
        f"- Attention takes {result.attention_percent:+.3f} points off the mean of the bins; the "
        f"spread between seeds is {result.spread_percent:.3f}: more than the spread {holds}.",
        f"- The whole network is {result.gain_percent:.1f} % below MobileNetV2; at least "
        f"{LEAST_GAIN_PERCENT:.0f} % {gain}.",
    ]


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
