"""The ablation's figures as dots: each yaw bin, each network, each seed."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any  # matplotlib's objects

import numpy as np

from frsdk.installation.optional_packages import missing_package
from frsdk.metrics.nme import YAW_BINS_DEG

from .ablation_report import AblationResult

_INCHES, _DPI = (9.0, 5.0), 100
_SPREAD = 0.24  # between the networks of one bin, of the way to the next bin


def ablation_plot(result: AblationResult) -> bytes:
    """A PNG: NME over the yaw bins and their mean, a dot a seed, a bar between the seeds.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        figures: Any = import_module("matplotlib.figure")
    except (ImportError, OSError) as error:
        title = "the ablation's picture needs matplotlib, which"
        raise missing_package(error, "matplotlib", "bench", title=title) from error
    figure = figures.Figure(figsize=_INCHES, layout="constrained")
    axes = figure.subplots()
    names = [f"{low:.0f}-{high:.0f}°" for low, high in YAW_BINS_DEG] + ["mean of bins"]
    middle = (len(result.variants) - 1) / 2.0
    for number, variant in enumerate(result.variants):
        values = np.array(
            [
                [*(each.mean_percent for each in run.summary.bins), run.nme_percent]
                for run in variant.runs
            ],
            np.float64,
        )  # (seeds, bins + 1)
        x = np.arange(len(names)) + (number - middle) * _SPREAD
        colour = f"C{number}"
        axes.vlines(x, values.min(axis=0), values.max(axis=0), colour, lw=2, alpha=0.5)
        for seed, row in enumerate(values):
            label = variant.architecture if seed == 0 else None
            axes.plot(x, row, "o", color=colour, ms=6, label=label)
        for where, value in zip(x, values.mean(axis=0), strict=True):
            text = {"textcoords": "offset points", "fontsize": 8, "va": "center"}
            axes.annotate(f"{value:.2f}", (where, value), xytext=(8, 0), **text)
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="NME, % of sqrt(w h)", title="Ablation: held-out crops, lmk68, a dot a seed")
    axes.margins(x=0.12)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="upper left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()
