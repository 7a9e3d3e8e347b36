"""Where an engine may run: system, version and GPU."""

from __future__ import annotations

import pytest

from frsdk.backends.cuda.device_memory import GpuInfo
from frsdk.engine_files import engine_compatibility
from frsdk.engine_files.engine_compatibility import (
    check_flavour_version,
    check_gpu,
    check_platform,
    host_os,
)
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader
from frsdk.errors import BackendError
from frsdk.specs.model_spec import ModelSpec


@pytest.fixture
def header(tiny_spec: ModelSpec) -> EngineHeader:
    return EngineHeader(
        spec=tiny_spec,
        flavour="tensorrt",
        flavour_version="10.3.0",
        compute_capabilities=("8.6",),
        profiles=(BatchProfile(1, 1, 8),),
        onnx_sha256="0" * 64,
        os="linux-x86_64",
        frsdk_version="0.1",
        gpu_name="A",
    )


@pytest.mark.parametrize(
    ("flavour", "built", "here", "fits"),
    [
        ("tensorrt", "linux-x86_64", "linux-x86_64", True),
        ("tensorrt", "linux-x86_64", "windows-x86_64", False),
        ("tensorrt", "linux-x86_64", "linux-aarch64", False),
        ("tensorrt_rtx", "linux-x86_64", "windows-x86_64", True),
        ("tensorrt_rtx", "windows-x86_64", "linux-x86_64", True),
        ("tensorrt_rtx", "linux-x86_64", "linux-aarch64", False),
    ],
)
def test_systems(
    header: EngineHeader,
    monkeypatch: pytest.MonkeyPatch,
    flavour: str,
    built: str,
    here: str,
    fits: bool,
) -> None:
    monkeypatch.setattr(engine_compatibility, "host_os", lambda: here)
    header = header.replace(flavour=flavour, os=built)
    if fits:
        check_platform(header, "a.engine")
    else:
        with pytest.raises(BackendError, match=f"a.engine: built for {built}, this machine"):
            check_platform(header, "a.engine")


@pytest.mark.parametrize(("machine", "name"), [("AMD64", "x86_64"), ("arm64", "aarch64")])
def test_processors_have_one_name(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert host_os().endswith(f"-{name}")


@pytest.mark.parametrize(
    ("flavour", "built", "here", "compatible", "fits"),
    [
        ("tensorrt", "10.3.0", "10.3.0", False, True),
        ("tensorrt", "10.3.0", "10.3.1", False, False),
        ("tensorrt", "10.3.0", "10.16.1.11", False, False),
        ("tensorrt", "10.3.0", "10.16.1.11", True, True),
        ("tensorrt", "10.16.1.11", "10.3.0", True, False),
        ("tensorrt", "10.3.0", "11.4.0.106", True, True),
        ("tensorrt", "10.3.0", "11.4.0.106", False, False),
        ("tensorrt", "10.3.0", "12.0", True, False),
        ("tensorrt", "11.4.0.106", "10.16.1.11", True, False),
        ("tensorrt_rtx", "1.7.1.116", "1.7.1.116", False, True),
        ("tensorrt_rtx", "1.6.0", "1.7.1.116", False, False),
        ("tensorrt_rtx", "1.6.0", "2.0", True, False),
    ],
)
def test_versions(
    header: EngineHeader, flavour: str, built: str, here: str, compatible: bool, fits: bool
) -> None:
    header = header.replace(flavour=flavour, flavour_version=built, version_compatible=compatible)
    if fits:
        check_flavour_version(header, "a.engine", here)
    else:
        with pytest.raises(
            BackendError, match=f"built with {flavour} {built}, installed is {here}"
        ):
            check_flavour_version(header, "a.engine", here)


@pytest.mark.parametrize(
    ("changes", "gpu", "match"),
    [
        ({}, ("A", "8.6"), None),
        ({}, ("B", "8.6"), "built on A, this machine has B"),
        ({}, ("A", "8.9"), r"built for compute capability 8\.6"),
        ({"hardware_compatible": True}, ("B", "9.0"), None),
        ({"hardware_compatible": True}, ("B", "7.5"), r"8\.0 and later"),
        ({"flavour": "tensorrt_rtx", "gpu_name": None}, ("B", "8.6"), None),
        ({"flavour": "tensorrt_rtx"}, ("B", "8.6"), None),
        (
            {"flavour": "tensorrt_rtx", "compute_capabilities": ("8.6", "12.0")},
            ("B", "8.9"),
            r"capability 8\.6, 12\.0",
        ),
    ],
)
def test_gpus(
    header: EngineHeader, changes: dict[str, object], gpu: tuple[str, str], match: str | None
) -> None:
    here = GpuInfo(gpu[0], gpu[1], "13.0")
    if match is None:
        check_gpu(header.replace(**changes), "a.engine", here)
    else:
        with pytest.raises(BackendError, match=match):
            check_gpu(header.replace(**changes), "a.engine", here)


@pytest.mark.parametrize(
    ("built", "here", "fits"),
    [(14, 14, True), (14, 16, False), (None, 16, True), (14, None, True)],
)
def test_modules_that_share_a_name_differ_by_their_multiprocessors(
    header: EngineHeader, built: int | None, here: int | None, fits: bool
) -> None:
    """Orin's modules are all called Orin (8.7); what earlier releases wrote has no number."""
    engine = header.replace(gpu_name="Orin", compute_capabilities=("8.7",), multiprocessors=built)
    gpu = GpuInfo("Orin", "8.7", "12.6", multiprocessors=here)
    if fits:
        check_gpu(engine, "a.engine", gpu)
        return
    with pytest.raises(BackendError, match=r"with 14 multiprocessors, .* Orin with 16"):
        check_gpu(engine, "a.engine", gpu)
    check_gpu(engine.replace(hardware_compatible=True), "a.engine", gpu)
