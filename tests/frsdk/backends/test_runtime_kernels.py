"""Kernels that TensorRT for RTX compiles at run time: never during a run, kept for later ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.backends.batch_sizes import power_of_two
from frsdk.backends.engine_cache import cache_entries, clear_cache, keep_bytes, kept_bytes
from frsdk.backends.tensorrt_backend import TensorrtBackend
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.specs.model_spec import ModelSpec

Open = Callable[..., TensorrtBackend]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def opened(rtx_machine: Any, write: Callable[..., Path]) -> Open:
    rtx_machine.profiles = [(1, 1, 12)]
    path = write(flavour="tensorrt_rtx", profiles=(BatchProfile(1, 1, 12),))
    return lambda **options: TensorrtBackend(path, **options)


def crops(spec: ModelSpec, n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=(n, *spec.input.shape)).astype(np.float32)


@pytest.mark.parametrize("cuda_graph", [False, True])
def test_kernels_are_never_swapped_while_it_runs(
    rtx_machine: Any, opened: Open, cuda_graph: bool
) -> None:
    with opened(cuda_graph=cuda_graph):
        (config,) = rtx_machine.engine.configs
        assert config.dynamic_shapes_kernel_specialization_strategy == "EAGER"
        wanted = "WHOLE_GRAPH_CAPTURE" if cuda_graph else "DISABLED"
        assert config.cuda_graph_strategy == wanted


def test_tensorrt_itself_has_no_such_configuration(
    machine: Any, write: Callable[..., Path]
) -> None:
    with TensorrtBackend(write()):
        assert machine.engine.configs == [None]


def test_a_later_process_takes_what_the_first_compiled(
    rtx_machine: Any, opened: Open, tiny_spec: ModelSpec
) -> None:
    def loaded() -> set[int]:
        return set(rtx_machine.engine.configs[0].cache.loaded)

    first = opened()
    assert loaded() == set()
    first.run(crops(tiny_spec, 1))
    with opened():  # the first one is still open, as in a process that never closes it
        assert loaded() == {1}
    first.run(crops(tiny_spec, 4))
    first.close()
    with opened() as second:
        assert loaded() == {1, 4}
        (entry,) = cache_entries()
        before = entry.path.stat().st_mtime_ns
        second.run(crops(tiny_spec, 4))
    assert entry.path.stat().st_mtime_ns == before  # nothing new, nothing written
    assert clear_cache() == (1, 0)
    with opened():
        assert loaded() == set()


def test_batches_are_powers_of_two(rtx_machine: Any, opened: Open, tiny_spec: ModelSpec) -> None:
    """Each size is a compilation."""
    with opened() as backend:
        for n in range(1, 25):
            batch = crops(tiny_spec, n)
            wanted = batch.mean((1, 2, 3))[:, None] + np.arange(62, dtype=np.float32)
            assert np.allclose(backend.run(batch), wanted, atol=1e-5)
        assert set(rtx_machine.engine.runs) == {1, 2, 4, 8, 12}
    assert power_of_two(1, BatchProfile(3, 4, 8)) == 3


def test_kernels_of_another_driver_are_compiled_again(
    rtx_machine: Any, opened: Open, tiny_spec: ModelSpec
) -> None:
    with opened() as backend:
        backend.run(crops(tiny_spec, 1))
    (entry,) = cache_entries()
    keep_bytes(entry.facts, entry.path.name, b"of another driver")
    with opened() as backend:
        backend.run(crops(tiny_spec, 2))
    assert kept_bytes(entry.facts) == b"kernels\x02"


def test_a_cache_that_cannot_be_written_is_no_error(
    opened: Open, tiny_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "file" / "inside"))
    with opened() as backend:
        assert len(backend.run(crops(tiny_spec, 3))) == 3
