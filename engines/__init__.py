"""ONNX precision passes and TensorRT engines."""
