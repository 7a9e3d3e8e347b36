"""Build a TensorRT engine file from a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any  # TensorRT's objects have no types

from frsdk._version import __version__
from frsdk.backends.cuda.device_memory import GpuInfo
from frsdk.backends.cuda.open_device import gpu_info
from frsdk.backends.tensorrt_modules import TensorrtModule, load_tensorrt, message_log
from frsdk.engine_files.engine_compatibility import host_os
from frsdk.engine_files.engine_file import write_engine
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.specs.model_spec import InputSpec

from ..graphs.network_file import NetworkFile
from ..passes.gemm_as_conv import gemm_as_conv
from ..passes.products_as_sums import products_as_sums
from .build_defaults import TARGETS, BuildOptions
from .build_progress import BuildProgress, ReportProgress, build_monitor, cancelled_by_signals
from .builder_config import configure, count_dla_layers, has_target_list, save_timing_cache
from .parse_network import count_layers, create_definition, parse_onnx


def build_engine(
    network: NetworkFile,
    path: Path,
    *,
    target: str,
    options: BuildOptions | None = None,
    onnx_sha256: str | None = None,
    report: ReportProgress = lambda done, phase: None,
) -> EngineHeader:
    """Build an engine and write it with its header, atomically.

    Args:
        network: The network in the precision that the engine shall have.
        path: The `.engine` file.
        target: ``"tensorrt"`` or ``"rtx"``.
        options: Batch sizes and the like.
        onnx_sha256: Digest of the file that the network was converted from; its own by default.
        report: Told how far the build is.

    Returns:
        The header as written.

    Raises:
        MissingDependencyError: The flavour of TensorRT is not installed.
        InputError: The flavour does not have an option that was asked for.
        BackendError: The build needs a GPU that is not there, or failed.
        SpecError: The network's input is not the one that its spec names.
        OutputError: The file cannot be written.
        KeyboardInterrupt: Ctrl-C; nothing was written.
    """
    options = options or BuildOptions()
    handle = load_tensorrt(TARGETS[target])
    gpu = _building_gpu(handle, options)
    if gpu is not None and has_target_list(handle):
        options = replace(options, compute_capabilities=(gpu.compute_capability,))
    built = _build_plan(handle, network, options, report)
    header = EngineHeader(
        spec=network.spec,
        flavour=handle.flavour,
        flavour_version=handle.version,
        compute_capabilities=options.compute_capabilities or _capability(gpu),
        profiles=options.profiles,
        onnx_sha256=onnx_sha256 or network.sha256,
        os=host_os(),
        frsdk_version=__version__,
        gpu_name=gpu.name if gpu else None,
        multiprocessors=gpu.multiprocessors if gpu else None,
        driver_version=gpu.driver_version if gpu else None,
        cuda_version=gpu.cuda_version if gpu else None,
        hardware_compatible=options.hardware_compatible,
        version_compatible=options.version_compatible,
        dla_core=options.dla_core,
        dla_layers=built.dla_layers,
        layers=built.layers,
        precisions=built.precisions,
    )
    return write_engine(path, header, built.plan)


def _building_gpu(handle: TensorrtModule, options: BuildOptions) -> GpuInfo | None:
    """This machine's GPU; None where the build needs none, since its targets are named."""
    if not has_target_list(handle):
        if options.compute_capabilities:
            raise InputError(
                f"{handle.label} does not have --compute-capability: it builds for the GPU of this "
                "machine"
            )
        return gpu_info()
    if options.compute_capabilities:
        return None
    try:
        return gpu_info()
    except BackendError as error:
        raise BackendError(
            f"{error}; or name the GPUs to build for: --compute-capability 8.6 8.9"
        ) from error


def _capability(gpu: GpuInfo | None) -> tuple[str, ...]:
    return (gpu.compute_capability,) if gpu else ()


@dataclass(frozen=True, slots=True)
class _BuiltPlan:
    """The plan, and the layers of the parsed network: all by type and precision, those of a DLA."""

    plan: bytes
    layers: dict[str, int]
    precisions: dict[str, int]
    dla_layers: int | None


def _build_plan(
    handle: TensorrtModule, network: NetworkFile, options: BuildOptions, report: ReportProgress
) -> _BuiltPlan:
    log = message_log(handle.trt)
    try:
        builder = handle.trt.Builder(log)
    except (RuntimeError, TypeError) as error:  # TypeError: the bindings got a null pointer
        raise BackendError(
            f"{handle.label} cannot start on this machine: {log.last_errors()}"
        ) from error
    definition = create_definition(handle, builder)
    content = network.content
    if has_target_list(handle):  # Turing may be among the targets
        content = products_as_sums(gemm_as_conv(content))
    parse_onnx(handle, definition, log, content, network.source)
    config = builder.create_builder_config()
    configure(handle, builder, config, options)
    config.profiling_verbosity = handle.trt.ProfilingVerbosity.DETAILED
    _check_input(definition, network)
    for batches in options.profiles:
        _add_profile(builder, config, network, batches)
    dla_layers = None
    if options.dla_core is not None:
        dla_layers = count_dla_layers(handle, definition, config)
    progress = BuildProgress(report)
    monitor = build_monitor(handle.trt, progress)
    config.progress_monitor = monitor
    with cancelled_by_signals(progress.cancelled):
        plan = builder.build_serialized_network(definition, config)
    if plan is None:
        raise BackendError(f"{network.source}: {handle.label} cannot build it: {log.last_errors()}")
    if options.timing_cache is not None:
        save_timing_cache(config, options.timing_cache)
    return _BuiltPlan(bytes(memoryview(plan)), *count_layers(definition), dla_layers)


def _check_input(definition: Any, network: NetworkFile) -> None:
    entry: InputSpec = network.spec.input
    found = [definition.get_input(index).name for index in range(definition.num_inputs)]
    if found != [entry.name]:
        raise SpecError(
            f"{network.source}: the specification names the input {entry.name}, the network has "
            f"{', '.join(found)}: export it again"
        )
    shape = tuple(definition.get_input(0).shape)
    if shape != (-1, *entry.shape):
        raise SpecError(
            f"{network.source}: expected the input {entry.name} with a dynamic batch "
            f"{(-1, *entry.shape)}, got {shape}: export it again with frsdk-export"
        )


def _add_profile(builder: Any, config: Any, network: NetworkFile, batches: BatchProfile) -> None:
    entry = network.spec.input
    profile = builder.create_optimization_profile()
    profile.set_shape(entry.name, *((size, *entry.shape) for size in batches.sizes))
    if config.add_optimization_profile(profile) < 0:
        raise BackendError(
            f"{network.source}: the network does not take batches {batches.sizes}: choose others "
            "by --batch"
        )
