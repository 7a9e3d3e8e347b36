"""`frsdk doctor` on this machine and on imagined ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from frsdk.backends.cuda.device_memory import GpuInfo
from frsdk.backends.engine_choice import BACKENDS
from frsdk.commands import doctor_report as doctor
from frsdk.errors import OutputError
from frsdk.installation.optional_packages import pip_line


def test_the_command_says_what_this_machine_runs() -> None:
    from frsdk.commands.cli import main

    done = CliRunner().invoke(main, ["doctor", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert set(found["runs"]) == set(BACKENDS)
    assert found["runs"]["onnxruntime"] is None
    assert found["builds"]["cpu"] is None
    assert "CPUExecutionProvider" in found["providers"]
    assert found["packages"]["onnx"].count(".") == 2
    assert (found["gpu"] is None) == (found["gpu_problem"] is not None)
    if found["gpu"] is None:
        assert found["runs"]["tensorrt"] and found["builds"]["tensorrt"]
    text = CliRunner().invoke(main, ["doctor"]).stdout
    assert "run onnxruntime: yes\n" in text
    assert "build for cpu: yes\n" in text


def test_missing_packages_have_their_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    monkeypatch.setattr(doctor, "gpu_obstacle", lambda: None)
    monkeypatch.setattr(doctor, "gpu_info", lambda: GpuInfo("A", "8.6", "13.0"))
    found = doctor.diagnose()
    assert found.packages == {}
    assert set(found.missing_extras) == set(doctor._EXTRAS)
    assert found.missing_extras["rtx"] == pip_line("rtx")
    assert found.missing_extras["gpu"].endswith(f"&& {pip_line('gpu')}")
    assert found.builds["cpu"] == f"onnx is missing: {pip_line('engines')}"
    assert f"extra rtx is missing: {pip_line('rtx')}" in list(found.lines())
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    assert doctor.diagnose().missing_extras == {}


def test_without_a_gpu_no_package_for_one_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    monkeypatch.setattr(doctor, "gpu_obstacle", lambda: "no NVIDIA driver")
    found = doctor.diagnose()
    assert set(found.missing_extras) == {"cpu", "engines", "export"}


def test_without_a_home_folder_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> str:
        raise OutputError("no home folder to keep engines in: set FRSDK_CACHE_DIR to a folder")

    monkeypatch.setattr(doctor, "cache_folder", no_home)
    found = doctor.diagnose()
    assert found.cache is None
    assert list(found.lines())[-1] == (
        "cache: none: no home folder to keep engines in: set FRSDK_CACHE_DIR to a folder"
    )


def test_every_extra_is_one_of_the_package() -> None:
    import configparser
    import re

    parser = configparser.ConfigParser()
    parser.read(Path(__file__).resolve().parents[3] / "setup.cfg", encoding="utf-8")
    for extra, needs in doctor._EXTRAS.items():
        lines = parser["options.extras_require"][extra].split("\n")
        names = {re.split(r"[>\[]", line)[0].strip() for line in lines if line.strip()}
        assert all(names & set(choice) for choice in needs), extra


def test_a_gpu_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_obstacle", lambda: None)
    monkeypatch.setattr(doctor, "gpu_info", lambda: GpuInfo("A", "8.6", "13.0"))
    monkeypatch.setattr(doctor, "driver_version", lambda: "580.1")
    found = doctor.diagnose()
    assert "GPU: A, compute capability 8.6, CUDA 13.0, driver 580.1" in list(found.lines())
    orin = GpuInfo("Orin", "8.7", "12.6", multiprocessors=14)
    monkeypatch.setattr(doctor, "gpu_info", lambda: orin)
    line = "GPU: Orin, compute capability 8.7, 14 multiprocessors, CUDA 12.6, driver 580.1"
    assert line in list(doctor.diagnose().lines())
    assert found.to_dict()["gpu"]["name"] == "A"
