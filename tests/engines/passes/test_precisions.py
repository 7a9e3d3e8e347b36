"""convert_precision: each form computes what the FP32 network does, in the types it promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import onnx

from frsdk.backends.onnxruntime_session import open_session
from frsdk.engines.accuracy.fp16_reference import half_reference
from frsdk.engines.artefacts.convert_precision import convert_precision
from frsdk.engines.calibration.calibrate_network import calibrate_file
from frsdk.engines.calibration.calibration_table import table_of
from frsdk.engines.graphs.network_file import network_from_bytes
from frsdk.engines.graphs.onnx_graph import OnnxGraph
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.errors import InputError
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec

from ..small_network import small_network, smooth_crops

FORMS = [
    (precision, target) for precision in ("fp32", "fp16", "int8") for target in ("cpu", "tensorrt")
]


Crops = NDArray[np.uint8]


@pytest.fixture(scope="module")
def crops() -> Crops:
    return smooth_crops()


@pytest.fixture(scope="module")
def network(tiny_spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.onnx"
    path.write_bytes(small_network(tiny_spec))
    return path


@pytest.fixture(scope="module")
def calibrated(network: Path, crops: Crops) -> Path:
    path = network.with_name("calibrated.onnx")
    calibrate_file(network, crops, path)
    return path


@pytest.fixture(scope="module")
def forms(calibrated: Path) -> dict[tuple[str, str], bytes]:
    return {
        (precision, target): convert_precision(calibrated, precision=precision, target=target)
        for precision, target in FORMS
    }


def outputs(content: bytes, crops: Crops, spec: ModelSpec) -> NDArray[np.float32]:
    return NetworkRun(content).output(crops, spec.input)


def kinds(content: bytes) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_model_from_string(content).graph.node)


def test_each_form_computes_the_same(
    forms: dict[tuple[str, str], bytes], network: Path, crops: Crops, tiny_spec: ModelSpec
) -> None:
    wanted = outputs(network.read_bytes(), crops[:40], tiny_spec)
    spread = wanted.std()
    limits = {"fp32": 1e-5, "fp16": 2e-3, "int8": 0.1}
    for (precision, target), content in forms.items():
        error = np.sqrt(np.mean((outputs(content, crops[:40], tiny_spec) - wanted) ** 2)) / spread
        assert error < limits[precision], (precision, target)
        if precision == "int8":
            assert error > 1e-4, f"{target}: nothing was quantised"


def test_specs_say_what_was_done(forms: dict[tuple[str, str], bytes], calibrated: Path) -> None:
    table = table_of(calibrated.read_bytes(), source="calibrated")
    assert table is not None
    for (precision, target), content in forms.items():
        spec = network_from_bytes(content, source="form", folder=calibrated.parent).spec
        assert spec.precision == precision
        assert spec.calibration_digest == (table.crops_sha256 if precision == "int8" else None)
        assert spec.weight_bits == (7 if (precision, target) == ("int8", "cpu") else None)
        keys = [entry.key for entry in onnx.load_model_from_string(content).metadata_props]
        assert keys == [METADATA_KEY]


def test_no_pair_of_products_of_the_cpu_form_leaves_16_bits(
    forms: dict[tuple[str, str], bytes], crops: Crops, tiny_spec: ModelSpec
) -> None:
    content = forms["int8", "cpu"]
    model = onnx.load_model_from_string(content)
    weights = [
        onnx.numpy_helper.to_array(each).astype(int)
        for each in model.graph.initializer
        if each.data_type == onnx.TensorProto.INT8 and len(each.dims) == 4
    ]
    assert weights and max(np.abs(each).max() for each in weights) == 64
    assert np.iinfo(np.int16).max >= 2 * 64 * 255
    batch = np.random.default_rng(0).normal(0, 9, (2, *tiny_spec.input.shape)).astype(np.float32)
    feed = {tiny_spec.input.name: batch}
    fast, exact = (
        open_session(content, exact_int8=each).run(None, feed)[0] for each in (False, True)
    )
    np.testing.assert_array_equal(fast, exact)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_cpu_form_follows_the_cpu(
    network: Path, crops: Crops, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    nodes, outputs = {}, {}
    for block in (8, 16, None):
        monkeypatch.setattr(
            "frsdk.engines.artefacts.convert_precision.fp32_block", lambda block=block: block
        )
        content = convert_precision(network, precision=precision, target="cpu")
        nodes[block] = kinds(content)
        spec = network_from_bytes(content, source="a", folder=network.parent).spec
        outputs[block] = NetworkRun(content).output(crops[:4], spec.input)
    assert nodes[8]["Conv"] > nodes[16]["Conv"] == nodes[None]["Conv"]  # merged where not narrow
    assert nodes[8]["Resize"] == nodes[16]["Resize"] > 0 == nodes[None]["Resize"]
    for other in (16, None):
        np.testing.assert_allclose(outputs[8], outputs[other], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("block", [8, 16])
def test_a_cpu_form_leads_to_every_other_form(
    calibrated: Path, tmp_path: Path, crops: Crops, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("frsdk.engines.artefacts.convert_precision.fp32_block", lambda: block)
    source = tmp_path / "cpu.onnx"
    source.write_bytes(convert_precision(calibrated, precision="fp32", target="cpu"))
    spec = network_from_bytes(source.read_bytes(), source="a", folder=tmp_path).spec
    wanted = outputs(calibrated.read_bytes(), crops[:8], spec)
    for precision, target in FORMS:
        given = crops if precision == "int8" else None
        content = convert_precision(source, precision=precision, target=target, calibration=given)
        found = outputs(content, crops[:8], spec)
        error = np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std()
        assert error < {"fp32": 1e-5, "fp16": 2e-3, "int8": 0.1}[precision], (precision, target)


def test_cpu_fp16_is_half_the_file(forms: dict[tuple[str, str], bytes], network: Path) -> None:
    content = forms["fp16", "cpu"]
    model = onnx.load_model_from_string(content)
    large = [each for each in model.graph.initializer if np.prod(each.dims) >= 64]
    assert {each.data_type for each in large} == {onnx.TensorProto.FLOAT16}
    assert kinds(content)["Cast"] == len(large)


def test_typed_fp16_keeps_statistics_and_the_last_layer_in_fp32(
    forms: dict[tuple[str, str], bytes],
) -> None:
    model = onnx.shape_inference.infer_shapes(
        onnx.load_model_from_string(forms["fp16", "tensorrt"]), strict_mode=True
    )
    types = {each.name: each.tensor_type.elem_type for each in ()}
    for value in (*model.graph.value_info, *model.graph.output):
        types[value.name] = value.type.tensor_type.elem_type
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    by_name = {node.name: types[node.output[0]] for node in model.graph.node}
    for gate in ("pool", "weighed", "gather", "normal", "sigmoid"):
        assert by_name[f"/block1.sge.{gate}"] == single
    assert by_name["/whitened_params"] == single
    for node in ("stem", "block1.3.project", "block1.sge", "block2.se", "pool"):
        assert by_name[f"/{node}"] == half


def test_the_fp16_reference_rounds(
    forms: dict[tuple[str, str], bytes], network: Path, crops: Crops, tiny_spec: ModelSpec
) -> None:
    reference = half_reference(forms["fp16", "tensorrt"])
    inner = NetworkRun(reference, ["block1.out", "block1.sge.normal"])
    rounded, single = next(inner.batches(crops[:4], tiny_spec.input))
    assert (rounded == rounded.astype(np.float16)).all()
    assert (single != single.astype(np.float16)).any()
    wanted = outputs(network.read_bytes(), crops, tiny_spec)
    errors = [
        np.abs(outputs(each, crops, tiny_spec) - wanted).mean()
        for each in (forms["fp16", "cpu"], reference)
    ]
    assert 0 < errors[0] < errors[1] < 0.01


def test_tensorrt_int8_is_symmetric_and_on_convolutions_only(
    forms: dict[tuple[str, str], bytes],
) -> None:
    graph = OnnxGraph(forms["int8", "tensorrt"])
    for node in graph.nodes:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        scale, zero = (graph.constants[name] for name in node.input[1:3])
        assert zero.dtype == np.int8 and not zero.any() and (scale > 0).all()
        assert scale.dtype == np.float16
    for node in graph.nodes:
        if node.op_type != "Conv":
            continue
        sources = [graph.producer.get(name) for name in node.input[:2]]
        quantised = [each is not None and each.op_type == "DequantizeLinear" for each in sources]
        gate = any(part in node.name for part in ("gather", "spread", "squeeze", "excite"))
        assert quantised == [not gate, not gate], node.name
        if not gate:
            assert all(graph.constants[name].dtype == np.float16 for name in node.input[2:])
            weights = sources[1].input
            assert graph.constants[weights[1]].shape == (len(graph.constants[weights[0]]),)
    sums = {node.name: node for node in graph.nodes if node.op_type == "Add"}
    makers = [graph.producer[name].op_type for name in sums["/block1.sum"].input]
    assert sorted(makers) == ["Conv", "DequantizeLinear"]


def test_what_is_not_int8_for_tensorrt_is_fp16_with_the_islands_of_fp16(
    forms: dict[tuple[str, str], bytes],
) -> None:
    def typed(form: str) -> dict[str, set[int]]:
        model = onnx.shape_inference.infer_shapes(
            onnx.load_model_from_string(forms[form, "tensorrt"]), strict_mode=True
        )
        types = {each.name: each.type.tensor_type.elem_type for each in model.graph.value_info}
        found: dict[str, set[int]] = {}
        for node in model.graph.node:
            if node.op_type not in ("Cast", "QuantizeLinear", "DequantizeLinear"):
                found.setdefault(node.name, set()).update(
                    types[name] for name in node.output if name in types
                )
        return found

    assert typed("int8") == typed("fp16")
    assert {1} in typed("int8").values() and {10} in typed("int8").values()


def test_the_reference_rounds_int8_beside_fp16(
    forms: dict[tuple[str, str], bytes], tmp_path: Path
) -> None:
    """Within FP16's rounding of what ONNX Runtime makes of the graph as it is written."""
    content = forms["int8", "tensorrt"]
    batch = np.random.default_rng(0).normal(size=(3, 3, 120, 120)).astype(np.float32)
    name = onnx.load_model_from_string(content).graph.input[0].name
    runs = (NetworkRun(half_reference(content)), NetworkRun(content, as_written=True))
    found = [each._session.run(None, {name: batch})[0] for each in runs]
    assert 0 < np.abs(found[0] - found[1]).max() < 0.05


