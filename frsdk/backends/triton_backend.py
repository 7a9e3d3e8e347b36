"""Networks on a Triton inference server, by the KServe v2 protocol over gRPC."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Sequence
from importlib import import_module
from typing import Any  # tritonclient is optional

import numpy as np

from ..errors import BackendError, SpecError
from ..installation.optional_packages import missing_package
from ..specs.detector_spec import DetectorSpec, spec_from_json
from ..specs.model_spec import METADATA_KEY, ModelSpec
from .backend import Backend, DecodedBatch, FloatBatch

SCHEME = "triton://"
_URL = re.compile(r"triton://(\[[^\]/]+\](?::\d+)?|[^/\s]+)/([^/\s]+?)(?:/(\d+))?/?")
_PORT = 8001
_SECONDS = 30.0
_FP32 = "TYPE_FP32"


def is_triton_url(engine: object) -> bool:
    """Whether an engine option names a model on a server."""
    return isinstance(engine, str) and engine.startswith(SCHEME)


class TritonBackend(Backend):
    """A network in a model repository that `frsdk-build --triton` wrote, on a server."""

    name = "triton"

    def __init__(self, url: str, *, timeout_s: float = _SECONDS) -> None:
        """Ask the server what the model is, and check it against the specification that it has.

        Args:
            url: `triton://HOST:PORT/MODEL` or `triton://HOST:PORT/MODEL/VERSION`; the port is that
                of gRPC, 8001 where none is given.
            timeout_s: Of each call.

        Raises:
            BackendError: The URL is none of these, or the server does not answer or has no such
                model ready.
            SpecError: The model has no specification, or one that does not fit it.
            MissingDependencyError: tritonclient is not installed.
        """
        parts = _URL.fullmatch(url)
        if parts is None:
            raise BackendError(f"{url}: expected triton://HOST:PORT/MODEL")
        host, self._model, version = parts.groups()
        has_port = re.search(r":\d+$", host) is not None
        self._host = host if has_port else f"{host}:{_PORT}"
        self._version, self._timeout_s = version or "", timeout_s
        self._grpc = _load_client(url)
        self._own = threading.local()  # a client is not for several threads, and ends with its own
        self._clients: weakref.WeakSet[Any] = weakref.WeakSet()  # of the threads that are alive
        self._lock = threading.Lock()
        try:
            spec, self._most = self._checked_model(url)
        except BaseException:
            self._release()
            raise
        super().__init__(spec, source=url, providers=(f"server {self._host}",))

    def _checked_model(self, url: str) -> tuple[ModelSpec | DetectorSpec, int]:
        """The model's specification, and the most crops that it takes at a time."""
        found = self._call(
            url, lambda client: client.get_model_config(
                self._model, self._version, as_json=False, client_timeout=self._timeout_s
            )
        )  # fmt: skip
        config = found.config
        if METADATA_KEY not in config.parameters:
            raise SpecError(
                f"{url}: no specification in the model's parameters ({METADATA_KEY}): write its "
                "repository with frsdk-build --triton"
            )
        spec = spec_from_json(config.parameters[METADATA_KEY].string_value, source=url)
        shapes = {spec.output.name: spec.output.shape}
        if isinstance(spec, ModelSpec):
            shapes = spec.output_shapes
        fixed = config.max_batch_size == 0  # then the batch is one of the dims
        batch = _check_tensor(url, config.input, spec.input.name, spec.input.shape, fixed)
        for name, shape in shapes.items():
            _check_tensor(url, config.output, name, shape, fixed)
        self._fixed_batch = fixed
        return spec, batch if fixed else int(config.max_batch_size)

    def _infer(self, batch: FloatBatch) -> FloatBatch:
        (output,) = self._outputs([self._spec.output.name], batch)
        return output

    def _infer_decoded(self, batch: FloatBatch) -> DecodedBatch:
        return DecodedBatch(*self._outputs(list(self.spec.output_shapes), batch))

    def _outputs(self, names: Sequence[str], batch: FloatBatch) -> list[FloatBatch]:
        """In parts of what the model takes; one of a fixed batch is filled up with zeros."""
        parts = []
        for start in range(0, len(batch), self._most):
            part = batch[start : start + self._most]
            missing = self._most - len(part) if self._fixed_batch else 0
            full = np.concatenate([part, np.zeros((missing, *part.shape[1:]), np.float32)])
            parts.append([output[: len(part)] for output in self._outputs_once(names, full)])
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _outputs_once(self, names: Sequence[str], batch: FloatBatch) -> list[FloatBatch]:
        tensor = self._grpc.InferInput(self._spec.input.name, list(batch.shape), "FP32")
        tensor.set_data_from_numpy(np.ascontiguousarray(batch))
        wanted = [self._grpc.InferRequestedOutput(name) for name in names]
        found = self._call(
            self._source, lambda client: client.infer(
                self._model, [tensor], self._version, wanted, client_timeout=self._timeout_s
            )
        )  # fmt: skip
        outputs = [found.as_numpy(name) for name in names]
        for name, output in zip(names, outputs, strict=True):
            if output is None:
                raise BackendError(f"{self._source}: the server's answer lacks {name}")
        return [np.asarray(output, np.float32) for output in outputs]

    def _call(self, url: str, call: Any) -> Any:
        from tritonclient.utils import InferenceServerException

        client = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = self._grpc.InferenceServerClient(self._host)
            with self._lock:
                self._clients.add(client)
        try:
            return call(client)
        except InferenceServerException as error:
            reason = " ".join(str(error.message()).split())[:300]
            raise BackendError(
                f"{url}: the server does not do it ({reason}): is it running, and is the model "
                "loaded?"
            ) from error
        except ValueError as error:  # what gRPC says of a client that close() ended
            raise BackendError(f"{url}: the backend is closed: open a new one") from error

    def _release(self) -> None:
        with self._lock:
            for client in list(self._clients):
                client.close()
            self._clients.clear()


def _load_client(url: str) -> Any:
    try:
        return import_module("tritonclient.grpc")
    except (ImportError, OSError) as error:
        package = (getattr(error, "name", None) or "tritonclient").partition(".")[0]
        title = f"{url}: tritonclient" if package == "tritonclient" else f"{url}: {package}"
        raise missing_package(error, package, "triton", title=title) from error


def _check_tensor(
    url: str, tensors: Sequence[Any], name: str, shape: tuple[int, ...], fixed: bool
) -> int:
    """Check a tensor of the model's config; returns its batch where that is fixed, else 0."""
    from tritonclient.grpc import model_config_pb2

    found = {tensor.name: tensor for tensor in tensors}
    if name not in found:
        raise SpecError(
            f"{url}: the specification names the tensor {name}, the model has {', '.join(found)}: "
            "write its repository again"
        )
    kind = model_config_pb2.DataType.Name(found[name].data_type)
    dims = list(found[name].dims)
    own = dims[1:] if fixed else dims
    fits = len(own) == len(shape) and all(
        have in (-1, want) for have, want in zip(own, shape, strict=True)
    )
    if kind != _FP32 or not fits or (fixed and dims[0] < 1):
        raise SpecError(
            f"{url}: the specification says {name} of {_FP32} {shape}, the model has {kind} "
            f"{tuple(dims)}: write its repository again"
        )
    return int(dims[0]) if fixed else 0
