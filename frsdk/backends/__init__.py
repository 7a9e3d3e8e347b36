"""Inference engines behind one interface; each file alone imports its engine."""

from .base import Backend
from .onnxruntime import OnnxRuntimeBackend

__all__ = ["Backend", "OnnxRuntimeBackend"]
