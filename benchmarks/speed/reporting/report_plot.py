"""Draw a report: latency distribution, batches, stages, peers."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any  # matplotlib's objects

import numpy as np

from frsdk.installation.optional_packages import missing_package
from frsdk.storage.atomic_write import atomic_write

from ..measuring.interleaved_timing import Samples
from .report_tables import Table

_INCHES, _DPI = (13.0, 8.0), 100


def needs_matplotlib() -> Any:
    """`matplotlib.figure`.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        return import_module("matplotlib.figure")
    except (ImportError, OSError) as error:
        title = "--plot needs matplotlib, which"
        raise missing_package(error, "matplotlib", "bench", title=title) from error


def write_plot(
    path: Path, samples: Mapping[int, Mapping[str, Samples]], tables: Sequence[Table]
) -> None:
    """Write a PNG with three panels, and a fourth for the peers where they were run.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        OutputError: The file cannot be written.
    """
    figures = needs_matplotlib()
    found = {table.key: table for table in tables}
    figure = figures.Figure(figsize=_INCHES, layout="constrained")
    (distribution, batches), (stages, peers) = figure.subplots(2, 2)
    _distribution(distribution, samples)
    _batches(batches, samples)
    _stages(stages, found["stages"])
    if "peer_networks" in found:
        _peers(peers, found["peer_networks"])
    else:
        peers.remove()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    atomic_write(path, buffer.getvalue())


def _distribution(axes: Any, samples: Mapping[int, Mapping[str, Samples]]) -> None:
    batch = min(samples)
    for name, each in samples[batch].items():
        milliseconds = np.sort(each.seconds) * 1e3
        share = (np.arange(len(milliseconds)) + 0.5) / len(milliseconds) * 100
        axes.plot(milliseconds, share, label=name)
    axes.set(xlabel=f"ms of the network, batch {batch}", ylabel="% of calls", title="Latency")
    axes.legend(fontsize=8)


def _stages(axes: Any, table: Table) -> None:
    engines = [column.removesuffix(" ms") for column in table.columns[1::2]]
    left = np.zeros(len(engines))
    for row in table.rows[:-1]:  # the last one is the sum
        values = np.array(row[1::2], np.float64)
        axes.barh(engines, values, left=left, label=str(row[0]))
        left += values
    axes.set(xlabel="ms", title="Stages of one photograph")
    axes.set_ylim(-0.5, len(engines) - 0.5 + 0.5 * len(engines))  # room for the legend
    axes.legend(fontsize=7, ncols=4, loc="upper center")


def _batches(axes: Any, samples: Mapping[int, Mapping[str, Samples]]) -> None:
    batches = sorted(samples)
    for name in samples[batches[0]]:
        per_face = [samples[batch][name].median_ms / batch for batch in batches]
        axes.plot(batches, per_face, marker="o", label=name)
    axes.set(xlabel="batch", ylabel="ms per face", xscale="log", title="Batches", ylim=(0, None))
    axes.set_xticks(batches, [str(batch) for batch in batches])
    axes.legend(fontsize=8)


def _peers(axes: Any, table: Table) -> None:
    at = table.columns.index("ratio")
    labels = [str(row[0]) for row in table.rows][::-1]
    values = [float(row[at] or 0.0) for row in table.rows][::-1]
    bars = axes.barh(labels, values)
    axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
    axes.set(xlabel="time, MobileNetV2 = 1", title="Networks, batch 1", xlim=(0, 1.1 * max(values)))
