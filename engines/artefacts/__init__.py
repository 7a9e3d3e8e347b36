"""From an ONNX file to what a target runs."""
