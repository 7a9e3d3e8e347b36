"""Bring a model to a later version of ONNX's operators."""

from __future__ import annotations

import onnx
from onnx import version_converter

from frsdk.errors import BackendError

from .onnx_graph import opset_of


def at_least_opset(content: bytes, version: int) -> bytes:
    """The same model, with its metadata, in ONNX's operators of a version or of a later one.

    Args:
        content: A serialised ONNX model.
        version: The least opset.

    Raises:
        BackendError: ONNX has no conversion for one of its operators.
    """
    model = onnx.load_model_from_string(content)
    if opset_of(model) >= version:
        return content
    try:
        converted = version_converter.convert_version(model, version)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BackendError(
            f"the network cannot be brought to opset {version} ({reason}): "
            f"export it again with frsdk-export --opset {version}"
        ) from error
    return bytes(converted.SerializeToString())
