"""A model repository for Triton: the network and the face detector, ready to be served."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx

from frsdk.engine_files.engine_file import read_engine
from frsdk.errors import InputError, OutputError
from frsdk.installation.builtin_weights import builtin_weights
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import METADATA_KEY
from frsdk.storage.atomic_write import atomic_write, make_folder

from ..graphs.network_file import read_network
from .triton_config import TritonModel, config_text

NETWORK_NAME = "frsdk"
DETECTOR_NAME = "frsdk_detector"
_MOST_FACES = 64
_MOST_SQUARES = 8
_PREFERRED = (8, 16)


def write_triton_repository(model: Path, folder: Path, *, weights: str | None = None) -> list[Path]:
    """Write `frsdk/` and `frsdk_detector/`, each with `config.pbtxt` and `1/`.

    The specification is in the parameter `frsdk.spec`, by which `engine="triton://HOST:PORT/frsdk"`
    knows what it talks to.

    Args:
        model: The network: an `.onnx` file as it is, or an `.engine` of TensorRT, whose plan is cut
            out.
        folder: Made if it does not exist; models of other names in it stay.
        weights: The built-in weights whose detector goes with it; None: the default ones.

    Returns:
        The files written.

    Raises:
        InputError: The engine is for TensorRT for RTX, which Triton does not run, or takes no
            single crop.
        BackendError: The file is missing or damaged.
        SpecError: It has no specification.
        OutputError: The folder cannot be written.
    """
    is_engine = model.suffix.lower() == ".engine"
    network, content = _plan(model) if is_engine else _onnx_network(model)
    detector = builtin_weights(weights).detector.read_bytes()
    return [
        *_write(folder, network, content, "model.plan" if is_engine else "model.onnx"),
        *_write(folder, _detector(detector), detector, "model.onnx"),
    ]


def _onnx_network(path: Path) -> tuple[TritonModel, bytes]:
    network = read_network(path)
    return _onnx_model(NETWORK_NAME, network.content, _MOST_FACES), network.content


def _detector(content: bytes) -> TritonModel:
    model = _onnx_model(DETECTOR_NAME, content, _MOST_SQUARES)
    DetectorSpec.from_json(model.parameters[METADATA_KEY], source=DETECTOR_NAME)
    return model


def _onnx_model(name: str, content: bytes, most: int) -> TritonModel:
    """As the graph says: symbolic dimensions are -1; a fixed batch is part of the dims."""
    graph = onnx.load_model_from_string(content)
    inputs = {each.name: _dims(each) for each in graph.graph.input}
    outputs = {each.name: _dims(each) for each in graph.graph.output}
    fixed = any(dims[0] > 0 for dims in inputs.values())
    if not fixed:
        inputs = {each: dims[1:] for each, dims in inputs.items()}
        outputs = {each: dims[1:] for each, dims in outputs.items()}
    return TritonModel(
        name=name,
        platform="onnxruntime_onnx",
        max_batch=0 if fixed else most,
        inputs=inputs,
        outputs=outputs,
        preferred_batches=() if fixed else _preferred(most),
        kind="KIND_AUTO",
        parameters={each.key: each.value for each in graph.metadata_props
                    if each.key == METADATA_KEY},
    )  # fmt: skip


def _plan(path: Path) -> tuple[TritonModel, bytes]:
    engine = read_engine(path)
    header, spec = engine.header, engine.header.spec
    if header.flavour != "tensorrt":
        raise InputError(
            f"{path}: Triton runs plans of tensorrt, this one is of {header.flavour}: build with "
            "--target tensorrt, or give the .onnx file"
        )
    least = min(profile.minimum for profile in header.profiles)
    most = max(profile.maximum for profile in header.profiles)
    if least > 1:
        raise InputError(
            f"{path}: its smallest batch is {least}, Triton sends single crops too: build it with "
            "--batch 1:8:64"
        )
    optima = sorted({each.optimum for each in header.profiles if each.optimum > 1})
    model = TritonModel(
        name=NETWORK_NAME,
        platform="tensorrt_plan",
        max_batch=most,
        inputs={spec.input.name: spec.input.shape},
        outputs=spec.output_shapes,
        preferred_batches=optima or _preferred(most),
        kind="KIND_GPU",
        profiles=len(header.profiles),
        parameters={METADATA_KEY: spec.to_json()},
    )
    return model, engine.plan


def _preferred(most: int) -> Sequence[int]:
    return [each for each in _PREFERRED if each <= most] or ([most] if most > 1 else [])


def _dims(tensor: onnx.ValueInfoProto) -> list[int]:
    shape = tensor.type.tensor_type.shape.dim
    return [each.dim_value if each.HasField("dim_value") else -1 for each in shape]


def _write(folder: Path, model: TritonModel, content: bytes, file: str) -> list[Path]:
    """The model first, then its config: a server that polls sees whole models only."""
    version = make_folder(folder / model.name / "1")
    paths = [version / file, folder / model.name / "config.pbtxt"]
    atomic_write(paths[0], content)
    atomic_write(paths[1], config_text(model).encode())
    for other in {"model.onnx", "model.plan"} - {file}:  # of an earlier run
        try:
            (version / other).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{version / other}: cannot be removed ({error.strerror})") from error
    return paths