def test_cpu_int8_flows_in_integers(forms: dict[tuple[str, str], bytes], tmp_path: Path) -> None:
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(forms["int8", "cpu"], options, providers=["CPUExecutionProvider"])
    found = kinds((tmp_path / "optimised.onnx").read_bytes())
    # 8x8: a merged block of 3, two of the spatial gate, two of the channel gate; 15x15 stays FP32
    assert found["QLinearConv"] == 7
    assert found["QLinearAdd"] == 1 and found["QLinearMul"] == 3
    assert found["QuantizeLinear"] == 2 and found["InstanceNormalization"] == 2
    assert found["Conv"] + found["FusedConv"] == 10
    assert found["Gemm"] == 1


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"precision": "int4", "target": "cpu"}, "expected precision fp32, fp16, int8, got 'int4'"),
        ({"precision": "fp16", "target": "tpu"}, "expected target cpu, tensorrt, got 'tpu'"),
        ({"precision": "int8", "target": "cpu"}, "the network carries none: give --calibration"),
        (
            {"precision": "fp16", "target": "cpu", "calibration": Path("x")},
            "fp16 takes no calibration",
        ),
    ],
)
def test_refusals(network: Path, options: dict[str, str], match: str) -> None:
    with pytest.raises(InputError, match=match):
        convert_precision(network, **options)  # type: ignore[arg-type]


def test_only_fp32_is_converted(
    forms: dict[tuple[str, str], bytes], crops: Crops, tmp_path: Path
) -> None:
    path = tmp_path / "half.onnx"
    path.write_bytes(forms["fp16", "cpu"])
    with pytest.raises(InputError, match="expected an fp32 network, got fp16: start from"):
        convert_precision(path, precision="int8", target="cpu")
    with pytest.raises(InputError, match="expected an fp32 network to calibrate, got fp16"):
        calibrate_file(path, crops, path)
