"""What setup.cfg puts into the wheel."""

from __future__ import annotations

import configparser
import importlib.metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_every_folder_with_code_is_a_package(config: configparser.ConfigParser) -> None:
    folders = dict(
        (part.strip() for part in line.split("="))
        for line in lines(config["options"]["package_dir"])
    )
    assert folders == {
        "frsdk": "frsdk",
        "frsdk.export": "export",
        "frsdk.engines": "engines",
        "frsdk.benchmarks": "benchmarks",
    }
    found = set()
    for package, folder in folders.items():
        for path in (ROOT / folder).rglob("*.py"):
            below = path.parent.relative_to(ROOT / folder).parts
            found.add(".".join([package, *below]))
    assert found == set(lines(config["options"]["packages"]))


def test_only_the_built_in_artefacts_are_data() -> None:
    assets = {path.name for path in (ROOT / "frsdk" / "assets").iterdir() if path.is_file()}
    assert assets == {
        "__init__.py",
        "MODEL_CARD.md",
        "MODEL_CARD_OPEN.md",
        "blendshapes.npz",
        "face_detector.onnx",
        "face_detector_open.onnx",
        "facemodel.npz",
        "facemodel_2.npz",
        "network.onnx",
        "network_open.onnx",
    }
    for name in ("face_detector.onnx", "face_detector_open.onnx"):
        assert (ROOT / "frsdk" / "assets" / name).stat().st_size <= 700e3
    size = sum(path.stat().st_size for path in (ROOT / "frsdk" / "assets").iterdir())
    assert size <= 19e6  # of the wheel's 22 MB, which are those of scripts/check_wheel.py


def test_the_built_page_is_data_where_it_is(config: configparser.ConfigParser) -> None:
    assets = ROOT / "frsdk" / "assets"
    patterns = config["options.package_data"]["frsdk.assets"].split(", ")
    taken = {path for pattern in patterns for path in assets.glob(pattern) if path.is_file()}
    assert {path for path in (assets / "web").rglob("*") if path.is_file()} <= taken
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/frsdk/assets/web/" in ignored and "node_modules/" in ignored


def test_the_base_needs_little(config: configparser.ConfigParser) -> None:
    names = {line.split(">")[0] for line in lines(config["options"]["install_requires"])}
    assert names == {
        "numpy",
        "opencv-python-headless",
        "pillow",
        "click",
        "filelock",
        "platformdirs",
        "trimesh",
        "rich",
    }


def test_extras_take_one_onnxruntime(config: configparser.ConfigParser) -> None:
    extras = {name: set(lines(text)) for name, text in config["options.extras_require"].items()}
    assert set(extras) == {
        "bench", "cpu", "docs", "engines", "eval", "export", "exr", "gpu", "gpu-test", "heif",
        "label", "osc", "parquet", "quickstart", "ray", "rtx", "synth", "tensorrt", "test",
        "triton",
        "video",
    }  # fmt: skip
    assert extras["engines"] <= extras["tensorrt"] & extras["rtx"] & extras["export"]
    runtimes = {
        name: {line.split(">")[0] for line in needs if line.startswith("onnxruntime")}
        for name, needs in extras.items()
    }
    assert runtimes["cpu"] == runtimes["quickstart"] == runtimes["test"] == {"onnxruntime"}
    assert runtimes["gpu"] == {"onnxruntime-gpu[cuda,cudnn]"}  # a driver alone has no libraries
    assert extras["cpu"] <= extras["quickstart"] and extras["cpu"] <= extras["test"]
    assert extras["export"] <= extras["test"]  # the tests train and export
    assert extras["eval"] <= extras["test"] and extras["bench"] <= extras["test"]
    assert extras["video"] <= extras["test"] and extras["parquet"] <= extras["test"]
    assert extras["exr"] <= extras["test"] & extras["synth"]
    assert extras["osc"] <= extras["test"] and extras["triton"] <= extras["test"]
    assert extras["gpu"] | extras["tensorrt"] <= extras["gpu-test"]  # and no gigabytes of PyTorch
    assert not any(line.startswith("torch") for line in extras["gpu-test"])


def test_every_command_can_be_called() -> None:
    commands = {
        entry.name: entry.load()
        for entry in importlib.metadata.distribution("frsdk").entry_points
        if entry.group == "console_scripts"
    }
    assert set(commands) == {
        "frsdk", "frsdk-train", "frsdk-export", "frsdk-build", "frsdk-eval", "frsdk-bench"
    }  # fmt: skip
    assert all(callable(command) for command in commands.values())
