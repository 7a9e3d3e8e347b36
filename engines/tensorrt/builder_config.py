"""Put build options into a TensorRT builder's configuration."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any  # TensorRT's objects have no types

from frsdk.backends.tensorrt_modules import TensorrtModule, named_capabilities
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.errors import BackendError, InputError
from frsdk.storage.atomic_write import atomic_write, check_destination

from .build_defaults import BuildOptions

_MIB = 1 << 20


def configure(handle: TensorrtModule, builder: Any, config: Any, options: BuildOptions) -> None:
    """Set the options; each is read back, so that one without effect is noticed.

    TF32, which TensorRT takes for FP32 where it may, is switched off: it rounds what goes into a
    product to 10 bits, as FP16 does.

    Args:
        handle: The flavour.
        builder: Its `Builder`.
        config: The builder's `IBuilderConfig`.
        options: What was asked for; an empty list of compute capabilities sets none.

    Raises:
        InputError: The flavour, or this machine, does not have an option that was asked for.
        BackendError: The timing cache cannot be used.
    """
    _keep_fp32_whole(handle, config)
    if options.compute_capabilities:
        _set_capabilities(handle, config, options.compute_capabilities)
    if options.workspace_mib is not None:
        _set_workspace(handle, config, options.workspace_mib)
    if options.hardware_compatible:
        _set_hardware_compatible(handle, config)
    if options.version_compatible:
        _set_version_compatible(handle, config)
    if options.dla_core is not None:
        _set_dla(handle, builder, config, options.dla_core, options.profiles)
    if options.timing_cache is not None:
        _load_timing_cache(handle, config, options.timing_cache)


def has_target_list(handle: TensorrtModule) -> bool:
    """Whether the flavour builds for GPUs that are named, which need not be there."""
    trt = handle.trt
    return hasattr(trt, "ComputeCapability") and hasattr(
        trt.IBuilderConfig, "set_compute_capability"
    )


def count_dla_layers(handle: TensorrtModule, definition: Any, config: Any) -> int:
    """How many layers of a network a DLA takes; what it does not take runs on the GPU.

    Raises:
        InputError: None, so that the engine would be one for the GPU.
    """
    layers = (definition.get_layer(index) for index in range(definition.num_layers))
    found = sum(bool(config.can_run_on_DLA(layer)) for layer in layers)
    if not found:
        raise InputError(
            f"{handle.label} runs no layer of this network on a DLA, which takes FP16 of one batch "
            "size: use --precision fp16, or leave --dla out"
        )
    return found


def save_timing_cache(config: Any, path: Path) -> None:
    """Write the measured times of a finished build, atomically.

    Raises:
        OutputError: The file cannot be written.
    """
    atomic_write(path, bytes(memoryview(config.get_timing_cache().serialize())))


def _set_capabilities(handle: TensorrtModule, config: Any, capabilities: tuple[str, ...]) -> None:
    if not has_target_list(handle):
        raise _missing(handle, "--compute-capability", "it builds for the GPU of this machine")
    known = named_capabilities(handle.trt)
    for capability in capabilities:
        if capability not in known:
            raise InputError(
                f"{handle.label} does not build for compute capability {capability}: "
                f"choose among {', '.join(known)}"
            )
    config.num_compute_capabilities = len(capabilities)
    for index, capability in enumerate(capabilities):
        if not config.set_compute_capability(known[capability], index):
            raise BackendError(f"{handle.label} refused compute capability {capability}")


def _keep_fp32_whole(handle: TensorrtModule, config: Any) -> None:
    flag = handle.trt.BuilderFlag.TF32
    config.clear_flag(flag)
    if config.get_flag(flag):
        raise BackendError(f"{handle.label} does not build without TF32: update it")


def _set_workspace(handle: TensorrtModule, config: Any, mib: int) -> None:
    pool = handle.trt.MemoryPoolType.WORKSPACE
    config.set_memory_pool_limit(pool, mib * _MIB)
    if config.get_memory_pool_limit(pool) != mib * _MIB:
        raise InputError(
            f"{handle.label} does not take --workspace-mib {mib}: choose less than the GPU's memory"
        )


def _set_hardware_compatible(handle: TensorrtModule, config: Any) -> None:
    level = handle.trt.HardwareCompatibilityLevel.AMPERE_PLUS
    config.hardware_compatibility_level = level
    if config.hardware_compatibility_level != level:
        raise _missing(handle, "--hardware-compatible", "name the targets: --compute-capability")


def _set_version_compatible(handle: TensorrtModule, config: Any) -> None:
    flag = handle.trt.BuilderFlag.VERSION_COMPATIBLE
    config.set_flag(flag)
    if not config.get_flag(flag):
        raise _missing(handle, "--version-compatible", "build with the version that runs it")


def _set_dla(
    handle: TensorrtModule,
    builder: Any,
    config: Any,
    core: int,
    profiles: tuple[BatchProfile, ...],
) -> None:
    trt, cores = handle.trt, builder.num_DLA_cores
    if core >= cores:
        raise _missing(handle, f"--dla {core}", f"this machine has {cores} DLA cores")
    if any(each.minimum != each.maximum for each in profiles):
        # A DLA takes fixed shapes alone: with a range every layer would fall to the GPU unsaid.
        raise InputError(
            f"--dla {core} wants one batch size, a DLA has no ranges: add --batch 1:1:1"
        )
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)  # for the layers that a DLA does not have
    if config.DLA_core != core:
        raise _missing(handle, f"--dla {core}", "leave it out")


def _load_timing_cache(handle: TensorrtModule, config: Any, path: Path) -> None:
    check_destination(path)
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise BackendError(f"{path}: the timing cache cannot be read ({reason})") from error
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        cache = config.create_timing_cache(content)
        taken = cache is not None and config.set_timing_cache(cache, False)
    # A flavour without a timing cache keeps the functions, which then only warn.
    if any(issubclass(each.category, DeprecationWarning) for each in said):
        raise _missing(handle, "--timing-cache", "leave it out")
    if not taken:
        raise BackendError(
            f"{path}: not a timing cache of {handle.label} on this GPU: delete it or name another"
        )


def _missing(handle: TensorrtModule, option: str, remedy: str) -> InputError:
    return InputError(f"{handle.label} does not have {option}: {remedy}")
