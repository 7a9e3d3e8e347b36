"""A seeded tiny face model and network, and the shared data where they are at hand."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, FaceModelRef, ModelSpec

# Shared machines stall: a slow example says nothing about the code.
settings.register_profile("frsdk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("frsdk")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GRID = 13  # vertices of a side of the tiny face, which is a bulging square


@pytest.fixture(autouse=True, scope="session")
def signals_arrive() -> Iterator[None]:
    """Background jobs begin with Ctrl-C and hang-ups ignored; tests that send them would wait."""
    handlers = {signal.SIGINT: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):
        handlers[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """../shared/data beside the clone; a test that asks for it is skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_model() -> MorphableModel:
    """169 vertices: x and y in -60..60, a nose toward the camera, seeded modes of about 1 unit."""
    random = np.random.default_rng(0)
    x, y = np.meshgrid(np.linspace(-60, 60, GRID), np.linspace(60, -60, GRID))
    mean = np.stack([x, y, 40 - (x**2 + y**2) / 150], axis=-1).reshape(1, -1)
    modes = random.normal(size=(50, mean.shape[1]))
    corner = (np.arange(GRID - 1)[:, None] * GRID + np.arange(GRID - 1)).reshape(-1)
    lower = np.stack([corner, corner + GRID, corner + 1], axis=1)
    upper = np.stack([corner + 1, corner + GRID, corner + GRID + 1], axis=1)
    index = np.arange(GRID * GRID).reshape(GRID, GRID)
    return MorphableModel(
        name="tiny-face",
        basis=np.concatenate([mean, modes]).astype(np.float32),
        coefficient_std=np.ones(50, np.float32),
        landmark_indices=np.sort(random.choice(GRID * GRID, 68, replace=False)).astype(np.int32),
        triangles=np.concatenate([lower, upper]).astype(np.int32),
        uv=np.stack([(x + 60) / 120, (y + 60) / 120], axis=-1).reshape(-1, 2).astype(np.float32),
        mirror=index[:, ::-1].reshape(-1).astype(np.int32),
        licence="tests only",
        units="nominal mm",
    )


@pytest.fixture(scope="session")
def tiny_spec(tiny_model: MorphableModel) -> ModelSpec:
    """A frontal face of 60 px in the middle of the crop, moved a little by the network's output."""
    mean = np.zeros(62)
    mean[[0, 5, 10]] = 0.5
    mean[[3, 7]] = 59.5
    std = np.full(62, 0.3)
    std[:12] = 0.01
    std[[3, 7, 11]] = 1.0
    return ModelSpec(
        architecture=ArchitectureSpec("tiny-pool", {"cells": 6}),
        face_model=FaceModelRef(tiny_model.name, tiny_model.sha256, tiny_model.n_vertices),
        param_mean=tuple(mean.tolist()),
        param_std=tuple(std.tolist()),
        licence="tests only",
        producer="tests",
    )


@pytest.fixture(scope="session")
def tiny_onnx(tiny_spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of one pooling and one seeded matrix, with its spec inside."""
    onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[export])")
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    size, cells = tiny_spec.input.size, int(tiny_spec.architecture.arguments["cells"])
    block = [size // cells] * 2
    matrix = np.random.default_rng(1).normal(size=(3 * cells**2, 62)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", [tiny_spec.input.name], ["p"], kernel_shape=block, strides=block
            ),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("MatMul", ["f", "w"], [tiny_spec.output.name]),
        ],
        "tiny",
        [helper.make_tensor_value_info(tiny_spec.input.name, float32, ["n", 3, size, size])],
        [helper.make_tensor_value_info(tiny_spec.output.name, float32, ["n", 62])],
        [onnx.numpy_helper.from_array(matrix, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: tiny_spec.to_json()})
    path = tmp_path_factory.mktemp("network") / "tiny.onnx"
    onnx.save(model, path)
    return path
