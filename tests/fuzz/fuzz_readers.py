"""Every reader of files, a small good file for each, and how files are damaged.

`tests/fuzz/test_readers.py` runs it for seconds, `scripts/fuzz` for as long as it is told.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import pickle
import random
import struct
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from frsdk.errors import FrsdkError
from frsdk.installation.asset_files import FACE_DETECTOR, NETWORK, asset_path


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes:
        seeds: Good files, which the reader takes.
        suffix: Of the file's name.
        read: Reads a path; raises a FrsdkError (or what `refusals` names) for what it refuses.
        refusals: Errors of modules below the public ones, which their callers turn into one line.
    """

    seeds: Callable[[], list[bytes]]
    suffix: str
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...] = (FrsdkError,)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A few edits: bits, bytes, numbers at their ends, parts cut, doubled, moved or zeroed."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            break
        at = rng.randrange(len(data))
        if rng.random() < 0.5:  # headers lie in front and decide more
            at = min(at, rng.randrange(min(len(data), 512)))
        length = rng.choice((1, 2, 4, 8, 16, 64, 512))
        kind = rng.randrange(9)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind == 2:
            number = rng.choice((0, 1, -1, 2**31 - 1, -(2**31), 2**16, 2**24, 255))
            data[at : at + 4] = (number % 2**32).to_bytes(4, rng.choice(("little", "big")))
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length]
        elif kind == 5:
            data[at : at + length] = bytes(min(length, len(data) - at))
        elif kind == 6:
            del data[at:]
        elif kind == 7:
            data[at : at + length] = rng.randbytes(length)
        else:
            other = rng.randrange(len(data))
            data[at : at + length] = data[other : other + length]
    return bytes(data)


def try_once(reader: Reader, path: Path, content: bytes) -> str:
    """Read a damaged file: "read", "refused", or what escaped."""
    path.write_bytes(content)
    try:
        reader.read(path)
    except reader.refusals as error:
        text = str(error)
        return "refused" if text and "\n" not in text else f"message of several lines: {text!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "read"


def _pictures() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    picture, found = Image.fromarray(pixels), []
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("JPEG", picture, {"exif": exif}), ("JPEG", picture.convert("CMYK"), {}),
        ("PNG", picture, {}), ("PNG", picture.convert("RGBA"), {}),
        ("PNG", picture.quantize(16), {"transparency": 3}), ("WEBP", picture, {}),
        ("GIF", picture, {}), ("BMP", picture, {}), ("TIFF", picture, {}),
        ("TIFF", picture, {"compression": "tiff_lzw"}), ("TIFF", picture.convert("F"), {}),
        ("JPEG2000", picture, {}), ("PPM", picture, {}), ("AVIF", picture, {}),
    ]  # fmt: skip
    for kind, image, options in kinds:
        buffer = io.BytesIO()
        try:
            image.save(buffer, kind, **options)
        except (KeyError, OSError):  # this Pillow does not write it
            continue
        found.append(buffer.getvalue())
    return found


def _heic() -> list[bytes]:
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.linear_gradient("L").resize((64, 48)).convert("RGB")).save(buffer)
    return [buffer.getvalue()]


def _read_picture(path: Path) -> object:
    from frsdk import read_image

    read_image(path, max_pixels=10_000_000)
    return read_image(path.read_bytes(), max_pixels=10_000_000)


@functools.cache
def _small_model() -> Any:
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


def _face_models() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        _small_model().save(Path(folder) / "a.npz")
        plain = (Path(folder) / "a.npz").read_bytes()
        packed = io.BytesIO()
        with np.load(io.BytesIO(plain)) as arrays:
            np.savez_compressed(packed, **dict(arrays))
    return [plain, packed.getvalue()]


def _read_face_model(path: Path) -> object:
    from frsdk import MorphableModel

    return MorphableModel.load(path)


def _small_network() -> Any:
    import onnx

    from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, FaceModelRef, ModelSpec

    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    model = _small_model()
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


def _networks() -> list[bytes]:
    return [_small_network()[0].SerializeToString()]


def _read_network(path: Path) -> object:
    from frsdk import OnnxRuntimeBackend

    with OnnxRuntimeBackend(path) as backend:
        return backend.run(np.zeros((1, *backend._spec.input.shape), np.float32))


def _read_detector(path: Path) -> object:
    from frsdk.detectors import detector_from_option

    return detector_from_option(path, min_score=None)(np.zeros((64, 64, 3), np.uint8))


def _read_to_build(path: Path) -> object:
    from frsdk.engines.graphs.network_file import read_network

    return read_network(path)


