"""The TensorRT backend's own logic on an imagined machine: refusals, batches, streams, memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.backends.batch_sizes import split_batch
from frsdk.backends.tensorrt_backend import TensorrtBackend
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.errors import BackendError, InputError, MissingDependencyError
from frsdk.specs.model_spec import DecoderSpec, ModelSpec, OutputSpec

from .conftest import Context, numbered

Write = Callable[..., Path]


def crops(spec: ModelSpec, n: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n, *spec.input.shape))
    return noise.astype(np.float32)


def expected(batch: np.ndarray) -> np.ndarray:
    return batch.mean((1, 2, 3))[:, None] + np.arange(62)


@pytest.mark.parametrize("cuda_graph", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 9])
def test_batches_of_any_size(
    machine: Any, write: Write, tiny_spec: ModelSpec, n: int, cuda_graph: bool
) -> None:
    with TensorrtBackend(write(), cuda_graph=cuda_graph) as backend:
        first, second = crops(tiny_spec, n), crops(tiny_spec, n, seed=1)
        kept = backend.run(first)
        assert np.allclose(kept, expected(first), atol=1e-5)
        assert np.allclose(backend.run(second), expected(second), atol=1e-5)
        assert np.allclose(kept, expected(first), atol=1e-5)  # the caller owns the first output
        sizes = {max(size, 2) for size in split_batch(n, 4)}
        if cuda_graph:  # recorded for the profile's own sizes alone
            sizes = {2 if size == 2 else 4 for size in sizes}
        assert set(machine.engine.runs) == sizes
        assert machine.engine.contexts == 1 + (len(sizes) if cuda_graph else 0)
    assert machine.device.held == {}
    assert machine.plans == [b"the plan"]


def test_what_it_says(machine: Any, write: Write) -> None:
    path = write()
    with TensorrtBackend(path, flavour="tensorrt") as backend:
        assert backend.description == (f"tensorrt (Imagined GPU, tensorrt 10.16.1.11) fp16 {path}")
        assert backend.header.largest_batch == 4
        with pytest.raises(InputError, match="n >= 1"):
            backend.run(np.zeros((0, *backend.spec.input.shape), np.float32))
    with pytest.raises(BackendError, match="closed"):
        backend.run(np.zeros((1, *backend.spec.input.shape), np.float32))
    backend.close()


def test_threads_take_turns(machine: Any, write: Write, tiny_spec: ModelSpec) -> None:
    batches = [crops(tiny_spec, 1 + k % 5, seed=k) for k in range(40)]
    with TensorrtBackend(write()) as backend, ThreadPoolExecutor(8) as pool:
        for batch, got in zip(batches, pool.map(backend.run, batches), strict=True):
            assert np.allclose(got, expected(batch), atol=1e-5)
    assert machine.device.held == {}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"os": "plan9-mips"}, "built for plan9-mips, this machine is .*: build it here"),
        ({"flavour_version": "10.3.0"}, r"tensorrt 10\.3\.0, installed is 10\.16\.1\.11: build"),
        ({"flavour_version": "11.0", "version_compatible": True}, "installed is 10"),
        ({"flavour_version": "10.17", "version_compatible": True}, "installed is 10"),
        ({"compute_capabilities": ("8.9",)}, r"capability 8\.9, this machine has Imagined GPU"),
        ({"gpu_name": "Other GPU"}, "built on Other GPU, .* --hardware-compatible"),
    ],
)
def test_an_engine_for_elsewhere_is_refused_unloaded(
    machine: Any, write: Write, changes: dict[str, Any], match: str
) -> None:
    with pytest.raises(BackendError, match=match) as caught:
        TensorrtBackend(write(**changes))
    assert "\n" not in str(caught.value)
    assert machine.plans == []


@pytest.mark.parametrize(
    "changes",
    [
        {"flavour_version": "10.3.0", "version_compatible": True},
        {"gpu_name": "Other GPU", "hardware_compatible": True, "compute_capabilities": ("8.0",)},
    ],
)
def test_compatible_engines_are_taken(machine: Any, write: Write, changes: dict[str, Any]) -> None:
    with TensorrtBackend(write(**changes)) as backend:
        assert backend.spec.precision == "fp16"
        allowed = getattr(machine.runtimes[-1], "engine_host_code_allowed", False)
        assert allowed is ("version_compatible" in changes)


def test_an_altered_file_is_refused_unloaded(machine: Any, write: Write) -> None:
    path = write()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackendError, match="the plan was altered"):
        TensorrtBackend(path)
    assert machine.plans == []


def test_another_flavour_is_refused(machine: Any, write: Write) -> None:
    with pytest.raises(BackendError, match="built for tensorrt, tensorrt_rtx was asked for"):
        TensorrtBackend(write(), flavour="tensorrt_rtx")


def test_a_missing_package_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for flavour, extra in (("tensorrt", "tensorrt"), ("tensorrt_rtx", "rtx")):
        monkeypatch.setitem(sys.modules, flavour, None)
        with pytest.raises(MissingDependencyError, match=rf'pip install .*\[{extra}\]"'):
            TensorrtBackend(write(flavour=flavour))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"output": OutputSpec("elsewhere")}, "expected tensors crops, elsewhere, the plan has"),
        (
            {"profiles": (BatchProfile(1, 2, 4),)},
            r"header says batches \[\(1, 2, 4\)\], the plan \[\(2, 2, 4\)\]",
        ),
    ],
)
def test_a_plan_that_is_another_one(
    machine: Any, write: Write, tiny_spec: ModelSpec, change: dict[str, Any], match: str
) -> None:
    spec = {"spec": tiny_spec.replace(**change)} if "output" in change else change
    with pytest.raises(BackendError, match=match):
        TensorrtBackend(write(**spec))
    assert machine.device.held == {}


def test_a_plan_without_the_decoder_that_its_header_promises(
    machine: Any, write: Write, tiny_spec: ModelSpec
) -> None:
    promised = tiny_spec.replace(decoder=DecoderSpec("points", "surface"))
    with pytest.raises(
        BackendError, match="whitened_params, points, surface, the plan has crops, "
    ):
        TensorrtBackend(write(spec=promised))
    assert machine.device.held == {}


def test_a_plan_that_does_not_load(machine: Any, write: Write) -> None:
    machine.next_engine = lambda: None
    with pytest.raises(BackendError, match=r"cannot load the plan .*update the driver"):
        TensorrtBackend(write())
    assert machine.device.held == {}


def test_too_little_memory_gives_back_what_was_taken(
    machine: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(shape: tuple[int, ...]) -> None:
        raise BackendError("the GPU failed")

    monkeypatch.setattr(machine.device, "pinned", refuse)
    with pytest.raises(BackendError, match="the GPU failed"):
        TensorrtBackend(write())
    assert machine.device.held == {}


def test_a_context_that_does_not_start_gives_back_what_was_taken(
    machine: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = machine.next_engine()
    monkeypatch.setattr(engine, "create_execution_context", lambda: None)
    machine.next_engine = lambda: engine
    with pytest.raises(BackendError, match=r"cannot start it .*: free GPU memory"):
        TensorrtBackend(write())
    assert machine.device.held == {}


@pytest.fixture
def decoding(machine: Any, tiny_spec: ModelSpec) -> ModelSpec:
    """The specification of a graph that decodes, which the machine's plan is then of."""
    machine.spec = tiny_spec.replace(decoder=DecoderSpec())
    return machine.spec


