"""Ranges, the calibration table and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import onnx

from frsdk.engines.artefacts.convert_precision import convert_precision
from frsdk.engines.calibration.activation_ranges import METHODS, _range, activation_ranges
from frsdk.engines.calibration.calibration_table import CALIBRATION_KEY, table_of
from frsdk.engines.graphs.network_file import network_from_bytes
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.errors import SpecError
from frsdk.specs.model_spec import ModelSpec


def test_calibration_given_is_used_over_the_table(
    calibrated: Path, crops: NDArray[np.uint8], tmp_path: Path
) -> None:
    np.savez(tmp_path / "crops.npz", crops=crops[:100] // 2)
    other = convert_precision(
        calibrated, precision="int8", target="cpu", calibration=tmp_path / "crops.npz"
    )
    carried = convert_precision(calibrated, precision="int8", target="cpu")
    again = convert_precision(calibrated, precision="int8", target="cpu", calibration=crops)
    assert carried == again
    digests = [
        network_from_bytes(each, source="x", folder=tmp_path).spec.calibration_digest
        for each in (other, carried)
    ]
    assert digests[0] != digests[1]


def test_the_table_has_the_best_method(calibrated: Path) -> None:
    table = table_of(calibrated.read_bytes(), source="calibrated")
    assert table is not None and table.n_crops == 120
    for target in ("cpu", "tensorrt"):
        chosen = table.targets[target]
        assert set(chosen.drift) == set(METHODS)
        best = min(chosen.drift.values())
        tied = chosen.drift["squares"] <= 1.05 * best
        assert chosen.final == chosen.drift["squares" if tied else chosen.method] > 0
        assert chosen.method == "squares" if tied else chosen.final == best
        assert all(low <= 0 <= high for low, high in table.ranges_for(target).values())


def test_ranges(network: Path, crops: NDArray[np.uint8], tiny_spec: ModelSpec) -> None:
    folded = fold_constants(network.read_bytes())
    found = activation_ranges(folded, crops, tiny_spec.input)
    values = NetworkRun(folded, ["stem", "stem.relu"])
    batches = [np.stack(each[:1])[0] for each in values.batches(crops, tiny_spec.input)]
    stem = np.concatenate(batches)
    assert found["minmax"]["stem"] == pytest.approx((float(stem.min()), float(stem.max())))
    low, high = found["percentile"]["stem"]
    share = found["squares"]["stem"][1] / found["minmax"]["stem"][1]
    assert squared_error(stem, *found["squares"]["stem"]) <= 1.02 * min(
        squared_error(stem, *(each * other for each in found["minmax"]["stem"]))
        for other in (0.9 * share, min(1.0, 1.1 * share), 1.0)
    )
    step = float(np.ptp(stem)) / 2048
    assert low == pytest.approx(float(np.quantile(stem, 1e-4)), abs=20 * step)
    assert high == pytest.approx(float(np.quantile(stem, 1 - 1e-4)), abs=20 * step)
    for method in METHODS:
        assert found[method]["stem.relu"][0] == 0.0
        for name, (low, high) in found[method].items():
            widest = found["minmax"][name]
            assert widest[0] <= low <= 0 <= high <= widest[1]


def squared_error(values: NDArray[np.float32], low: float, high: float) -> float:
    """Mean squared error of 256 levels between two ends."""
    step = (high - low) / 255
    levels = np.clip(np.rint((values - low) / step), 0, 255)
    return float(np.mean((values - low - levels * step) ** 2))


def test_a_tail_is_clipped_by_least_squares() -> None:
    values = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    values[0] = 60.0  # one of 200,000
    counts, edges = np.histogram(np.append(values, -60.0), bins=2048)
    low, high = _range("squares", counts, float(edges[0]), float(edges[-1]))
    assert 5 < high < 50 and low == -high  # rounding 256 levels of 120 errs as much as 60 clipped
    assert _range("squares", np.zeros(2048, np.int64), -1.0, 2.0) == (-1.0, 2.0)


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [
        ('"schema_version":1', '"schema_version":2', "newer frsdk .schema 2.: pip install -U"),
        ('"n_crops":120', '"n_crops":"many"', "damaged .ValueError"),
        ('"ranges":', '"range":', "damaged .KeyError"),
        ('"network_sha256":"', '"network_sha256":"0', "belongs to other weights"),
        ("{", "", "damaged .JSONDecodeError"),
    ],
)
def test_bad_tables(calibrated: Path, tmp_path: Path, before: str, after: str, match: str) -> None:
    model = onnx.load(calibrated)
    for entry in model.metadata_props:
        if entry.key == CALIBRATION_KEY:
            assert before in entry.value
            entry.value = entry.value.replace(before, after, 1)
    path = tmp_path / "bad.onnx"
    onnx.save(model, path)
    with pytest.raises(SpecError, match=match):
        convert_precision(path, precision="int8", target="cpu")
