import numpy as np
import pytest

from frsdk.backends.onnxruntime_session import BoundSession, open_session
from frsdk.errors import BackendError
from frsdk.morphable.one_operator_onnx import one_operator

ROWS = np.random.default_rng(0).integers(-127, 128, (300, 200)).astype(np.int8)
ROWS[:, :2] = 127, -127


@pytest.fixture(scope="module")
def graph():
    return one_operator(
        "MatMulInteger",
        inputs={"a": ("uint8", ("n", 300))},
        constants={"b": ROWS, "zero": np.array(64, np.uint8)},
        output=("y", "int32", ("n", 200)),
    )


def test_onnx_reads_what_was_meant(graph):
    onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[export])")
    model = onnx.load_model_from_string(graph)
    onnx.checker.check_model(model, full_check=True)
    (node,) = model.graph.node
    assert (node.op_type, list(node.input), list(node.output)) == (
        "MatMulInteger",
        ["a", "b", "zero"],
        ["y"],
    )
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(model.graph.initializer[0]), ROWS)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
    assert model.graph.input[0].type.tensor_type.shape.dim[1].dim_value == 300


@pytest.mark.parametrize("exact", [True, False])
def test_it_runs_into_an_array_and_is_exact(graph, exact):
    digits = np.empty((3, 300), np.uint8)
    out = np.zeros((3, 200), np.int32)
    bound = BoundSession(open_session(graph, exact_int8=exact), batch=digits, out=out)
    for seed in (1, 2):
        digits[:] = np.random.default_rng(seed).integers(0, 128, (3, 300))
        bound.run()
        np.testing.assert_array_equal(out, (digits.astype(np.int64) - 64) @ ROWS)
    digits[:] = 127  # the largest that the decoder writes
    bound.run()
    np.testing.assert_array_equal(out, np.broadcast_to(63 * ROWS.sum(axis=0, dtype=int), (3, 200)))


def test_arrays_of_another_type_are_refused(graph):
    with pytest.raises(BackendError, match="ONNX Runtime failed"):
        BoundSession(
            open_session(graph),
            batch=np.zeros((1, 300), np.float32),
            out=np.zeros((1, 200), np.int32),
        ).run()
