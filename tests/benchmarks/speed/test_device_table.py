"""The table of times on a device, from a backend that says what it is told to."""

from __future__ import annotations

import itertools
import types

import numpy as np
import pytest

from frsdk.backends.cuda.device_seconds import DeviceSeconds
from frsdk.benchmarks.speed.tables.device_table import device_table
from frsdk.specs.model_spec import ModelSpec


class Telling:
    """Says 1, 5 and 2 ms a crop, and a call that grows by 1 ms each time."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec, self.calls = spec, itertools.count()

    def device_seconds(self, batch: np.ndarray) -> DeviceSeconds:
        n = len(batch)
        return DeviceSeconds(1e-3 * n, 5e-3 * n, 2e-3 * n, call=(8 * n + next(self.calls)) * 1e-3)


def engine(backend: object) -> object:
    return types.SimpleNamespace(backend=backend)


def silent(spec: ModelSpec) -> object:
    return engine(types.SimpleNamespace(spec=spec, device_seconds=lambda batch: None))


def test_each_part_has_its_median(tiny_spec: ModelSpec) -> None:
    engines = {"cpu": silent(tiny_spec), "gpu": engine(Telling(tiny_spec))}
    rounds: list[int] = []
    table = device_table(engines, (1, 4), 9, lambda: rounds.append(1))
    assert table is not None
    assert [row[:2] for row in table.rows] == [("gpu", 1), ("gpu", 4)]
    for row in table.rows:
        batch = row[1]
        assert row[2:5] == pytest.approx([1.0 * batch, 5.0 * batch, 2.0 * batch])
    # The first call asks whether it tells; five warm up; nine count: the median is of call 10.
    assert table.rows[0][5:] == pytest.approx([8.0 + 10, 10.0])
    assert len(rounds) == 18


def test_without_a_device_there_is_no_table(tiny_spec: ModelSpec) -> None:
    assert device_table({"cpu": silent(tiny_spec)}, (1,), 3, lambda: None) is None
