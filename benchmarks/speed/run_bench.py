"""Run everything that `frsdk-bench` reports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any  # a report as JSON has it

import cv2

from frsdk import FaceReconstructor
from frsdk.errors import MissingDependencyError

from .bench_defaults import BenchOptions
from .measuring.bench_photo import Photo, load_photo
from .measuring.engines_under_test import (
    PRECISIONS,
    Variant,
    open_reconstructor,
    opened,
    runs_on_cpu,
)
from .measuring.environment import Environment, this_environment
from .measuring.interleaved_timing import Samples
from .measuring.machine_ceilings import measure_ceilings
from .measuring.network_copies import COPIES, NetworkCopies
from .measuring.resident_memory import peak_mib
from .peers import peer_networks
from .peers.mediapipe_peer import MediapipePeer
from .peers.untrained_networks import needs_torch
from .reporting.report_tables import Table
from .tables import count_tables, limit_tables
from .tables.cold_start_table import cold_table
from .tables.device_table import device_table
from .tables.drift_table import drift_table
from .tables.engines_table import engines_table
from .tables.latency_table import batch_samples, latency_table
from .tables.many_faces_table import faces_table
from .tables.output_table import output_table
from .tables.overlay_table import overlay_table
from .tables.power_table import power_table
from .tables.stages_table import stages_table
from .tables.tracked_table import tracked_table


@dataclass(frozen=True, slots=True, eq=False)
class BenchReport:
    """What came out.

    Attributes:
        environment: Where.
        tables: What.
        samples: Network times per batch and engine, for the plot.
    """

    environment: Environment
    tables: list[Table]
    samples: dict[int, dict[str, Samples]]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "environment": asdict(self.environment),
            "tables": [table.to_dict() for table in self.tables],
        }


def run_bench(
    options: BenchOptions,
    *,
    on_step: Callable[[str], None] = lambda step: None,
    on_round: Callable[[], None] = lambda: None,
) -> BenchReport:
    """Measure. NumPy must have been loaded with one BLAS thread.

    Args:
        options: What to run.
        on_step: Told what begins.
        on_round: Told of every round, many times a second.

    Raises:
        FrsdkError: An engine cannot be opened, a file cannot be read, or a peer's package is
            missing.
    """
    environment = this_environment()
    cv2.setNumThreads(1)
    with ExitStack() as stack:
        mediapipe = _opened_peer(options, stack)  # said before minutes of work
        engines = stack.enter_context(opened(options.variants))
        first = next(iter(engines.values()))
        photo = load_photo(options.image, first)
        tables = [engines_table(engines), *_counts(first, on_step)]
        on_step("latency")
        samples = batch_samples(engines, options.batches, options.rounds, on_round)
        tables.append(latency_table(samples))
        plain = {v.name: engines[v.name] for v in options.variants if not v.cuda_graph}
        device = device_table(plain, options.batches, options.rounds, on_round)
        tables += [device] if device else []
        on_step("stages")
        tables.append(stages_table(engines, photo, options.rounds, on_round))
        tables.append(overlay_table(first, photo, options.rounds, on_round))
        tables.append(faces_table(engines, photo, options.rounds, on_round))
        on_step("outputs")
        outputs = output_table(first, photo, options.rounds, on_round)
        tables += [outputs] if outputs else []
        tables.append(tracked_table(first, photo, options.rounds, on_round))
        on_step("limits")
        ceilings = measure_ceilings(on_round)
        at_one = samples[min(samples)]
        if min(samples) == 1:
            bounded = _one_thread_fp32(engines, options.variants)
            tables.append(limit_tables.limits_table(engines, at_one, ceilings, bounded))
        tables.append(limit_tables.decode_table(first, photo, options.rounds, on_round))
        on_step("drift")
        reference = _reference(engines, options.variants, stack)
        drift = drift_table(engines, reference, photo)
        tables += [drift] if drift else []
        power = power_table(engines, photo)
        tables += [power] if power else []
        if options.peers:
            tables += _peers(options, engines, photo, stack, mediapipe, on_step, on_round)
        if options.cold_start:
            on_step("cold start")
            tables.append(cold_table(options.variants))
    tables.append(_memory_table())
    return BenchReport(environment, tables, samples)


def _counts(engine: FaceReconstructor, on_step: Callable[[str], None]) -> list[Table]:
    on_step("counting")
    try:
        return [
            count_tables.group_table(engine.backend.spec),
            count_tables.published_table(),
        ]
    except MissingDependencyError as error:
        return [Table("groups", "Counts", ("layers",), [], f"Not counted: {error}")]


def _one_thread_fp32(
    engines: dict[str, FaceReconstructor], variants: tuple[Variant, ...]
) -> set[str]:
    """Names of the engines that compute in FP32 on one thread of the CPU."""
    backends = {each.name: engines[each.name].backend for each in variants if each.threads == 1}
    return {
        name
        for name, each in backends.items()
        if runs_on_cpu(each) and each.arithmetic.startswith("FP32")
    }


def _reference(
    engines: dict[str, FaceReconstructor], variants: tuple[Variant, ...], stack: ExitStack
) -> FaceReconstructor:
    """FP32 of the built-in network, opened for the comparison where it is not under test."""
    for variant in variants:
        if variant.engine == PRECISIONS[0]:
            return engines[variant.name]
    return stack.enter_context(open_reconstructor(Variant(PRECISIONS[0], 1)))


def _opened_peer(options: BenchOptions, stack: ExitStack) -> MediapipePeer | None:
    """MediaPipe's, where it is asked for; the others' packages are looked for."""
    if options.peers:
        needs_torch()
    if options.mediapipe is None:
        return None
    peer = MediapipePeer(options.mediapipe)
    stack.callback(peer.close)
    return peer


def _peers(
    options: BenchOptions,
    engines: dict[str, FaceReconstructor],
    photo: Photo,
    stack: ExitStack,
    mediapipe: MediapipePeer | None,
    on_step: Callable[[str], None],
    on_round: Callable[[], None],
) -> list[Table]:
    model = next(iter(engines.values())).face_model
    copies = {}
    for variant in options.variants:
        more = [stack.enter_context(open_reconstructor(variant)) for _ in range(COPIES - 1)]
        opened_all = [engines[variant.name], *more]
        copies[variant.name] = NetworkCopies([each.backend for each in opened_all])
    networks = stack.enter_context(
        peer_networks.opened_networks(model, threads=options.variants[0].threads, on_step=on_step)
    )
    on_step("peers")
    return [
        peer_networks.networks_table(networks, copies, options.rounds, on_round),
        peer_networks.pipelines_table(
            networks, copies, model, photo, options.rounds, mediapipe=mediapipe, on_round=on_round
        ),
    ]


def _memory_table() -> Table:
    note = "The whole benchmark with all engines; one engine alone: see the cold start."
    return Table("memory", "Memory", ("what", "peak MiB"), [("this process", peak_mib())], note)