def _engines() -> list[bytes]:
    from frsdk.engine_files.engine_file import write_engine
    from frsdk.engine_files.engine_header import BatchProfile, EngineHeader

    header = EngineHeader(
        spec=_small_network()[1], flavour="tensorrt", flavour_version="10.16.1.11",
        compute_capabilities=("8.6",), profiles=(BatchProfile(1, 2, 8),), onnx_sha256="0" * 64,
        os="linux-x86_64", frsdk_version="0.1", gpu_name="a GPU", driver_version="580.1",
        cuda_version="13.0",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        write_engine(Path(folder) / "a.engine", header, b"plan" * 100)
        return [(Path(folder) / "a.engine").read_bytes()]


def _read_engine(path: Path) -> object:
    from frsdk.engine_files.engine_file import read_engine

    return read_engine(path)


def _engine_headers() -> list[bytes]:
    content = _engines()[0]
    (length,) = struct.unpack_from("<I", content, 12)
    return [content[48 : 48 + length]]


def _read_engine_header(path: Path) -> object:
    """A damaged header under a digest that is right, as a forger would write it."""
    text, content = path.read_bytes(), _engine_content()
    (length,) = struct.unpack_from("<I", content, 12)
    head = content[:12] + struct.pack("<I", len(text)) + hashlib.sha256(text).digest()
    path.write_bytes(head + text + content[48 + length :])
    return _read_engine(path)


@functools.cache
def _engine_content() -> bytes:
    return _engines()[0]


def _pickles() -> list[bytes]:
    value = {"mean": np.arange(62, dtype=np.float32), "std": [np.ones((3, 4)), 1.5, "text"]}
    return [pickle.dumps(value, protocol) for protocol in (0, 2, 4, 5)]


def _read_pickle(path: Path) -> object:
    from frsdk.storage.array_unpickler import read_array_pickle

    return read_array_pickle(path)


def _arrays() -> list[bytes]:
    found = []
    for array in (np.zeros((5, 62), np.float32), np.asfortranarray(np.ones((4, 3)))):
        buffer = io.BytesIO()
        np.save(buffer, array)
        found.append(buffer.getvalue())
    return found


def _read_arrays(path: Path) -> object:
    from frsdk.benchmarks.protocols.array_files import read_array

    return read_array(path, (None, None))


def _checkpoints() -> list[bytes]:
    import torch

    buffer = io.BytesIO()
    torch.save({"model": {"weight": torch.zeros(4, 3)}, "spec": "{}", "step": 3}, buffer)
    return [buffer.getvalue()]


def _read_checkpoint(path: Path) -> object:
    from frsdk.export.checkpoints.checkpoint_file import load_any_checkpoint

    return load_any_checkpoint(path)


def _tars() -> list[bytes]:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (10, 200, 30)).save(picture, "PNG")
    content, buffer = picture.getvalue(), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for index in range(100):  # as many as a calibration needs
            member = tarfile.TarInfo(f"{index}.png")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return [buffer.getvalue()]


def _read_tar(path: Path) -> object:
    from frsdk.engines.calibration.calibration_images import read_calibration

    return read_calibration(path, 120)


def _mats() -> list[bytes]:
    import scipy.io

    label = {"Pose_Para": np.zeros((1, 7)), "Shape_Para": np.zeros((199, 1)),
             "Exp_Para": np.zeros((29, 1)), "pt3d_68": np.ones((3, 68))}  # fmt: skip
    found = []
    for compressed in (False, True):
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, label, do_compression=compressed)
        found.append(buffer.getvalue())
    return found


def _read_mat(path: Path) -> object:
    from frsdk.benchmarks.protocols.mat_labels import read_mat_label

    return read_mat_label(path)


def _points() -> list[bytes]:
    lines = ["version: 1", "n_points: 68", "{", *(f"{i}.5 {i}.25" for i in range(68)), "}"]
    return ["\n".join(lines).encode()]


def _read_points(path: Path) -> object:
    from frsdk.benchmarks.protocols.landmark_files import read_pts

    return read_pts(path)


def _landmark_json() -> list[bytes]:
    points = np.arange(136.0).reshape(68, 2).tolist()
    return [json.dumps({"a.jpg": points, "b.jpg": {"landmarks": points, "yaw_deg": 3.0}}).encode()]


def _read_landmark_json(path: Path) -> object:
    from frsdk.benchmarks.protocols.landmark_files import read_json

    return read_json(path)


def _specs() -> list[bytes]:
    from frsdk import OnnxRuntimeBackend

    found = [_small_network()[1].to_json().encode()]
    for name in (NETWORK, FACE_DETECTOR):
        with OnnxRuntimeBackend(asset_path(name)) as backend:
            found.append(backend._spec.to_json().encode())
    return found


def _read_spec(path: Path) -> object:
    from frsdk.specs.detector_spec import spec_from_json

    return spec_from_json(path.read_bytes().decode("utf-8", "replace"), source=str(path))


def _videos() -> list[bytes]:
    import av

    found = []
    for container_format, codec in (("mp4", "mpeg4"), ("matroska", "mjpeg")):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container_format) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = 32, 24
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for level in range(4):
                pixels = np.full((24, 32, 3), 40 * level, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        found.append(buffer.getvalue())
    return found


def _read_video(path: Path) -> object:
    from frsdk.video.video_reader import VideoReader

    with VideoReader(path) as reader:
        return sum(1 for _ in reader.media())


def _readers() -> dict[str, Reader]:
    from frsdk.storage.array_unpickler import PickleError

    return {
        "pictures": Reader(_pictures, ".png", _read_picture),
        "heic": Reader(_heic, ".heic", _read_picture),
        "face models": Reader(_face_models, ".npz", _read_face_model),
        "networks": Reader(_networks, ".onnx", _read_network),
        "networks to build": Reader(_networks, ".onnx", _read_to_build),
        "detectors": Reader(
            lambda: [asset_path(FACE_DETECTOR).read_bytes()], ".onnx", _read_detector
        ),
        "engines": Reader(_engines, ".engine", _read_engine),
        "engine headers": Reader(_engine_headers, ".engine", _read_engine_header),
        "pickles": Reader(_pickles, ".pkl", _read_pickle, (PickleError,)),
        "arrays": Reader(_arrays, ".npy", _read_arrays),
        "checkpoints": Reader(_checkpoints, ".pth", _read_checkpoint),
        "tars": Reader(_tars, ".tar", _read_tar),
        "mat labels": Reader(_mats, ".mat", _read_mat),
        "points": Reader(_points, ".pts", _read_points),
        "landmark json": Reader(_landmark_json, ".json", _read_landmark_json),
        "videos": Reader(_videos, ".mp4", _read_video),
        "specs": Reader(_specs, ".json", _read_spec),
    }


READERS = _readers()
"""Each kind of file by name."""