@pytest.mark.parametrize("cuda_graph", [False, True])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_a_graph_that_decodes_gives_its_points(
    machine: Any, write: Write, decoding: ModelSpec, n: int, cuda_graph: bool
) -> None:
    with TensorrtBackend(write(spec=decoding), cuda_graph=cuda_graph) as backend:
        first, second = crops(decoding, n), crops(decoding, n, seed=1)
        for batch in (first, second):
            found = backend.run_decoded(batch)
            arrays = (found.whitened, found.landmarks, found.vertices)
            for array, shape in zip(arrays, decoding.output_shapes.values(), strict=True):
                assert array.shape == (n, *shape)
                assert np.allclose(array, numbered(batch.mean((1, 2, 3)), array.shape), rtol=1e-5)
            assert np.allclose(backend.run(batch), expected(batch), atol=1e-5)
    assert machine.device.held == {}


def test_parameters_alone_leave_the_points_on_the_device(
    machine: Any, write: Write, decoding: ModelSpec
) -> None:
    with TensorrtBackend(write(spec=decoding)) as backend:
        batch = crops(decoding, 2)
        backend.run(batch)
        copied = machine.device.seconds - 2.0
    assert copied == pytest.approx((batch.nbytes + 2 * 62 * 4) * 1e-6)


def test_all_outputs_are_timed(machine: Any, write: Write, decoding: ModelSpec) -> None:
    with TensorrtBackend(write(spec=decoding)) as backend:
        spent = backend.device_seconds(crops(decoding, 2))
        assert spent is not None
        values = sum(int(np.prod(shape)) for shape in decoding.output_shapes.values())
        assert spent.copy_out == pytest.approx(2 * values * 4 * 1e-6)


