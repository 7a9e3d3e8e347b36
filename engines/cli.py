"""``frsdk-build``: networks to the form that a device runs best."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors, version_option
from frsdk.commands.options.finite_range import FiniteRange
from frsdk.commands.options.given_options import was_given
from frsdk.commands.terminal import Advance, progress
from frsdk.errors import MissingDependencyError

from .accuracy.gate_defaults import MAX_DROP_POINTS, GateOptions
from .tensorrt.build_defaults import (
    DEFAULT_PROFILE,
    BuildOptions,
    capabilities_from_texts,
    profiles_from_texts,
)

_FILE = click.Path(path_type=Path)
_PROFILE = ":".join(map(str, DEFAULT_PROFILE.sizes))
_SEVERAL = ("--compute-capability",)
_NO_TARGET = "Missing option '--target': cpu, tensorrt or rtx."
_INT8_ON_RTX = (
    "note: TensorRT for RTX documents INT8 for matrix products, and these are convolutions: their "
    "speed there was never measured. fp16 is the precision to take"
)


class _SeveralValues(click.Command):
    """Lets ``--compute-capability 8.6 8.9`` mean the option given twice."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread: list[str] = []
        option = None
        for each in args:
            if option and re.fullmatch(r"\d+\.\d+", each) and spread[-1] != option:
                spread.append(option)
            elif each.startswith("-"):
                option = each if each in _SEVERAL else None
            spread.append(each)
        return super().parse_args(ctx, spread)


@click.command(cls=_SeveralValues, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("model", type=_FILE)
@click.option("--inspect", is_flag=True, help="Print what MODEL (.onnx, .engine, .pth) holds.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp16", "int8"]),
    help="Of the result [default: that of MODEL].",
)
@click.option(
    "--target",
    type=click.Choice(["cpu", "tensorrt", "rtx"]),
    help="cpu: .onnx for ONNX Runtime; tensorrt, rtx: .engine.",
)
@click.option(
    "-o",
    "--output",
    type=_FILE,
    help="[default: MODEL.PRECISION.TARGET.onnx or .engine, beside it]",
)
@click.option(
    "--plan",
    type=_FILE,
    metavar="FILE",
    help="Write the bare plan (of MODEL, an .engine, or of the build) and FILE.json.",
)
@click.option(
    "--triton",
    type=_FILE,
    metavar="FOLDER",
    help="Write a model repository for Triton, of MODEL as it is or of the build.",
)
@click.option(
    "--calibration",
    type=_FILE,
    metavar="PATH",
    help="Face crops to calibrate int8 and measure the result on: folder, tar, npz.",
)
@click.option(
    "--max-drop",
    type=FiniteRange(),
    default=MAX_DROP_POINTS,
    show_default=True,
    metavar="POINTS",
    help="NME that the result may lose against fp32.",
)
@click.option("--allow-drop", is_flag=True, help="Keep a result that loses more.")
@click.option("--sensitivity", is_flag=True, help="Print what each layer's int8 costs in NME.")
@click.option(
    "--batch",
    "batches",
    multiple=True,
    default=[_PROFILE],
    show_default=_PROFILE,
    metavar="MIN:OPT:MAX",
    help="Batch sizes; several ranges, each tuned for its OPT, by several --batch.",
)
@click.option(
    "--compute-capability",
    "capabilities",
    multiple=True,
    metavar="8.6 ...",
    help="GPUs to build for (rtx) [default: the GPU of this machine].",
)
@click.option("--workspace-mib", type=click.IntRange(min=1), metavar="N", help="Scratch memory.")
@click.option("--timing-cache", type=_FILE, metavar="FILE", help="Reuse measured kernel times.")
@click.option("--hardware-compatible", is_flag=True, help="Run on later GPU architectures too.")
@click.option("--version-compatible", is_flag=True, help="Run with later TensorRT releases too.")
@click.option("--dla", type=click.IntRange(min=0), metavar="CORE", help="Build for this DLA core.")
@click.option("--json", "as_json", is_flag=True, help="Print the result for machines on stdout.")
@version_option("frsdk-build")
@reports_errors
def main(
    model: Path,
    inspect: bool,
    precision: str | None,
    target: str | None,
    output: Path | None,
    plan: Path | None,
    triton: Path | None,
    calibration: Path | None,
    max_drop: float,
    allow_drop: bool,
    sensitivity: bool,
    batches: tuple[str, ...],
    capabilities: tuple[str, ...],
    workspace_mib: int | None,
    timing_cache: Path | None,
    hardware_compatible: bool,
    version_compatible: bool,
    dla: int | None,
    as_json: bool,
) -> None:
    """Convert MODEL for a device, or --inspect it.

    MODEL is an .onnx file of frsdk-export, or builtin (builtin-open): a network in this
    installation, whose converted forms go to the current folder.
    """
    _check_onnx()
    from frsdk.installation.builtin_weights import named_weights
    from frsdk.storage.atomic_write import check_destination

    from .artefacts.artefact_report import inspect_artefact
    from .artefacts.bare_plan import write_bare_plan
    from .artefacts.build_artefact import build_artefact, default_name
    from .artefacts.triton_repository import write_triton_repository
    from .tensorrt.build_progress_bar import shown_progress

    builtin = named_weights(model)
    if builtin:
        if target and not output:
            output = Path(default_name(model, precision or "fp32", target))
        model = builtin.network
    if sensitivity:
        _check_alone("--sensitivity", "target", "calibration", "precision")
        if precision not in (None, "int8"):
            raise click.UsageError("--sensitivity is of int8: leave --precision out.")
        _print_sensitivity(model, target, calibration, as_json)
        return
    if inspect:
        _check_alone("--inspect")
    elif plan and model.suffix.lower() == ".engine":
        _check_alone("--plan")
    elif triton and target is None:
        _check_alone("--triton")
    else:
        if plan and (target == "cpu" or (output and output.suffix.lower() != ".engine")):
            raise click.UsageError("--plan is for an .engine: leave it out.")
        if target is None:
            raise click.UsageError(_NO_TARGET)
        if triton and target == "rtx":
            raise click.UsageError("--triton: its servers run --target tensorrt, not rtx.")
        for path in (plan, timing_cache):
            if path:
                check_destination(path)  # said before minutes of work
        options = BuildOptions(
            profiles=profiles_from_texts(batches),
            compute_capabilities=capabilities_from_texts(capabilities),
            workspace_mib=workspace_mib,
            timing_cache=timing_cache,
            hardware_compatible=hardware_compatible,
            version_compatible=version_compatible,
            dla_core=dla,
        )
        with shown_progress(model, target, precision) as report:
            model = build_artefact(
                model,
                output,
                target=target,
                precision=precision,
                calibration=calibration,
                options=options,
                gate=GateOptions(max_drop=max_drop, allow_drop=allow_drop),
                report=report,
            )
    if plan is not None:
        write_bare_plan(model, plan)
    if triton is not None:
        write_triton_repository(model, triton, weights=builtin.name if builtin else None)
    found = inspect_artefact(model)
    if target == "rtx" and found.spec.precision == "int8":
        click.echo(_INT8_ON_RTX, err=True)
    click.echo(json.dumps(found.to_dict(), indent=1) if as_json else "\n".join(found.lines()))


