#!/usr/bin/env python3
"""Train MobileNetV2 and Mobile-FRNet without and with attention alike, and compare them.

    scripts/run_ablation.py ../shared/data/faces -o runs/ablation [--steps 1400] [--seeds 0,1]

Each run is a `frsdk-train network` of its own folder: a stopped one resumes, a finished one is not
trained again, and two of these commands with other `--only` share the work. When all are there it
writes benchmarks/results/ablation.json, .md and .png (held-out crops, against lmk68).
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import click
import cv2

from frsdk.benchmarks.evaluation.ablation import (
    FULL,
    NO_ATTENTION,
    PLAIN,
    AblationResult,
    AblationRun,
    ablation_result,
    ablation_table,
    verdict,
)
from frsdk.benchmarks.evaluation.ced_plot import Line, ced_plot
from frsdk.benchmarks.evaluation.face_set import FaceSet
from frsdk.benchmarks.evaluation.networks import NetworkChoice
from frsdk.benchmarks.evaluation.run import EvaluationOptions, evaluate
from frsdk.benchmarks.evaluation.shards import read_shards
from frsdk.benchmarks.evaluation.teacher_bounds import LABELLED_BY_TEACHER
from frsdk.console import reports_errors

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
ARCHITECTURES = (FULL, NO_ATTENTION, PLAIN)
CURVE_END_PERCENT = 10.0


@click.command()
@click.argument("faces", type=click.Path(path_type=Path, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Of the runs.")
@click.option("--steps", type=click.IntRange(1), default=1400, show_default=True)
@click.option("--seeds", default="0,1", show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--only", help="Train only these (ARCHITECTURE-SEED,...), and write nothing.")
@reports_errors
def main(faces: Path, output: Path, steps: int, seeds: str, threads: int, only: str | None) -> None:
    """Train what is missing; then measure and write."""
    names = [f"{name}-{seed}" for seed in seeds.split(",") for name in ARCHITECTURES]
    for name in only.split(",") if only else names:
        train(name, faces, output / name, steps, threads)
    if not only:
        write(ablation_result(measured(names, output, read_shards(faces, "val"))), steps)


def train(name: str, faces: Path, folder: Path, steps: int, threads: int) -> None:
    """One run, unless it is there."""
    if (folder / "model.pth").is_file():
        return
    architecture, _, seed = name.rpartition("-")
    command = [sys.executable, "-m", "frsdk.export.train_cli", "network", str(faces),
               "-o", str(folder), "--architecture", architecture, "--seed", seed,
               "--steps", str(steps), "--threads", str(threads)]  # fmt: skip
    print("$", *command, flush=True)
    subprocess.run(command, check=True)


def measured(names: list[str], folder: Path, faces: FaceSet) -> list[AblationRun]:
    """The runs with their accuracy on the held-out crops."""
    choices = [NetworkChoice(name, folder / name / "model.pth") for name in names]
    report = evaluate(faces, EvaluationOptions(networks=choices, worst=0)).report
    runs = []
    for name, score in zip(names, report.scores, strict=True):
        found = next(each for each in score.truths if each.truth == LABELLED_BY_TEACHER)
        if found.summary is None:
            sys.exit(f"{name}: no face was measured")
        images, minutes = trained(folder / name / "log.csv")
        architecture, _, seed = name.rpartition("-")
        runs.append(
            AblationRun(
                architecture, int(seed), images, minutes, found.summary, found.errors_percent
            )
        )
    return runs


def trained(log: Path) -> tuple[int, float]:
    """Images that a run saw, and the minutes that its steps took."""
    from frsdk.export.train_config import TrainConfig

    with log.open(encoding="utf-8", newline="") as file:
        rates = [float(row["images_per_s"]) for row in csv.DictReader(file)]
    batch = TrainConfig().batch_size
    return batch * len(rates), sum(batch / rate for rate in rates) / 60.0


def write(result: AblationResult, steps: int) -> None:
    """The table, the figures and the curves."""
    runs = [run for variant in result.variants for run in variant.runs]
    lines = [
        Line(f"{run.architecture}, seed {run.seed}", run.errors_percent)
        for run in sorted(runs, key=lambda run: run.seed)
    ]
    plot = ced_plot("Ablation: held-out crops, lmk68", lines, CURVE_END_PERCENT)
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
        "![Cumulative error](ablation.png)",
    ]
    document = {
        "steps": steps,
        "runs": [
            {"network": run.architecture, "seed": run.seed, "images": run.images,
             "minutes": round(run.minutes, 1), "nme": asdict(run.summary)}
            for run in runs
        ],
        "attention_points": result.attention_percent,
        "spread_points": result.spread_percent,
        "below_mobilenet_v2_percent": result.gain_percent,
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ablation.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    (RESULTS / "ablation.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    cv2.imwrite(str(RESULTS / "ablation.png"), plot)
    print("\n".join(text))


if __name__ == "__main__":
    main()
