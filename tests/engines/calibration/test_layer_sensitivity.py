"""What each layer's quantisation costs, and which layers stay in FP32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

from frsdk.engines.artefacts.convert_precision import convert_precision
from frsdk.engines.calibration.calibrate_network import calibrate_file, sensitivity_report
from frsdk.engines.calibration.layer_sensitivity import LayerCost, fewest_layers
from frsdk.engines.graphs.onnx_graph import OnnxGraph


def test_sensitivity(network: Path, crops: NDArray[np.uint8]) -> None:
    costs = sensitivity_report(network, target="cpu", calibration=crops)
    assert [each.cost for each in costs] == sorted((each.cost for each in costs), reverse=True)
    assert len(costs) == 16 and costs[0].cost > 0
    names = {each.name for each in costs}
    assert "/block2.3.expand" in names and "/block1.3.expand" not in names and "/stem" not in names


@pytest.mark.parametrize(
    ("whole", "left", "wanted"),
    [
        (0.2, {}, ()),
        (0.9, {1: 0.4, 2: 0.25}, ("a", "b")),
        (0.9, {1: 0.5, 2: 0.7, 3: 0.6}, ("a",)),  # out of reach: the best of what was tried
    ],
)
def test_the_fewest_layers_are_left_out(
    whole: float, left: dict[int, float], wanted: tuple[str, ...]
) -> None:
    costs = [LayerCost(name, 0.1) for name in "abc"]
    found, cost = fewest_layers(costs, lambda names: left[len(names)], whole)
    assert found == wanted
    assert cost == left.get(len(wanted), whole)


def test_no_more_than_twelve_layers_are_left_out() -> None:
    costs = [LayerCost(str(index), 1.0) for index in range(40)]
    found, _ = fewest_layers(costs, lambda names: 10.0 - len(names) / 10, 10.0)
    assert found == tuple(str(index) for index in range(12))


def test_sensitive_layers_of_a_network_beyond_the_budget_are_left_out(
    network: Path, crops: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.engines.calibration.calibrate_network.BUDGET_PERCENT", 0.0)
    monkeypatch.setattr("frsdk.engines.calibration.layer_sensitivity.BUDGET_PERCENT", 0.0)
    seen: list[tuple[int, int]] = []
    table = calibrate_file(
        network,
        crops,
        tmp_path / "table.onnx",
        sensitivity=True,
        report=lambda done, of: seen.append((done, of)),
    )
    assert seen[0] == (0, 16) and seen[-1][0] == seen[-1][1]
    chosen = table.targets["tensorrt"]
    excluded = chosen.excluded
    assert excluded and chosen.final < chosen.drift[chosen.method]
    content = convert_precision(tmp_path / "table.onnx", precision="int8", target="tensorrt")
    graph = OnnxGraph(content)
    kept = {node.name: node for node in graph.nodes if node.name in excluded}
    assert set(kept) == set(excluded)
    assert all(node.input[1] in graph.constants for node in kept.values())
