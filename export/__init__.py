"""PyTorch training, face-model builders and ONNX export."""
