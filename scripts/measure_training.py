#!/usr/bin/env python3
"""Measure how fast training runs on this machine's CPU, and what each choice gains.

    scripts/measure_training.py [FACES] [--rounds 7]

Prints Markdown: images/s of one step of Mobile-FRNet (forward, backward, optimiser left out) by
memory layout, compilation, crop size, batch and threads, interleaved, medians; with FACES also the
trainer's own steps and the share of time that they wait for data. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from frsdk.export.networks import build_network
from frsdk.export.runs.memory_allocation import keep_freed_memory
from frsdk.export.training.prepare_training import load_training_data
from frsdk.export.training.trainer import Trainer
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.morphable.morphable_model import builtin_face_model

TRAINER_STEPS = 14
WARM_UP = 4


@dataclass(frozen=True)
class Case:
    """One way to run a training step."""

    name: str
    size: int = 120
    batch: int = 64
    threads: int = 1
    channels_last: bool = True
    compiled: bool = False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faces", type=Path, nargs="?", help="folder of labelled crops")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    keep_freed_memory()
    cores = os.cpu_count() or 1
    cases = [
        Case("as trained"),
        Case("channels first", channels_last=False),
        Case("compiled", compiled=True),
        Case("batch 16", batch=16),
        Case("96 px", size=96),
        Case("64 px", size=64),
    ]
    if cores > 1:
        cases += [Case(f"{cores} threads", threads=cores),
                  Case(f"{cores} threads, 64 px", size=64, threads=cores)]  # fmt: skip
    print(f"torch {torch.__version__}, {cores} cores, {torch.backends.cpu.get_cpu_capability()}\n")
    rates = network_rates(cases, arguments.rounds)
    print("| step of the network | images/s | of the first |\n|---|---:|---:|")
    first = rates[cases[0].name]
    for case in cases:
        rate = rates[case.name]
        print(f"| {case.name} | {rate:.0f} | {rate / first:.2f} |", flush=True)
    if arguments.faces:
        trainer_table(arguments.faces, cores)


def network_rates(cases: list[Case], rounds: int) -> dict[str, float]:
    """Median images/s of each case, interleaved."""
    calls = {case.name: step_of(case) for case in cases}
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    for index in range(rounds + 2):
        for case in cases:
            torch.set_num_threads(case.threads)
            begin = time.perf_counter()
            calls[case.name]()
            if index >= 2:  # the first two rounds compile and warm up
                times[case.name].append(time.perf_counter() - begin)
    return {case.name: case.batch / statistics.median(times[case.name]) for case in cases}


def step_of(case: Case) -> Callable[[], None]:
    """Forward and backward of random crops."""
    layout = torch.channels_last if case.channels_last else torch.contiguous_format
    network = build_network("mobile_frnet").train().to(memory_format=layout)
    run = torch.compile(network) if case.compiled else network
    shape = (case.batch, 3, case.size, case.size)
    crops = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    crops = crops.to(memory_format=layout)

    def step() -> None:
        network.zero_grad(set_to_none=True)
        run(crops).square().mean().backward()

    return step


def trainer_table(faces: Path, cores: int) -> None:
    """The trainer's own steps, at each of its crop sizes."""
    data, basis = load_training_data(faces, builtin_face_model(), TrainConfig(profiling=0.3))
    print("\n| trainer, steps at | faces turned | threads | images/s | waiting for data |")
    print("|---|---:|---:|---:|---:|")
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        for profiling in (0.0, 0.3):
            for size in TrainConfig().sizes:
                config = TrainConfig(
                    steps=TRAINER_STEPS, profiling=profiling, sizes=(size,), size_shares=(1.0,)
                )
                with tempfile.TemporaryDirectory() as folder:
                    trainer = Trainer(data, basis, config, Path(folder))
                    trainer.run()
                log = trainer.log[WARM_UP:]
                seconds = np.array([config.batch_size / each["images_per_s"] for each in log])
                waiting = np.array([each["loader_share"] for each in log])
                rate = config.batch_size / float(np.median(seconds))
                share = float((seconds * waiting).sum() / seconds.sum())
                print(f"| {size} px | {profiling:.0%} | {threads} | {rate:.0f} | {share:.1%} |",
                      flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
