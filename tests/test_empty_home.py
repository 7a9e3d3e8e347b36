"""Nothing that frsdk or its dependencies do by themselves writes into the user's home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")

RECONSTRUCT = (
    "import numpy as np, frsdk\n"
    "with frsdk.FaceReconstructor() as reconstruct:\n"
    "    reconstruct.warm_up()\n"
)
BENCH = (  # with ceilings and tables that take seconds instead of a minute
    "from frsdk.benchmarks.bench_cli import main\n"
    "from frsdk.benchmarks.speed.measuring import machine_ceilings\n"
    "from frsdk.benchmarks.speed.tables import count_tables, limit_tables, many_faces_table\n"
    "machine_ceilings._BYTES = 1 << 20\n"
    "limit_tables.LARGE_VERTICES, limit_tables.VERTICES = 12000, 10000\n"
    "many_faces_table.FACE_COUNTS, count_tables.PUBLISHED = (1,), {}\n"
    "main()\n"
)
COMMANDS = {
    "reconstruction": ["-c", RECONSTRUCT],
    "frsdk reconstruct": ["-m", "frsdk", "reconstruct", "sample:astronaut", "-o", "out"],
    "frsdk doctor": ["-m", "frsdk", "doctor"],
    "frsdk-build": [
        "-c", "from frsdk.engines.cli import main; main()", "builtin", "--target", "cpu",
        "--precision", "fp16", "--allow-drop", "-o", "a.onnx",
    ],
    "frsdk-bench": ["-c", BENCH, "--batch", "1", "--rounds", "5", "--no-cold-start"],
}  # fmt: skip


def started(folder: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """A process with an empty home and a cache of ours elsewhere."""
    (folder / "home").mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    kept.pop("ORT_DISABLE_TELEMETRY", None)
    kept |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept |= {"HOME": str(folder / "home"), "FRSDK_CACHE_DIR": str(folder / "cache"), **extra}
    return subprocess.run(
        [sys.executable, *arguments], env=kept, cwd=folder, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_home_folder_stays_empty(name: str, tmp_path: Path) -> None:
    if name == "frsdk-build":
        pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")
    if name in ("frsdk reconstruct", "frsdk-bench"):
        pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    done = started(tmp_path, *COMMANDS[name])
    assert done.returncode == 0, done.stderr
    assert done.stdout or name == "reconstruction"
    assert list((tmp_path / "home").rglob("*")) == []


def test_a_setting_of_the_user_s_own_is_left_alone(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from frsdk.backends.onnxruntime_session import load_onnxruntime\n"
        "load_onnxruntime()\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])\n"
    )
    assert started(tmp_path, "-c", code).stdout == "1\n"
    assert started(tmp_path, "-c", code, ORT_DISABLE_TELEMETRY="0").stdout == "0\n"
