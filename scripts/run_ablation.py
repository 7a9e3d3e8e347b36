#!/usr/bin/env python3
"""Train MobileNetV2 and Mobile-FRNet without and with attention alike, and compare them.

    scripts/run_ablation.py ../shared/data/faces -o runs/ablation [--steps 1400] [--seeds 0,1]

Each run is a `frsdk-train network` in its own folder. A stopped one resumes, and a finished one
leaves its figures in benchmarks/results/ablation/NAME.json, so that it is not trained again, on
whatever machine or day the others follow; two of these commands with other `--only` share the work.
When all are there it writes benchmarks/results/ablation.md and .png (held-out crops, lmk68).
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import click
import numpy as np

from frsdk.benchmarks.accuracy.ablation_plot import ablation_plot
from frsdk.benchmarks.accuracy.ablation_report import (
    FULL,
    NO_ATTENTION,
    PLAIN,
    AblationResult,
    AblationRun,
    ablation_result,
    ablation_table,
    verdict,
)
from frsdk.benchmarks.accuracy.compared_networks import NetworkChoice
from frsdk.benchmarks.accuracy.evaluation_defaults import EvaluationOptions
from frsdk.benchmarks.accuracy.run_evaluation import evaluate
from frsdk.benchmarks.accuracy.teacher_bounds import LABELLED_BY_TEACHER
from frsdk.benchmarks.protocols.labelled_shards import read_shards
from frsdk.commands.console_errors import reports_errors
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.metrics.nme import summarise_nme
from frsdk.storage.atomic_write import atomic_write, make_folder

OPTIONS = {"fiducial_share": 0.0}  # labels are the teacher's, against which the runs are measured
RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
ARCHITECTURES = (FULL, NO_ATTENTION, PLAIN)


@click.command()
@click.argument("faces", type=click.Path(path_type=Path, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Of the runs.")
@click.option("--steps", type=click.IntRange(1), default=1400, show_default=True)
@click.option("--seeds", default="0,1", show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--only", help="Only these runs: ARCHITECTURE-SEED,...")
@reports_errors
def main(faces: Path, output: Path, steps: int, seeds: str, threads: int, only: str | None) -> None:
    """Train and measure what is missing; compare when nothing is."""
    names = [f"{name}-{seed}" for seed in seeds.split(",") for name in ARCHITECTURES]
    for name in only.split(",") if only else names:
        if not figures_of(name).is_file():
            train(name, faces, output / name, steps, threads)
            measure(name, faces, output / name)
    missing = [name for name in names if not figures_of(name).is_file()]
    if missing:
        print(f"not there yet: {', '.join(missing)}")
        return
    write(ablation_result([read_run(name, faces) for name in names]), steps)


def figures_of(name: str) -> Path:
    """Where a run's figures are kept."""
    return RESULTS / "ablation" / f"{name}.json"


def train(name: str, faces: Path, folder: Path, steps: int, threads: int) -> None:
    """One run, unless its weights are there."""
    if (folder / "model.pth").is_file():
        return
    architecture, _, seed = name.rpartition("-")
    options = folder.parent / "options.json"
    make_folder(folder.parent)
    atomic_write(options, json.dumps(OPTIONS).encode())
    command = [sys.executable, "-m", "frsdk.export.train_cli", "network", str(faces),
               "-o", str(folder), "--architecture", architecture, "--seed", seed,
               "--steps", str(steps), "--threads", str(threads),
               "--config", str(options)]  # fmt: skip
    print("$", *command, flush=True)
    subprocess.run(command, check=True)


def measure(name: str, faces: Path, folder: Path) -> None:
    """Write a finished run's figures."""
    choice = NetworkChoice(name, folder / "model.pth")
    report = evaluate(read_shards(faces, "val"), EvaluationOptions([choice], worst=0)).report
    found = next(each for each in report.scores[0].truths if each.truth == LABELLED_BY_TEACHER)
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        rates = [float(row["images_per_s"]) for row in csv.DictReader(file)]
    batch = TrainConfig().batch_size
    document = {
        "images": batch * len(rates),
        "minutes": round(sum(batch / rate for rate in rates) / 60.0, 1),
        "nme_percent": [round(float(error), 4) for error in found.errors_percent],
    }
    figures_of(name).parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document) + "\n"
    atomic_write(figures_of(name), text.encode())


def read_run(name: str, faces: Path) -> AblationRun:
    """A run from its figures."""
    document = json.loads(figures_of(name).read_text(encoding="utf-8"))
    errors = np.array(document["nme_percent"])
    yaw_deg = read_labels(faces / "val.npz").yaw_deg
    architecture, _, seed = name.rpartition("-")
    return AblationRun(
        architecture=architecture,
        seed=int(seed),
        images=document["images"],
        minutes=document["minutes"],
        summary=summarise_nme(errors, yaw_deg),
        errors_percent=errors,
    )


def write(result: AblationResult, steps: int) -> None:
    """The table and the picture."""
    runs = [run for variant in result.variants for run in variant.runs]
    text = [
        "# Ablation",
        "",
        f"Three networks trained alike by `scripts/run_ablation.py FACES -o RUNS --steps {steps}`: "
        f"{runs[0].images:,} images each, the same crops in the same order for one seed, "
        f"{sum(run.minutes for run in runs):.0f} minutes of one thread in all. NME in percent of "
        f"sqrt(w h) on {len(runs[0].errors_percent)} held-out crops against `lmk68`.",
        "",
        *ablation_table(result),
        "",
        *verdict(result),
        "",
        "![NME of each yaw bin, network and seed](ablation.png)",
    ]
    (RESULTS / "ablation.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    atomic_write(RESULTS / "ablation.png", ablation_plot(result))
    print("\n".join(text))


if __name__ == "__main__":
    main()