@pytest.mark.parametrize("n", [2, 9])
def test_where_the_time_goes_on_the_device(
    machine: Any, write: Write, tiny_spec: ModelSpec, n: int
) -> None:
    with TensorrtBackend(write(), cuda_graph=True) as backend:
        batch = crops(tiny_spec, n)
        machine.device.waits = 0.02
        spent = backend.device_seconds(batch)
        assert spent is not None
        assert spent.copy_in == pytest.approx(batch.nbytes * 1e-6)
        assert spent.compute == pytest.approx(n)
        assert spent.copy_out == pytest.approx(n * 62 * 4 * 1e-6)
        assert 0.02 * len(split_batch(n, 4)) <= spent.call < 10.0
    assert machine.device.held == {}


def test_a_failed_timing_gives_its_marks_back(
    machine: Any, write: Write, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TensorrtBackend(write()) as backend:
        held = len(machine.device.held)
        monkeypatch.setattr(Context, "execute_async_v3", lambda self, stream: False)
        with pytest.raises(BackendError, match="failed on the network"):
            backend.device_seconds(crops(tiny_spec, 2))
        assert len(machine.device.held) == held


PROFILES = ((1, 1, 1), (2, 4, 8))


@pytest.mark.parametrize("cuda_graph", [False, True])
def test_a_batch_runs_on_the_smallest_profile_that_holds_it(
    machine: Any, write: Write, tiny_spec: ModelSpec, cuda_graph: bool
) -> None:
    machine.profiles = PROFILES
    path = write(profiles=tuple(BatchProfile(*each) for each in PROFILES))
    with TensorrtBackend(path, cuda_graph=cuda_graph) as backend:
        for n, sizes, used in ((1, {1}, {0}), (2, {2}, {1}), (8, {8}, {1}), (11, {5, 6}, {1})):
            machine.engine.runs.clear()
            machine.engine.profiles.clear()
            batch = crops(tiny_spec, n)
            assert np.allclose(backend.run(batch), expected(batch), atol=1e-5)
            if cuda_graph and n == 11:  # both parts replay what was recorded for 8
                sizes, used = set(), set()
            assert (set(machine.engine.runs), set(machine.engine.profiles)) == (sizes, used)
        assert backend.header.largest_batch == 8
    assert machine.device.held == {}


def test_what_stands_beside_int8(machine: Any, write: Write, tiny_spec: ModelSpec) -> None:
    spec = tiny_spec.replace(precision="int8")
    with TensorrtBackend(write(spec=spec, precisions={"HALF": 650, "INT8": 198})) as backend:
        assert backend.arithmetic == "INT8, the rest FP16, some layers FP32"
    with TensorrtBackend(write(spec=spec, precisions={"FLOAT": 999, "INT8": 198})) as backend:
        assert backend.arithmetic == "INT8, some layers FP32"
