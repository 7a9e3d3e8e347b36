"""ONNX to ONNX: forms and precisions of a network."""
