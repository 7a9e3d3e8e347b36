"""ONNX graphs in memory: read, look around, run."""
