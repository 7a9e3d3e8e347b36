"""The C++ example compiles and runs against stubs of TensorRT and CUDA, on a plan of frsdk-build.

The stubs (cpp_stubs) declare what the example takes; it was compiled by hand against TensorRT's own
headers of 10.3, 10.16 and 11.1, which no package for CI brings.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk._version import __version__
from frsdk.engine_files.engine_compatibility import host_os
from frsdk.engine_files.engine_file import write_engine
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader
from frsdk.imaging.face_crop import network_input
from frsdk.specs.model_spec import ModelSpec

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")
HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "examples" / "cpp" / "face_params.cpp"


@pytest.fixture
def plan(tmp_path: Path, tiny_spec: ModelSpec) -> Path:
    """A bare plan beside its JSON, as frsdk-build writes them out of an engine file."""
    from frsdk.engines.cli import main

    mean, std = np.linspace(-2.0, 2.0, 62), np.linspace(0.5, 3.0, 62)
    header = EngineHeader(
        spec=tiny_spec.replace(param_mean=tuple(mean), param_std=tuple(std)),
        flavour="tensorrt",
        flavour_version="10.3.0",
        compute_capabilities=("8.7",),
        profiles=(BatchProfile(1, 1, 8),),
        onnx_sha256="0" * 64,
        os=host_os(),
        frsdk_version=__version__,
    )
    write_engine(tmp_path / "a.engine", header, b"plan of nothing")
    arguments = [str(tmp_path / "a.engine"), "--plan", str(tmp_path / "face.plan")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, [*arguments, "--precision", "fp16"])
    assert (done.exit_code, "--plan only reads: leave --precision out" in done.stderr) == (2, True)
    done = CliRunner().invoke(main, [*arguments[:2], arguments[0]])
    assert (done.exit_code, "is the engine file itself" in done.stderr) == (1, True)
    return tmp_path / "face.plan"


def test_the_plan_is_bare_and_described(plan: Path) -> None:
    assert plan.read_bytes() == b"plan of nothing"
    described = json.loads(plan.with_name("face.plan.json").read_text())
    assert described["spec"]["input"]["name"] == "crops"
    assert described["flavour_version"] == "10.3.0"


def test_it_prints_the_parameters_of_a_crop(
    plan: Path, tmp_path: Path, tiny_spec: ModelSpec
) -> None:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    program = tmp_path / "face_params"
    options = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{HERE / 'cpp_stubs'}"]
    subprocess.run([compiler, *options, str(SOURCE), "-o", str(program)], check=True)

    size = tiny_spec.input.size
    crop_bgr = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    path = tmp_path / "crop.ppm"
    path.write_bytes(b"P6\n%d %d\n255\n" % (size, size) + crop_bgr[..., ::-1].tobytes())
    done = subprocess.run([program, plan, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    mean = network_input([crop_bgr], tiny_spec.input).mean()
    whitened = mean + np.arange(62)
    wanted = whitened * np.linspace(0.5, 3.0, 62) + np.linspace(-2.0, 2.0, 62)
    np.testing.assert_allclose([float(line) for line in done.stdout.split()], wanted, rtol=1e-5)

    path.write_bytes(b"P6 8 8 255\n" + bytes(192))
    done = subprocess.run([program, plan, path], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"face_params: {path}: not a crop of the network's size\n"
