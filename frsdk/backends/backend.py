"""What an inference engine offers to the reconstruction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendError, InputError, SpecError
from ..specs.detector_spec import DetectorSpec
from ..specs.model_spec import ModelSpec
from .cuda.device_seconds import DeviceSeconds

FloatBatch = NDArray[np.float32]

_ARITHMETIC = {
    "fp32": "FP32",
    "fp16": "FP16, some layers FP32",
    "int8": "INT8, some layers FP32",
}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedBatch:
    """What a graph with a decoder returns.

    Attributes:
        whitened: (n, 62) float32.
        landmarks: (n, 68, 3) float32 crop pixels: i right, j down, z toward the camera.
        vertices: (n, N, 3) float32, likewise.
    """

    whitened: FloatBatch
    landmarks: FloatBatch
    vertices: FloatBatch


_BackendT = TypeVar("_BackendT", bound="Backend")


class Backend(ABC):
    """A loaded network: one that turns crops into whitened parameters, or a face detector.

    A backend is open from its constructor to :meth:`close`, which a `with` block calls. Subclasses
    load their file in the constructor, and state `_infer` and `_release`; inputs and outputs are
    checked here. :meth:`run` may be called from several threads at once.
    """

    name: str
    """The engine's name, for example `onnxruntime`."""

    def __init__(
        self, spec: ModelSpec | DetectorSpec, *, source: str, providers: tuple[str, ...]
    ) -> None:
        """Keep what every backend has.

        Args:
            spec: The specification that the artefact carries.
            source: The file, as error messages name it.
            providers: The devices that really run the network, in order of preference.
        """
        self._spec = spec
        self._source = source
        self._providers = providers
        self._open = True

    @property
    def spec(self) -> ModelSpec:
        """The specification of the network that runs.

        Raises:
            SpecError: It is a face detector.
        """
        if not isinstance(self._spec, ModelSpec):
            raise SpecError(f"{self._source}: holds a face detector: pass it as detector=")
        return self._spec

    @property
    def detector_spec(self) -> DetectorSpec:
        """The specification of the face detector that runs.

        Raises:
            SpecError: It is a reconstruction network.
        """
        if not isinstance(self._spec, DetectorSpec):
            raise SpecError(f"{self._source}: holds no face detector: pass it as engine=")
        return self._spec

    @property
    def providers(self) -> tuple[str, ...]:
        """The devices that really run the network."""
        return self._providers

    @property
    def arithmetic(self) -> str:
        """In which number formats the network is computed, which on some devices is not its own."""
        return _ARITHMETIC.get(self._spec.precision, self._spec.precision)

    @property
    def description(self) -> str:
        """One line: engine, device, precision, file, measured loss against FP32 where known."""
        devices = ", ".join(self._providers)
        line = f"{self.name} ({devices}) {self._spec.precision} {self._source}"
        accuracy = self._spec.accuracy if isinstance(self._spec, ModelSpec) else None
        return line if accuracy is None else f"{line} ({accuracy.summary})"

    def run(self, batch: FloatBatch) -> FloatBatch:
        """Run the network once.

        Args:
            batch: (n, 3, size, size) float32 as `network_input` makes it, n >= 1.

        Returns:
            (n, 62) float32: whitened parameters, or (n, 15, cells) of a face detector; new memory.

        Raises:
            InputError: The batch has another type or shape, or is empty.
            BackendError: The backend is closed, or the engine failed or returned non-numbers.
        """
        output = self._infer(self._checked(batch))
        self._check_output("output", output, (len(batch), *self._spec.output.shape))
        return output

    def run_decoded(self, batch: FloatBatch) -> DecodedBatch:
        """Run a network whose graph decodes as well (`spec.decoder`), once.

        Args:
            batch: (n, 3, size, size) float32 as `network_input` makes it, n >= 1.

        Raises:
            InputError: The batch has another type or shape, or is empty.
            BackendError: The graph has no decoder, the backend is closed, or the engine failed or
                returned non-numbers.
        """
        if self.spec.decoder is None:
            raise BackendError(
                f"{self._source}: the graph returns parameters only: "
                "export it with frsdk-export --with-decoder"
            )
        found = self._infer_decoded(self._checked(batch))
        outputs = (found.whitened, found.landmarks, found.vertices)
        for output, (name, shape) in zip(outputs, self.spec.output_shapes.items(), strict=True):
            self._check_output(name, output, (len(batch), *shape))
        return found

    def _checked(self, batch: FloatBatch) -> FloatBatch:
        self.check_open()
        expected = self._spec.input.shape
        if not isinstance(batch, np.ndarray) or batch.dtype != np.float32:
            got = getattr(batch, "dtype", type(batch).__name__)
            raise InputError(f"expected a float32 array as the network's input, got {got}")
        if batch.ndim != 4 or batch.shape[1:] != expected or not len(batch):
            shape = ", ".join(map(str, expected))
            raise InputError(f"expected a batch (n >= 1, {shape}), got {batch.shape}")
        return np.ascontiguousarray(batch)

    def _check_output(self, name: str, output: FloatBatch, wanted: tuple[int, ...]) -> None:
        if output.shape != wanted:
            raise BackendError(f"{self._source}: expected {name} {wanted}, got {output.shape}")
        if not np.isfinite(output).all():
            raise BackendError(
                f"{self._source}: the network returned values that are not finite: "
                "use an artefact of higher precision (fp32)"
            )

    def device_seconds(self, batch: FloatBatch) -> DeviceSeconds | None:
        """Run the network once for all its outputs, and say where the time went.

        Args:
            batch: (n, 3, size, size) float32 as `network_input` makes it, n >= 1.

        Returns:
            None where the network runs on the CPU, or the engine does not tell.

        Raises:
            InputError: The batch has another type or shape, or is empty.
            BackendError: The backend is closed, or the engine failed.
        """
        return self._timed(self._checked(batch))

    def check_open(self) -> None:
        """Raise `BackendError` where the backend is closed."""
        if not self._open:
            raise BackendError(f"{self._source}: the backend is closed: open a new one")

    def close(self) -> None:
        """Free the engine; a second call does nothing."""
        if self._open:
            self._open = False
            self._release()

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled: the engine belongs to its process.

        Raises:
            BackendError: Always.
        """
        raise BackendError(
            f"{self._source}: an open engine cannot be pickled: pass its path, and open it in the "
            "process that uses it"
        )

    def __enter__(self: _BackendT) -> _BackendT:
        """Return the open backend."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the backend."""
        self.close()

    @abstractmethod
    def _infer(self, batch: FloatBatch) -> FloatBatch:
        """Run the engine on a checked, contiguous batch; several threads may be inside."""

    def _infer_decoded(self, batch: FloatBatch) -> DecodedBatch:
        """The same for a graph with a decoder; engines that can, override it."""
        raise BackendError(
            f"{self._source}: the {self.name} backend does not return decoded points yet: "
            "export the network without --with-decoder"
        )

    def _timed(self, batch: FloatBatch) -> DeviceSeconds | None:
        """Times of a run on a checked batch; engines that can tell, override it."""
        return None

    @abstractmethod
    def _release(self) -> None:
        """Free what the engine holds."""
