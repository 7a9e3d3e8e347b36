"""Inference engines behind one interface; each file alone imports its engine."""

from .backend import Backend
from .onnxruntime_backend import OnnxRuntimeBackend

__all__ = ["Backend", "OnnxRuntimeBackend"]
