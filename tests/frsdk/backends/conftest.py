"""A machine with a GPU and TensorRT that exist only in the host's memory.

They keep TensorRT's rules (a context needs its shape and addresses before it runs; work on a stream
is done when it is waited for), so that the backend's own logic runs without an accelerator. The
names are checked against the real bindings in tests/engines/tensorrt/test_tensorrt_names.py.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from frsdk._version import __version__
from frsdk.backends.cuda.device_memory import FloatArray
from frsdk.engine_files.engine_compatibility import host_os
from frsdk.engine_files.engine_file import write_engine
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader
from frsdk.specs.model_spec import ModelSpec

from .host_device import GPU, HostDevice

VERSION = "10.16.1.11"


class Context:
    """Writes each crop's mean plus the value's number, to each output."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.shape, self.addresses = engine, None, {}
        self.profile = 0
        engine.contexts += 1

    def set_optimization_profile_async(self, index: int, stream: int) -> bool:
        self.profile, self.shape = index, None
        return index < self.engine.num_optimization_profiles and stream in self.engine.device.held

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return name in self.engine.shapes

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        low, _, high = self.engine.sizes[self.profile]
        self.shape = shape if low <= shape[0] <= high else None
        return self.shape is not None

    def execute_async_v3(self, stream: int) -> bool:
        if self.shape is None or set(self.addresses) != set(self.engine.shapes):
            return False
        shape = self.shape
        self.engine.runs.append(shape[0])
        self.engine.profiles.append(self.profile)
        entry, *outputs = self.engine.shapes

        def work() -> None:
            means = array_at(self.addresses[entry], shape).mean((1, 2, 3))
            for name in outputs:
                array = array_at(self.addresses[name], (shape[0], *self.engine.shapes[name]))
                array[:] = numbered(means, array.shape)
            self.engine.device.seconds += shape[0]

        self.engine.device.enqueue(stream, work)
        return True


class Engine:
    """What a plan becomes."""

    def __init__(self, device: HostDevice, spec: ModelSpec, *sizes: tuple[int, int, int]) -> None:
        self.device, self.sizes = device, sizes
        self.num_optimization_profiles = len(sizes)
        self.shapes = {spec.input.name: spec.input.shape, **spec.output_shapes}
        self.num_io_tensors = len(self.shapes)
        self.runs: list[int] = []
        self.profiles: list[int] = []
        self.contexts = 0
        self.configs: list[Any] = []

    def get_tensor_name(self, index: int) -> str:
        return list(self.shapes)[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (-1, *self.shapes[name])

    def get_tensor_mode(self, name: str) -> str:
        return "in" if name == self.get_tensor_name(0) else "out"

    def get_tensor_dtype(self, name: str) -> str:
        return "float32"

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        return [(size, *self.shapes[name]) for size in self.sizes[profile]]

    def create_execution_context(self, config: Any = None) -> Context | None:
        self.configs.append(config)
        return Context(self)

    def create_runtime_config(self) -> RuntimeConfig:
        return RuntimeConfig(self)


class RuntimeConfig:
    """That of TensorRT for RTX; its cache has an entry for each size that ran."""

    dynamic_shapes_kernel_specialization_strategy = "LAZY"
    cuda_graph_strategy = "DISABLED"
    cache: RuntimeCache | None = None

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def create_runtime_cache(self) -> RuntimeCache:
        return RuntimeCache(self.engine)

    def set_runtime_cache(self, cache: RuntimeCache) -> bool:
        self.cache = cache
        return True


class RuntimeCache:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loaded: set[int] = set()

    def deserialize(self, blob: bytes) -> bool:
        if not blob.startswith(b"kernels"):
            return False
        self.loaded = set(blob.removeprefix(b"kernels"))
        return True

    def serialize(self) -> bytes:
        return b"kernels" + bytes(sorted(self.loaded | set(self.engine.runs)))


def numbered(means: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """(n, ...) each crop's mean plus 0, 1, 2, ... in the order of the memory."""
    numbers = np.arange(np.prod(shape[1:]), dtype=np.float32).reshape(shape[1:])
    return means.reshape(-1, *[1] * numbers.ndim) + numbers


def array_at(address: int, shape: tuple[int, ...]) -> FloatArray:
    memory = (ctypes.c_float * int(np.prod(shape))).from_address(address)
    return np.ctypeslib.as_array(memory).reshape(shape)


class Machine:
    """The device, the module `tensorrt`, and what was loaded."""

    def __init__(self) -> None:
        self.device = HostDevice()
        self.plans: list[bytes] = []
        self.profiles = [(2, 2, 4)]
        self.spec: ModelSpec | None = None
        self.engine: Engine | None = None
        self.next_engine: Callable[[], Engine | None] = lambda: None

        def load(plan: bytes) -> Engine | None:
            self.plans.append(plan)
            self.engine = self.next_engine()
            return self.engine

        self.runtimes: list[SimpleNamespace] = []

        def start(log: object) -> SimpleNamespace:
            self.runtimes.append(SimpleNamespace(deserialize_cuda_engine=load, DLA_core=-1))
            return self.runtimes[-1]

        class Logger:
            Severity = SimpleNamespace(INTERNAL_ERROR=0, ERROR=1)

        self.trt = SimpleNamespace(
            __version__=VERSION,
            ILogger=Logger,
            Runtime=start,
            TensorIOMode=SimpleNamespace(INPUT="in", OUTPUT="out"),
            DataType=SimpleNamespace(FLOAT="float32"),
        )


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tiny_spec: ModelSpec) -> Machine:
    """The imagined machine in the place of the real one; its engine takes batches of 2..4."""
    import sys

    found = Machine()
    found.spec = tiny_spec
    found.next_engine = lambda: Engine(found.device, found.spec, *found.profiles)
    monkeypatch.setitem(sys.modules, "tensorrt", found.trt)
    monkeypatch.setattr("frsdk.backends.tensorrt_backend.open_device", lambda: found.device)
    return found


@pytest.fixture
def rtx_machine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The same with TensorRT for RTX."""
    import sys

    strategies = {"EAGER": "EAGER", "LAZY": "LAZY"}
    machine.trt.DynamicShapesKernelSpecializationStrategy = SimpleNamespace(**strategies)
    machine.trt.CudaGraphStrategy = SimpleNamespace(WHOLE_GRAPH_CAPTURE="WHOLE_GRAPH_CAPTURE")
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", machine.trt)
    return machine


@pytest.fixture
def header(tiny_spec: ModelSpec) -> EngineHeader:
    return EngineHeader(
        spec=tiny_spec.replace(precision="fp16"),
        flavour="tensorrt",
        flavour_version=VERSION,
        compute_capabilities=(GPU.compute_capability,),
        profiles=(BatchProfile(2, 2, 4),),
        onnx_sha256="0" * 64,
        os=host_os(),
        frsdk_version=__version__,
        gpu_name=GPU.name,
    )


@pytest.fixture
def write(tmp_path: Path, header: EngineHeader) -> Callable[..., Path]:
    """Write an engine file with some of the header's fields changed."""

    def written(**changes: Any) -> Path:
        path = tmp_path / "a.engine"
        write_engine(path, header.replace(**changes), b"the plan")
        return path

    return written
