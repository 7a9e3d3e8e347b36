"""``frsdk-bench``: how fast frsdk is on this machine, and how far from its limits."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from frsdk.commands.console_errors import reports_errors, version_option
from frsdk.commands.terminal import show_step

from .speed.bench_defaults import DEFAULT_BATCHES, DEFAULT_ROUNDS, BenchOptions

if TYPE_CHECKING:
    from .speed.run_bench import BenchReport

_FILE = click.Path(path_type=Path, dir_okay=False)
# Read once, when NumPy's BLAS is loaded; a second thread there would race the engine's.
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("frsdk-bench")
@click.option(
    "--engine",
    default="fp32",
    show_default=True,
    metavar="LIST",
    help="Precisions, artefacts, builtin or builtin-open, interleaved: fp32,fp16,int8.",
)
@click.option("--backend", default="auto", show_default=True, help="Backend of the engines.")
@click.option("--cuda-graph", is_flag=True, help="Each engine also with recorded work, on a GPU.")
@click.option(
    "--threads", default="1", show_default=True, metavar="LIST", help="Engine threads: 1,2."
)
@click.option(
    "--vertices",
    type=click.Choice(["fp32", "int8"]),
    default="fp32",
    show_default=True,
    help="Precision of the dense vertices in stages and faces.",
)
@click.option(
    "--batch", default=",".join(map(str, DEFAULT_BATCHES)), show_default=True, metavar="LIST"
)
@click.option("--rounds", type=click.IntRange(5), default=DEFAULT_ROUNDS, show_default=True)
@click.option("--image", metavar="FILE", help="Photograph [default: scikit-image's astronaut].")
@click.option("--peers", is_flag=True, help="Peers in the same run (needs the export extra).")
@click.option("--mediapipe", type=_FILE, help="face_landmarker.task, as a peer.")
@click.option("--cold-start/--no-cold-start", default=True, help="Start new processes.")
@click.option("--compare", type=_FILE, help="An earlier .json file: set the ratios beside it.")
@click.option("-o", "--output", type=_FILE, help="Write the report for machines: a .json file.")
@click.option("--json", "as_json", is_flag=True, help="Print it for machines on stdout.")
@click.option("--markdown", type=_FILE, help="Write the report as a document.")
@click.option("--plot", type=_FILE, help="Write a PNG: latency, stages, batches or peers.")
@reports_errors
def main(
    engine: str,
    backend: str,
    cuda_graph: bool,
    threads: str,
    vertices: str,
    batch: str,
    rounds: int,
    image: str | None,
    peers: bool,
    mediapipe: Path | None,
    cold_start: bool,
    compare: Path | None,
    output: Path | None,
    as_json: bool,
    markdown: Path | None,
    plot: Path | None,
) -> None:
    """Measure latency, stages, memory, counts and limits on this machine.

    The method is in benchmarks/README.md. One thread for NumPy and OpenCV; --threads is the
    engine's.
    """
    if mediapipe and not peers:
        raise click.UsageError("--mediapipe is a peer: add --peers")
    _restart_with_one_blas_thread()
    from frsdk.storage.atomic_write import check_destination

    from .speed.measuring.engines_under_test import variants_from_texts
    from .speed.reporting.compare_runs import compare_table, read_report
    from .speed.reporting.report_header import header_line
    from .speed.reporting.report_plot import needs_matplotlib
    from .speed.reporting.report_tables import print_tables
    from .speed.run_bench import run_bench

    for path in (output, markdown, plot):
        if path:
            check_destination(path)  # said before minutes of work
    if plot:
        needs_matplotlib()
    earlier = read_report(compare) if compare else None
    options = BenchOptions(
        variants=tuple(
            variants_from_texts(
                engine, threads, backend=backend, vertex_precision=vertices, cuda_graph=cuda_graph
            )
        ),
        batches=_batches(batch),
        rounds=rounds,
        peers=peers,
        mediapipe=mediapipe,
        image=image,
        cold_start=cold_start,
    )
    report = run_bench(options, on_step=show_step)
    show_step("")
    try:
        if earlier is not None:
            report.tables.append(compare_table(report.tables, earlier, str(compare)))
    finally:  # what was measured is told whether it can be compared and written or not
        if as_json:
            click.echo(json.dumps(report.to_dict(), indent=1))
        else:
            click.echo(f"{header_line(report.environment)}\n")
            print_tables(report.tables)
        _write(report, output, markdown, plot)


def _restart_with_one_blas_thread() -> None:
    if any(os.environ.get(name) != "1" for name in _BLAS_THREADS):
        os.environ.update(dict.fromkeys(_BLAS_THREADS, "1"))
        # As it was started: -m would look for frsdk in the current folder first.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _batches(text: str) -> tuple[int, ...]:
    from frsdk.errors import InputError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 4096 for part in parts):
        raise InputError(f"expected batch sizes of 1 to 4096 such as 1,8,64, got {text!r}")
    return tuple(sorted({int(part) for part in parts}))


def _write(
    report: BenchReport, output: Path | None, markdown: Path | None, plot: Path | None
) -> None:
    """Write the files that are asked for."""
    from frsdk.storage.atomic_write import atomic_write

    from .speed.reporting.report_header import header_line
    from .speed.reporting.report_plot import write_plot
    from .speed.reporting.report_tables import markdown_lines

    header = header_line(report.environment)
    if output:
        atomic_write(output, (json.dumps(report.to_dict(), indent=1) + "\n").encode())
    if markdown:
        lines = ["# frsdk-bench", "", header, "", *markdown_lines(report.tables)]
        atomic_write(markdown, "\n".join(lines).encode())
    if plot:
        write_plot(plot, report.samples, report.tables)


if __name__ == "__main__":
    main(prog_name="frsdk-bench")
