"""Who frees what on a GPU, and when: contexts, streams, graphs, memory; on the imagined device."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.backends.tensorrt_backend import TensorrtBackend
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.errors import BackendError
from frsdk.specs.model_spec import ModelSpec

from .conftest import Context

Write = Callable[..., Path]


def crops(spec: ModelSpec, n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, *spec.input.shape)).astype(np.float32)


def failing_capture(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT refuses to be recorded."""
    run = Context.execute_async_v3

    def execute(self: Context, stream: int) -> bool:
        return False if machine.device.captured is not None else run(self, stream)

    monkeypatch.setattr(Context, "execute_async_v3", execute)


def test_contexts_are_freed_before_their_stream(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    destroy, init = machine.device.destroy_stream, Context.__init__
    monkeypatch.setattr(
        machine.device, "destroy_stream", lambda s: (order.append("stream"), destroy(s))
    )

    def tracked(self: Context, engine: Any) -> None:
        init(self, engine)
        weakref.finalize(self, order.append, "context")

    monkeypatch.setattr(Context, "__init__", tracked)
    backend = TensorrtBackend(write(), cuda_graph=True)
    backend.run(crops(tiny_spec, 2))
    backend.run(crops(tiny_spec, 3))
    order.clear()
    backend.close()
    assert order == ["context"] * 3 + ["stream"]


def test_the_reason_of_a_failed_capture_is_told(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_capture(machine, monkeypatch)

    def end_capture(stream: int) -> None:  # what CUDA does to an invalidated capture
        machine.device.captured = None
        raise BackendError("the GPU failed in cudaStreamEndCapture")

    monkeypatch.setattr(machine.device, "end_capture", end_capture)
    with (
        TensorrtBackend(write(), cuda_graph=True) as backend,
        pytest.raises(BackendError, match="failed on the network"),
    ):
        backend.run(crops(tiny_spec, 2))


def test_the_graph_of_a_failed_capture_is_freed(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_capture(machine, monkeypatch)
    with TensorrtBackend(write(), cuda_graph=True) as backend, pytest.raises(BackendError):
        backend.run(crops(tiny_spec, 2))
    assert machine.device.held == {}


def test_no_copy_is_in_flight_after_a_failure(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "execute_async_v3", lambda self, stream: False)
    with TensorrtBackend(write()) as backend:
        with pytest.raises(BackendError):
            backend.run(crops(tiny_spec, 2))
        assert not any(machine.device.pending.values())


def test_a_backend_that_is_dropped_is_freed(
    machine: Any, write: Write, tiny_spec: ModelSpec
) -> None:
    backend = TensorrtBackend(write())
    backend.run(crops(tiny_spec, 2))
    del backend
    gc.collect()
    assert machine.device.held == {}


def test_the_size_is_set_outside_the_recording(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    set_shape = Context.set_input_shape

    def watched(self: Context, name: str, shape: tuple[int, ...]) -> bool:
        inside.append(machine.device.captured is not None)
        return set_shape(self, name, shape)

    monkeypatch.setattr(Context, "set_input_shape", watched)
    with TensorrtBackend(write(), cuda_graph=True) as backend:
        backend.run(crops(tiny_spec, 2))
    assert inside and not any(inside)


def test_everything_is_given_back_after_a_device_error(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = TensorrtBackend(write())
    backend.run(crops(tiny_spec, 2))

    def dead(stream: int) -> None:
        raise BackendError("the GPU failed in cudaStreamSynchronize (an illegal memory access)")

    monkeypatch.setattr(machine.device, "synchronise", dead)
    with pytest.raises(BackendError, match="illegal memory access"):
        backend.close()
    backend.close()
    assert machine.device.held == {}


def test_recordings_are_few(machine: Any, write: Write, tiny_spec: ModelSpec) -> None:
    machine.profiles = [(1, 8, 32)]
    path = write(profiles=(BatchProfile(1, 8, 32),))
    with TensorrtBackend(path, cuda_graph=True) as backend:
        for n in range(1, 33):
            assert len(backend.run(crops(tiny_spec, n))) == n
        assert machine.engine.contexts == 4  # the profile's own, and one for each of its sizes


def test_the_dla_core_reaches_the_runtime(machine: Any, write: Write) -> None:
    with TensorrtBackend(write(dla_core=1)):
        assert machine.runtimes[0].DLA_core == 1


def test_a_driver_that_is_too_old_is_an_obstacle(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package imports; only its runtime says that the driver does not do."""
    from frsdk.backends import engine_choice

    def refused(log: object) -> None:
        raise TypeError("pybind11::init(): factory function returned nullptr")

    monkeypatch.setattr(engine_choice, "gpu_obstacle", lambda: None)
    monkeypatch.setattr(engine_choice, "gpu_info", lambda: machine.device.info)
    assert engine_choice.BACKENDS["tensorrt"].obstacle() is None
    machine.trt.Runtime = refused
    assert "cannot start on this machine" in str(engine_choice.BACKENDS["tensorrt"].obstacle())


def test_graphs_are_refused_at_once_where_the_binding_has_none(
    machine: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.device, "has_graphs", False)
    with pytest.raises(BackendError, match="pip install cuda-bindings, or leave cuda_graph out"):
        TensorrtBackend(write(), cuda_graph=True)
    assert machine.device.held == {}
    TensorrtBackend(write()).close()
