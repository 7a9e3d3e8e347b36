"""A small server that speaks KServe v2 over gRPC, for a model repository of ONNX files.

It reads what Triton reads, `config.pbtxt` and `1/model.onnx`, and refuses what Triton refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import onnxruntime
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc


def read_config(path: Path) -> Any:
    """A config.pbtxt by the protobuf classes of tritonclient; an unknown field is an error."""
    return text_format.Parse(path.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())


class Repository(service_pb2_grpc.GRPCInferenceServiceServicer):
    """The models of a folder."""

    def __init__(self, folder: Path) -> None:
        self.configs = {path.parent.name: read_config(path) for path in
                        folder.glob("*/config.pbtxt")}  # fmt: skip
        self.sessions = {
            name: onnxruntime.InferenceSession(
                str(folder / name / "1" / "model.onnx"), providers=["CPUExecutionProvider"]
            )
            for name in self.configs
        }
        self.batches: list[int] = []

    def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        if request.name not in self.configs:
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown model {request.name}")
        return service_pb2.ModelConfigResponse(config=self.configs[request.name])

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        config = self.configs[request.model_name]
        (tensor,) = request.inputs
        dims, shape = list(config.input[0].dims), list(tensor.shape)
        if config.max_batch_size:
            if not 1 <= shape[0] <= config.max_batch_size:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"a batch of {shape[0]}")
            shape = shape[1:]
        if any(want not in (-1, have) for want, have in zip(dims, shape, strict=True)):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"expected {dims}, got {shape}")
        self.batches.append(tensor.shape[0])
        content = np.frombuffer(request.raw_input_contents[0], np.float32)
        names = [output.name for output in request.outputs]
        session = self.sessions[request.model_name]
        found = session.run(names, {tensor.name: content.reshape(tensor.shape)})
        reply = service_pb2.ModelInferResponse(model_name=request.model_name)
        for name, output in zip(names, found, strict=True):
            reply.outputs.add(name=name, datatype="FP32", shape=output.shape)
            reply.raw_output_contents.append(np.ascontiguousarray(output).tobytes())
        return reply


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Repository]]:
    """HOST:PORT of a server for a repository, and the server's side of it."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(4), options=unlimited)
    repository = Repository(folder)
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(repository, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", repository
    finally:
        server.stop(None).wait()
