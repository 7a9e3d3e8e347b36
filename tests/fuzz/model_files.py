"""Small good models, networks, engines and checkpoints, and their readers."""

from __future__ import annotations

import functools
import hashlib
import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from frsdk.installation.asset_files import FACE_DETECTOR, NETWORK, asset_path


@functools.cache
def small_model() -> Any:
    from frsdk import MorphableModel

    rng = np.random.default_rng(0)
    return MorphableModel(
        name="fuzz",
        basis=rng.normal(size=(51, 3 * 80)).astype(np.float32),
        coefficient_std=np.ones(50, np.float32),
        landmark_indices=np.arange(68, dtype=np.int32),
        triangles=np.array([[0, 1, 2], [2, 3, 4]], np.int32),
        uv=np.zeros((80, 2), np.float32),
        mirror=np.arange(80, dtype=np.int32),
    )


def face_models() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        small_model().save(Path(folder) / "a.npz")
        plain = (Path(folder) / "a.npz").read_bytes()
        packed = io.BytesIO()
        with np.load(io.BytesIO(plain)) as arrays:
            np.savez_compressed(packed, **dict(arrays))
    return [plain, packed.getvalue()]


def read_face_model(path: Path) -> object:
    from frsdk import MorphableModel

    return MorphableModel.load(path)


def small_network() -> Any:
    import onnx

    from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, FaceModelRef, ModelSpec

    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    model = small_model()
    spec = ModelSpec(
        architecture=ArchitectureSpec("pool", {}),
        face_model=FaceModelRef(model.name, model.sha256, model.n_vertices),
        param_mean=(0.0,) * 62, param_std=(1.0,) * 62, licence="tests", producer="tests",
    )  # fmt: skip
    size = spec.input.size
    matrix = np.random.default_rng(1).normal(size=(27, 62)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", [spec.input.name], ["p"], kernel_shape=[size // 3] * 2,
                             strides=[size // 3] * 2),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("MatMul", ["f", "w"], [spec.output.name]),
        ],
        "small",
        [helper.make_tensor_value_info(spec.input.name, float32, ["n", 3, size, size])],
        [helper.make_tensor_value_info(spec.output.name, float32, ["n", 62])],
        [onnx.numpy_helper.from_array(matrix, "w")],
    )  # fmt: skip
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(network, {METADATA_KEY: spec.to_json()})
    return network, spec


def networks() -> list[bytes]:
    return [small_network()[0].SerializeToString()]


def read_network(path: Path) -> object:
    from frsdk import OnnxRuntimeBackend

    with OnnxRuntimeBackend(path) as backend:
        return backend.run(np.zeros((1, *backend._spec.input.shape), np.float32))


def read_detector(path: Path) -> object:
    from frsdk.detectors import detector_from_option

    return detector_from_option(path, min_score=None)(np.zeros((64, 64, 3), np.uint8))


def read_to_build(path: Path) -> object:
    from frsdk.engines.graphs.network_file import read_network

    return read_network(path)


def engines() -> list[bytes]:
    from frsdk.engine_files.engine_file import write_engine
    from frsdk.engine_files.engine_header import BatchProfile, EngineHeader

    header = EngineHeader(
        spec=small_network()[1], flavour="tensorrt", flavour_version="10.16.1.11",
        compute_capabilities=("8.6",), profiles=(BatchProfile(1, 2, 8),), onnx_sha256="0" * 64,
        os="linux-x86_64", frsdk_version="0.1", gpu_name="a GPU", driver_version="580.1",
        cuda_version="13.0",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        write_engine(Path(folder) / "a.engine", header, b"plan" * 100)
        return [(Path(folder) / "a.engine").read_bytes()]


def read_engine(path: Path) -> object:
    from frsdk.engine_files.engine_file import read_engine

    return read_engine(path)


def engine_headers() -> list[bytes]:
    content = engines()[0]
    (length,) = struct.unpack_from("<I", content, 12)
    return [content[48 : 48 + length]]


def read_engine_header(path: Path) -> object:
    """A damaged header under a digest that is right, as a forger would write it."""
    text, content = path.read_bytes(), engine_content()
    (length,) = struct.unpack_from("<I", content, 12)
    head = content[:12] + struct.pack("<I", len(text)) + hashlib.sha256(text).digest()
    path.write_bytes(head + text + content[48 + length :])
    return read_engine(path)


@functools.cache
def engine_content() -> bytes:
    return engines()[0]


def checkpoints() -> list[bytes]:
    import torch

    from frsdk.export.networks import build_network
    from frsdk.specs.detector_spec import DetectorSpec
    from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec

    arguments = {"widths": [2] * 5, "repeats": [0] * 4, "neck": 2, "kernel": 3}
    spec = DetectorSpec(
        architecture=ArchitectureSpec("face_detector", arguments),
        min_score=0.5, max_iou=0.4, box_rule=(1.0, 0.0, 0.0), licence="tests", producer="tests",
    )  # fmt: skip
    state = build_network("face_detector", arguments).state_dict()
    found = []
    for zipped in (True, False):
        buffer = io.BytesIO()
        content = {METADATA_KEY: spec.to_json(), "state": state}
        torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
        found.append(buffer.getvalue())
    return found


def read_checkpoint(path: Path) -> object:
    from frsdk.export.checkpoints.checkpoint_file import load_any_checkpoint

    return load_any_checkpoint(path)


def specs() -> list[bytes]:
    from frsdk import OnnxRuntimeBackend

    found = [small_network()[1].to_json().encode()]
    for name in (NETWORK, FACE_DETECTOR):
        with OnnxRuntimeBackend(asset_path(name)) as backend:
            found.append(backend._spec.to_json().encode())
    return found


def read_spec(path: Path) -> object:
    from frsdk.specs.detector_spec import spec_from_json

    return spec_from_json(path.read_bytes().decode("utf-8", "replace"), source=str(path))
