"""ONNX precision passes and TensorRT engines (their issue fills this room)."""
