"""Fixtures of these tests."""

from __future__ import annotations

import pytest

from frsdk.engines.graphs.network_file import NetworkFile, read_network

from .worse_network import BUILTIN


@pytest.fixture(autouse=True)
def few_renderings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frsdk.engines.accuracy.accuracy_gate._RENDERINGS", 2)
    monkeypatch.setattr("frsdk.engines.accuracy.accuracy_gate._QUICK_RENDERINGS", 2)


@pytest.fixture(scope="module")
def network() -> NetworkFile:
    return read_network(BUILTIN)
