"""Weights in files: PyTorch, ONNX, and other projects' checkpoints."""
