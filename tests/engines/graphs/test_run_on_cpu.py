"""Networks of one batch size run on any number of crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.specs.model_spec import ModelSpec

onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")


def test_a_fixed_batch_is_filled_up(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    model = onnx.load(str(tiny_onnx))
    for each in (*model.graph.input, *model.graph.output):
        each.type.tensor_type.shape.dim[0].dim_value = 4
    size = tiny_spec.input.size
    crops = np.random.default_rng(0).integers(0, 256, (6, size, size, 3), dtype=np.uint8)
    fixed = NetworkRun(model.SerializeToString()).output(crops, tiny_spec.input)
    free = NetworkRun(tiny_onnx.read_bytes()).output(crops, tiny_spec.input)
    assert fixed.shape == (6, 62)
    np.testing.assert_allclose(fixed, free, atol=1e-5)
