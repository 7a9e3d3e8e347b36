"""Real builds with TensorRT for RTX, which needs no GPU for named targets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from frsdk.backends.cuda.open_device import gpu_info
from frsdk.backends.tensorrt_modules import load_tensorrt, message_log
from frsdk.engine_files.engine_file import read_engine
from frsdk.engines.artefacts import gated_artefact
from frsdk.engines.artefacts.build_artefact import build_artefact
from frsdk.engines.graphs.network_file import read_network
from frsdk.engines.tensorrt.build_defaults import BuildOptions
from frsdk.engines.tensorrt.builder_config import configure
from frsdk.engines.tensorrt.engine_builder import build_engine
from frsdk.errors import BackendError, InputError, MissingDependencyError, SpecError

BUILTIN = Path(__file__).resolve().parents[3] / "frsdk" / "assets" / "network.onnx"
CAPABILITIES = ("7.5", "8.0", "8.6", "8.9", "12.0")

Build = Callable[..., Result]
Change = Callable[[Callable[[Any], None]], Path]

pytestmark = pytest.mark.usefixtures("rtx")


def has_gpu() -> bool:
    try:
        gpu_info()
    except (BackendError, MissingDependencyError):
        return False
    return True


@pytest.mark.parametrize(
    ("precision", "kind"), [("fp32", "FLOAT"), ("fp16", "HALF"), ("int8", "INT8")]
)
def test_the_shipped_network_for_five_architectures(
    request: pytest.FixtureRequest, frsdk_build: Build, tmp_path: Path, precision: str, kind: str
) -> None:
    source = request.getfixturevalue("calibrated") if precision == "int8" else BUILTIN
    path = tmp_path / "network.engine"
    done = frsdk_build(
        source, "--precision", precision, "--target", "rtx", "-o", path,
        "--compute-capability", *CAPABILITIES, "--batch", "2:4:8", "--batch", "1:1:1",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert f"precision: {precision}" in done.stdout
    assert ("fp16 is the precision to take" in done.stderr) == (precision == "int8")
    facts = json.loads(frsdk_build("--inspect", path, "--json").stdout)
    assert facts["spec"]["precision"] == precision
    assert (facts["spec"]["calibration_digest"] is None) == (precision != "int8")
    engine = facts["engine"]
    assert (engine["flavour"], engine["profiles"]) == (
        "tensorrt_rtx",
        [[1, 1, 1], [2, 4, 8]],
    )
    assert tuple(engine["compute_capabilities"]) == CAPABILITIES
    assert engine["onnx_sha256"] == read_network(source).sha256
    assert engine["gpu_name"] is engine["driver_version"] is None
    assert facts["layers"]["CONVOLUTION"] > 20
    assert facts["precisions"][kind] > 20
    assert (facts["precisions"].get("HALF", 0) > 100) == (precision != "fp32")
    assert facts["size_bytes"] > engine["plan_bytes"] > 1e6
    assert [each.name for each in tmp_path.iterdir()] == ["network.engine"]


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_turing_by_itself(calibrated: Path, tmp_path: Path, precision: str) -> None:
    path = build_artefact(
        calibrated,
        tmp_path / "one.engine",
        target="rtx",
        precision=precision,
        options=BuildOptions(compute_capabilities=("7.5",)),
    )
    assert read_engine(path).header.compute_capabilities == ("7.5",)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_graph_that_decodes_for_turing_and_later(
    decoding_onnx: Path, tmp_path: Path, precision: str
) -> None:
    path = build_artefact(
        decoding_onnx,
        tmp_path / "points.engine",
        target="rtx",
        precision=precision,
        options=BuildOptions(compute_capabilities=("7.5", "8.6")),
    )
    header = read_engine(path).header
    assert list(header.spec.output_shapes) == ["whitened_params", "landmarks", "vertices"]
    assert header.layers["CONVOLUTION"] > 20


def test_fp32_is_not_tf32(rtx: Any) -> None:
    handle = load_tensorrt("tensorrt_rtx")
    builder = rtx.Builder(message_log(rtx))
    config = builder.create_builder_config()
    assert config.get_flag(rtx.BuilderFlag.TF32)
    configure(handle, builder, config, BuildOptions())
    assert not config.get_flag(rtx.BuilderFlag.TF32)


def build(source: Path, path: Path, **options: Any) -> None:
    capabilities = options.pop("compute_capabilities", ("8.6",))
    report = options.pop("report", lambda done, phase: None)
    build_engine(
        read_network(source),
        path,
        target="rtx",
        options=BuildOptions(compute_capabilities=capabilities, **options),
        report=report,
    )


def test_progress_rises_to_one(tiny_onnx: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    build(tiny_onnx, tmp_path / "a.engine", report=lambda done, phase: seen.append(done))
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert (seen[0] < 0.1, seen[-1]) == (True, 1.0)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"hardware_compatible": True}, "does not have --hardware-compatible: name the targets"),
        ({"dla_core": 0}, "does not have --dla 0"),
        ({"timing_cache": Path("cache")}, "does not have --timing-cache"),
        ({"compute_capabilities": ("9.0",)}, r"not build for compute capability 9\.0: .* 7\.5, "),
    ],
)
def test_what_the_flavour_lacks_is_an_error(
    tiny_onnx: Path, tmp_path: Path, options: dict[str, Any], match: str
) -> None:
    with pytest.raises(InputError, match=match):
        build(tiny_onnx, tmp_path / "a.engine", **options)
    assert list(tmp_path.iterdir()) == []


def test_workspace_is_taken(tiny_onnx: Path, tmp_path: Path) -> None:
    build(tiny_onnx, tmp_path / "a.engine", workspace_mib=64)
    assert read_engine(tmp_path / "a.engine").header.largest_batch == 8


def test_without_a_gpu_the_targets_must_be_named(
    frsdk_build: Build, tiny_onnx: Path, tmp_path: Path
) -> None:
    if has_gpu():
        pytest.skip("this machine has a GPU")
    path = tmp_path / "a.engine"
    done = frsdk_build(tiny_onnx, "--target", "rtx", "-o", path)
    assert done.exit_code == 1
    assert "--compute-capability 8.6 8.9" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not path.exists()


def test_an_unsupported_operator_is_named_with_its_node(
    changed_onnx: Change, tmp_path: Path
) -> None:
    def change(model: Any) -> None:
        node = next(each for each in model.graph.node if each.op_type == "Flatten")
        node.op_type, node.name, node.domain = "Unheard", "the_culprit", "elsewhere"
        model.opset_import.add(domain="elsewhere", version=1)

    with pytest.raises(BackendError, match=r"cannot parse it: .*the_culprit.*Unheard") as caught:
        build(changed_onnx(change), tmp_path / "a.engine")
    assert "\n" not in str(caught.value)


def test_a_fixed_batch_is_refused(changed_onnx: Change, tmp_path: Path) -> None:
    def change(model: Any) -> None:
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_value = 3

    with pytest.raises(SpecError, match=r"crops with a dynamic batch .*got \(3, 3, 120, 120\)"):
        build(changed_onnx(change), tmp_path / "a.engine")


def test_a_fixed_batch_is_refused_before_it_is_measured(
    changed_onnx: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(model: Any) -> None:
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_value = 3

    monkeypatch.setattr(gated_artefact, "AccuracyGate", None)
    with pytest.raises(SpecError, match=r"takes batches of 3 alone.*export it without --batch"):
        build_artefact(changed_onnx(change), tmp_path / "a.engine", target="rtx")


def test_a_second_input_is_refused(changed_onnx: Change, tmp_path: Path) -> None:
    def change(model: Any) -> None:
        model.graph.input[0].name = "renamed"
        model.graph.node[0].input[0] = "renamed"

    with pytest.raises(SpecError, match="names the input crops, the network has renamed"):
        build(changed_onnx(change), tmp_path / "a.engine")


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from frsdk.engines.artefacts.build_artefact import build_artefact
from frsdk.engines.accuracy.gate_defaults import GateOptions
from frsdk.engines.tensorrt.build_defaults import BuildOptions

def report(done, phase):
    if not os.path.exists(sys.argv[3]):
        open(sys.argv[3], "w").close()
        os.kill(os.getpid(), int(sys.argv[4]))

build_artefact(
    Path(sys.argv[1]), Path(sys.argv[2]), target="rtx", gate=GateOptions(quick=True),
    options=BuildOptions(compute_capabilities=("8.6",)), report=report,
)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    folder, drafts = tmp_path / "out", tmp_path / "drafts"
    folder.mkdir()
    drafts.mkdir()
    command = [sys.executable, "-c", INTERRUPTED, str(BUILTIN), str(folder / "a.engine")]
    command += [str(tmp_path / "mark"), str(int(number))]
    environment = {**os.environ, "TMPDIR": str(drafts)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == (-number if number == signal.SIGINT else 128 + number)
    assert number != signal.SIGINT or "KeyboardInterrupt" in done.stderr
    assert (tmp_path / "mark").exists()
    assert list(folder.iterdir()) == list(drafts.iterdir()) == []
