"""`frsdk-build`: options, refusals and --inspect, as far as they need no accelerator."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from frsdk.engine_files.engine_header import BatchProfile
from frsdk.engines.calibration.layer_sensitivity import LayerCost
from frsdk.engines.tensorrt.build_defaults import (
    capabilities_from_texts,
    profile_from_text,
    profiles_from_texts,
)
from frsdk.engines.tensorrt.build_time_estimate import estimate
from frsdk.errors import InputError
from frsdk.installation.optional_packages import pip_line
from frsdk.specs.model_spec import ModelSpec

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

Build = Callable[..., Result]


def refused(done: Result, match: str) -> None:
    assert done.exit_code == 1
    assert match in done.stderr
    assert done.stderr.startswith("frsdk-build: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("0:1:8", "at least 1, got '0:1:8': use 1:1:8"),
        ("1:8:4", "MIN <= OPT <= MAX .* use 1:4:8"),
        ("8", "MIN:OPT:MAX such as 1:1:8"),
        ("1:2:x", "MIN:OPT:MAX"),
        ("-1:1:1", "MIN:OPT:MAX"),
        ("1:1:5000", "at most 4096"),
    ],
)
def test_bad_batches(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        profile_from_text(text)


def test_the_built_in_network_is_converted_into_the_current_folder(
    frsdk_build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = frsdk_build("builtin", "--precision", "fp16", "--target", "cpu")
    assert done.exit_code == 0, done.output
    assert [each.name for each in tmp_path.iterdir()] == ["builtin.fp16.cpu.onnx"]
    assert "precision: fp16" in done.stdout
    assert "precision: fp32" in frsdk_build("builtin", "--inspect").stdout
    refused(frsdk_build("builtin2", "--inspect"), "builtin2: ")


def test_options_from_texts() -> None:
    assert profile_from_text("1:4:16") == BatchProfile(1, 4, 16)
    assert profiles_from_texts(("2:8:32", "1:1:1")) == (
        BatchProfile(1, 1, 1),
        BatchProfile(2, 8, 32),
    )
    with pytest.raises(InputError, match="different MAX, got two of 8"):
        profiles_from_texts(("1:1:8", "2:4:8"))
    assert capabilities_from_texts(("12.0", "8.6", "7.5", "8.6")) == ("7.5", "8.6", "12.0")
    for text in ("86", "8", "sm_86", "8.61", "0.1"):
        with pytest.raises(InputError, match=r"such as 8\.6"):
            capabilities_from_texts((text,))


def test_usage_errors(frsdk_build: Build, tiny_onnx: Path) -> None:
    for arguments in ([], [tiny_onnx], [tiny_onnx, "--target", "toaster"]):
        assert frsdk_build(*arguments).exit_code == 2
    assert "Missing option '--target'" in frsdk_build(tiny_onnx).stderr


def test_several_capabilities_after_one_option(frsdk_build: Build, tmp_path: Path) -> None:
    absent = tmp_path / "absent.onnx"
    arguments = ["--target", "rtx", "--compute-capability", "8.6", "12.0", absent]
    refused(frsdk_build(*arguments), f"{absent}: cannot be read")
    arguments[3] = "8.6.1"
    assert frsdk_build(*arguments).exit_code in (1, 2)


def test_refusals_before_anything_is_done(
    frsdk_build: Build, tiny_onnx: Path, tmp_path: Path
) -> None:
    to_cpu = [tiny_onnx, "--target", "cpu"]
    refused(frsdk_build(*to_cpu, "--batch", "0:1:1"), "at least 1")
    refused(frsdk_build(*to_cpu, "--workspace-mib", 64), "do not apply to an .onnx file")
    refused(frsdk_build(*to_cpu, "-o", tmp_path / "a.engine"), "ends in .onnx")
    refused(frsdk_build(*to_cpu, "-o", tiny_onnx), "the output is the source")
    refused(frsdk_build(*to_cpu, "-o", tmp_path / "no" / "a.onnx"), "no such folder")
    to_rtx = [tiny_onnx, "--target", "rtx", "-o"]
    refused(frsdk_build(*to_rtx, tmp_path / "a.plan"), "ends in .engine or .onnx")
    cache = tmp_path / "no" / "a.cache"
    refused(frsdk_build(*to_rtx, tmp_path / "a.engine", "--timing-cache", cache), "no such folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("target", "extra"), [("tensorrt", "tensorrt"), ("rtx", "rtx")])
def test_a_missing_package_is_named(
    frsdk_build: Build,
    tiny_onnx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    extra: str,
) -> None:
    for name in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / "a.engine"
    refused(frsdk_build(tiny_onnx, "--target", target, "-o", path), pip_line(extra))
    assert not path.exists()


def test_without_onnx_the_extra_is_named(
    frsdk_build: Build, tiny_onnx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.engines.cli.find_spec", lambda name: None)
    refused(frsdk_build(tiny_onnx, "--inspect"), pip_line("engines"))


def test_sensitivity(frsdk_build: Build, tiny_onnx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frsdk_build(tiny_onnx, "--sensitivity", "--target", "cpu").exit_code == 2
    asked = []

    def report(source: Path, *, target: str, calibration: Path, report: object) -> list[LayerCost]:
        asked.append((source, target, calibration))
        return [LayerCost("dear", 0.25), LayerCost("cheap", 0.001)]

    monkeypatch.setattr("frsdk.engines.calibration.calibrate_network.sensitivity_report", report)
    arguments = [tiny_onnx, "--sensitivity", "--target", "rtx", "--calibration", "crops.npz"]
    done = frsdk_build(*arguments)
    assert done.stdout == "NME (%)  layer\n 0.2500  dear\n 0.0010  cheap\n"
    assert json.loads(frsdk_build(*arguments, "--json").stdout)[0] == {
        "layer": "dear",
        "nme_percent": 0.25,
    }
    assert asked[0] == (tiny_onnx, "tensorrt", Path("crops.npz"))
    assert frsdk_build(*arguments, "--precision", "int8").exit_code == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("-o", "a.onnx"), "leave -o out"),
        (("--triton", "models"), "leave --triton out"),
        (("--plan", "a.plan", "--max-drop", "1"), "leave --plan, --max-drop out"),
        (("--inspect",), "leave --inspect out"),
        (("--precision", "fp16"), "is of int8"),
    ],
)
def test_sensitivity_refuses_options_that_it_would_not_heed(
    frsdk_build: Build, tiny_onnx: Path, option: tuple[str, ...], said: str
) -> None:
    to_cpu = [tiny_onnx, "--sensitivity", "--target", "cpu", "--calibration", "crops.npz"]
    done = frsdk_build(*to_cpu, *option)
    assert done.exit_code == 2
    assert said in done.stderr


def test_inspect_an_onnx_file(frsdk_build: Build, tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    done = frsdk_build(tiny_onnx, "--inspect")
    assert done.exit_code == 0
    assert "layers: 1 AveragePool, 1 Flatten, 1 MatMul" in done.stdout
    assert "precisions: 1 FLOAT" in done.stdout
    facts = json.loads(frsdk_build("--inspect", tiny_onnx, "--json").stdout)
    assert facts["kind"] == "onnx"
    assert facts["size_bytes"] == tiny_onnx.stat().st_size
    assert facts["spec"] == json.loads(tiny_spec.to_json())


def test_inspect_refuses_options_that_it_would_not_heed(
    frsdk_build: Build, tiny_onnx: Path
) -> None:
    done = frsdk_build(tiny_onnx, "--inspect", "--precision", "int8", "-o", "x", "--allow-drop")
    assert done.exit_code == 2
    assert "--inspect only reads: leave --precision, -o, --allow-drop out" in done.stderr


def test_inspect_refuses_other_files(frsdk_build: Build, tmp_path: Path) -> None:
    refused(frsdk_build("--inspect", tmp_path / "a.txt"), "ends in .onnx, .engine, .pth")
    for name in ("a.onnx", "a.engine", "a.pth"):
        path = tmp_path / name
        refused(frsdk_build("--inspect", path), str(path))
        path.write_bytes(b"noise" * 20)
        refused(frsdk_build("--inspect", path), str(path))


def test_inspect_a_checkpoint(frsdk_build: Build) -> None:
    pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")
    path = Path(__file__).resolve().parents[2] / "weights" / "mobile_frnet.pth"
    facts = json.loads(frsdk_build("--inspect", path, "--json").stdout)
    assert facts["kind"] == "checkpoint"
    assert facts["spec"]["architecture"]["name"] == "mobile_frnet"
    assert facts["precisions"]["float32"] > 100


@pytest.mark.parametrize("name", ["frsdk/assets/{}.onnx", "weights/{}.pth"])
def test_inspect_a_face_detector(frsdk_build: Build, name: str) -> None:
    if name.endswith(".pth"):
        pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")
    path = Path(__file__).resolve().parents[2] / name.format("face_detector_open")
    done = frsdk_build("--inspect", path)
    assert done.exit_code == 0, done.stderr
    assert "\nlicence: CC BY 4.0" in done.stdout
    assert "output: cells (n, 15, 2100)" in done.stdout
    assert "\nface detector: scores from " in done.stdout
    assert not any(each in done.stdout for each in ("face model:", "crop rule:", "accuracy:"))
    assert json.loads(frsdk_build("--inspect", path, "--json").stdout)["spec"]["min_score"] > 0


def test_a_face_detector_is_no_network_to_build_from(frsdk_build: Build, tmp_path: Path) -> None:
    path = Path(__file__).resolve().parents[2] / "frsdk" / "assets" / "face_detector.onnx"
    done = frsdk_build(path, "--target", "cpu", "--precision", "fp16", "-o", tmp_path / "a.onnx")
    refused(done, "face detector")


def test_estimates() -> None:
    assert estimate("tensorrt_rtx", 300, "fp32") == "about 2 s on a server CPU"
    assert estimate("tensorrt_rtx", 300, "int8") == "about 6 s on a server CPU"
    assert estimate("tensorrt", 300, "int8").startswith("minutes")