def _check_alone(option: str, *also: str) -> None:
    """Refuse options that the reading of a file would not heed; also: names of those it does."""
    heeded = ("model", "as_json", option.lstrip("-"), *also)
    given = [
        each.opts[0]
        for each in click.get_current_context().command.params
        if each.name not in heeded and was_given(each.name or "")
    ]
    if given:
        raise click.UsageError(f"{option} only reads: leave {', '.join(given)} out")


def _check_onnx() -> None:
    if find_spec("onnx") is None:
        from frsdk.installation.optional_packages import pip_line

        raise MissingDependencyError(f"frsdk-build needs onnx: {pip_line('engines')}")


def _print_sensitivity(
    model: Path, target: str | None, calibration: Path | None, as_json: bool
) -> None:
    from .calibration.calibrate_network import sensitivity_report

    if target is None:
        raise click.UsageError(_NO_TARGET)
    if calibration is None:
        raise click.UsageError("Missing option '--calibration': --sensitivity measures on crops.")
    form = "cpu" if target == "cpu" else "tensorrt"
    with _counted() as report:
        costs = sensitivity_report(model, target=form, calibration=calibration, report=report)
    if as_json:
        click.echo(json.dumps([{"layer": each.name, "nme_percent": each.cost} for each in costs]))
        return
    click.echo("NME (%)  layer")
    for each in costs:
        click.echo(f"{each.cost:7.4f}  {each.name}")


@contextmanager
def _counted() -> Iterator[Callable[[int, int], None]]:
    """A bar over layers on stderr, on a terminal only."""
    with ExitStack() as opened:
        bars: list[Advance] = []
        before = 0

        def report(done: int, of: int) -> None:
            nonlocal before
            if not bars:  # how many there are is known with the first
                bars.append(opened.enter_context(progress("measuring", of)))
            bars[0](done - before, "")
            before = done

        yield report
