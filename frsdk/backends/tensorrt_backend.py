"""Networks as engine files of TensorRT 10, TensorRT 11 and TensorRT for RTX."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict
from typing import Any  # TensorRT's objects have no types

import numpy as np

from ..engine_files.engine_compatibility import check_flavour_version, check_gpu, check_platform
from ..engine_files.engine_file import EngineFile, read_engine
from ..engine_files.engine_header import BatchProfile, EngineHeader, profile_for
from ..errors import BackendError
from .backend import Backend, DecodedBatch, FloatBatch
from .batch_sizes import filled, power_of_two, size_of_profile, split_batch
from .cuda.device_memory import no_graphs
from .cuda.device_seconds import DeviceSeconds
from .cuda.device_timing import DeviceWatch
from .cuda.engine_buffers import EngineBuffers
from .cuda.open_device import open_device
from .engine_tensors import check_tensors
from .loaded_plan import LoadedPlan
from .runtime_kernels import RuntimeKernels
from .tensorrt_modules import TensorrtModule, load_tensorrt, message_log, start_runtime


class TensorrtBackend(Backend):
    """A plan on the first GPU, with one execution context a profile and one stream.

    Calls from several threads run one after the other. A batch runs on the profile of the least
    maximum that holds it; batches above the largest are split, those below a minimum are filled up.
    """

    name = "tensorrt"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        flavour: str | None = None,
        cuda_graph: bool = False,
    ) -> None:
        """Check the file and this machine, then load the plan.

        Args:
            path: An `.engine` file that `frsdk-build` wrote.
            flavour: The one it must be for, ``"tensorrt"`` or ``"tensorrt_rtx"``; None takes any.
            cuda_graph: Record the work of few batch sizes on first use and replay it later, which
                spares the launches of small batches; other batches are filled up. TensorRT for RTX
                records it by itself.

        Raises:
            MissingDependencyError: The engine's flavour of TensorRT, or a binding of CUDA, is not
                installed; the pip line is named.
            BackendError: The file is damaged, the engine is for another machine, GPU or version,
                there is no GPU or driver, or TensorRT refuses the plan.
            SpecError: The header or its specification is not what frsdk writes.
        """
        source = str(path)
        engine_file = read_engine(path)
        header = engine_file.header
        if flavour not in (None, header.flavour):
            raise BackendError(
                f"{source}: built for {header.flavour}, {flavour} was asked for: build it for that"
            )
        check_platform(header, source)
        handle = load_tensorrt(header.flavour)
        check_flavour_version(header, source, handle.version)
        device = open_device()
        check_gpu(header, source, device.info)
        label = f"{device.info.name}, {handle.label}"
        super().__init__(header.spec, source=source, providers=(label,))
        self._header, self._handle, self._device = header, handle, device
        self._lock = threading.Lock()
        with device.active():
            self._open_plan(handle, engine_file, cuda_graph)
        # Freed with the object too. Not at the interpreter's end: CUDA may be gone by then.
        self._free = weakref.finalize(self, self._loaded.release)
        self._free.atexit = False

    @property
    def header(self) -> EngineHeader:
        """What the engine file says about itself."""
        return self._header

    @property
    def arithmetic(self) -> str:
        """As the base says, but beside INT8 stands FP16."""
        if self._spec.precision == "int8" and "HALF" in self._header.precisions:
            return "INT8, the rest FP16, some layers FP32"
        return super().arithmetic

    def _open_plan(self, handle: TensorrtModule, file: EngineFile, cuda_graph: bool) -> None:
        trt = handle.trt
        self._log = message_log(trt)
        runtime = start_runtime(handle, self._log)
        if file.header.version_compatible:
            runtime.engine_host_code_allowed = True  # such plans carry their own runtime
        if file.header.dla_core is not None:
            runtime.DLA_core = file.header.dla_core
        engine = runtime.deserialize_cuda_engine(file.plan)
        if engine is None:
            raise BackendError(
                f"{self._source}: {handle.label} cannot load the plan ({self._log.last_errors()}): "
                "update the driver, or build it here"
            )
        check_tensors(trt, engine, file.header, self._source)
        # TensorRT for RTX compiles kernels at run time, and records graphs by itself.
        compiles = hasattr(trt, "DynamicShapesKernelSpecializationStrategy")
        self._records = cuda_graph and not compiles
        if self._records and not self._device.has_graphs:
            raise no_graphs()
        self._size_for = filled
        if compiles or self._records:
            self._size_for = power_of_two if compiles else size_of_profile
        self._buffers = EngineBuffers(self._device, file.header.spec, file.header.largest_batch)
        self._loaded = LoadedPlan(self._device, self._buffers, runtime, engine)
        try:
            if compiles:
                facts = self._kernel_facts(file.header)
                self._loaded.kernels = RuntimeKernels(trt, engine, facts, cuda_graph=cuda_graph)
            for index in range(len(file.header.profiles)):
                self._loaded.contexts.append(self._create_context(index))
        except BackendError:
            self._loaded.release()
            raise

    def _kernel_facts(self, header: EngineHeader) -> dict[str, object]:
        """What the kernels that are compiled at run time depend on."""
        return {
            "kind": "kernels compiled at run time",
            "plan_sha256": header.plan_sha256,
            "flavour_version": self._handle.version,
            **asdict(self._device.info),
        }

    def _create_context(self, index: int) -> Any:
        """An `IExecutionContext` of a profile with its tensors bound."""
        engine, kernels = self._loaded.engine, self._loaded.kernels
        context = engine.create_execution_context(*([kernels.config] if kernels else []))
        if context is None:
            raise BackendError(
                f"{self._source}: {self._handle.label} cannot start it "
                f"({self._log.last_errors()}): free GPU memory"
            )
        stream = self._buffers.stream
        if index and not context.set_optimization_profile_async(index, stream):
            self._fail(f"profile {index}")
        for name, address in self._buffers.addresses.items():
            if not context.set_tensor_address(name, address):
                self._fail(f"tensor {name}")
        return context

    def _infer(self, batch: FloatBatch) -> FloatBatch:
        (output,) = self._run(batch, (self._spec.output.name,), self._run_part, self._size_for)
        return output

    def _infer_decoded(self, batch: FloatBatch) -> DecodedBatch:
        names = tuple(self.spec.output_shapes)
        return DecodedBatch(*self._run(batch, names, self._run_part, self._size_for))

    def _timed(self, batch: FloatBatch) -> DeviceSeconds:
        parts = len(split_batch(len(batch), self._header.largest_batch))
        device, buffers = self._device, self._buffers
        with device.active(), contextlib.closing(DeviceWatch(device, parts)) as watch:

            def run_part(size: int, index: int, names: tuple[str, ...]) -> None:
                context = self._loaded.contexts[index]
                self._set_size(context, size)
                self._enqueue(context, size, names, lambda: watch.mark(buffers.stream))
                device.synchronise(buffers.stream)

            size_for = filled if self._records else self._size_for
            begin = time.perf_counter()
            self._run(batch, tuple(self.spec.output_shapes), run_part, size_for)
            return watch.seconds(time.perf_counter() - begin)

    def _run(
        self,
        batch: FloatBatch,
        names: tuple[str, ...],
        run_part: Callable[[int, int, tuple[str, ...]], None],
        size_for: Callable[[int, BatchProfile], int],
    ) -> list[FloatBatch]:
        """The named outputs; `run_part` takes a batch that lies in the pinned memory to its end."""
        shapes = self.spec.output_shapes
        outputs = [np.empty((len(batch), *shapes[name]), np.float32) for name in names]
        with self._lock:
            if not self._loaded.contexts:
                raise BackendError(f"{self._source}: the backend is closed: open a new one")
            host, profiles = self._buffers.host, self._header.profiles
            entry = host[self._spec.input.name]
            with self._device.active():
                start = 0
                for count in split_batch(len(batch), self._header.largest_batch):
                    index = profile_for(profiles, count)
                    size = size_for(count, profiles[index])
                    entry[:count] = batch[start : start + count]
                    entry[count:size] = 0.0
                    run_part(size, index, names)
                    for name, output in zip(names, outputs, strict=True):
                        output[start : start + count] = host[name][:count]
                    start += count
        return outputs

    def _run_part(self, size: int, index: int, names: tuple[str, ...]) -> None:
        device, stream = self._device, self._buffers.stream
        try:
            if self._records:
                recorded = self._loaded.recorded
                key = (size, len(names))  # the parameters alone, or all
                if key not in recorded:
                    recorded[key] = self._record(size, index, names)
                device.launch(recorded[key][1], stream)
            else:
                context = self._loaded.contexts[index]
                self._set_size(context, size)
                self._enqueue(context, size, names)
        except BaseException:
            with contextlib.suppress(BackendError):  # the first error is the one to tell
                device.synchronise(stream)  # a copy may still read the pinned memory
            raise
        device.synchronise(stream)
        if self._loaded.kernels is not None:
            self._loaded.kernels.ran(index, size)

    def _record(self, size: int, index: int, names: tuple[str, ...]) -> tuple[Any, Any]:
        """A context and the graph of its work on a batch size.

        A graph belongs to the state of the context that it was recorded from, so each has its own.
        """
        device, stream = self._device, self._buffers.stream
        context = self._create_context(index)
        self._set_size(context, size)
        self._enqueue(context, size, names)  # once unrecorded: TensorRT sets the shape up
        device.synchronise(stream)
        device.begin_capture(stream)
        try:
            self._enqueue(context, size, names)
        except BaseException:
            with contextlib.suppress(BackendError):  # CUDA's error would hide TensorRT's reason
                device.destroy_graph(device.end_capture(stream))
            raise
        return context, device.end_capture(stream)

    def _set_size(self, context: Any, size: int) -> None:
        entry = self._spec.input
        if not context.set_input_shape(entry.name, (size, *entry.shape)):
            self._fail(f"a batch of {size}")

    def _enqueue(
        self,
        context: Any,
        size: int,
        names: tuple[str, ...],
        mark: Callable[[], None] = lambda: None,
    ) -> None:
        """Put copy in, network and copy out on the stream, with a mark before and behind each."""
        entry, stream = self._spec.input, self._buffers.stream
        mark()
        self._buffers.copy_in(entry.name, size)
        mark()
        if not context.execute_async_v3(stream):
            self._fail("the network")
        mark()
        for name in names:
            self._buffers.copy_out(name, size)
        mark()

    def _fail(self, what: str) -> None:
        raise BackendError(
            f"{self._source}: {self._handle.label} failed on {what} ({self._log.last_errors()})"
        )

    def _release(self) -> None:
        with self._lock:
            self._free()
