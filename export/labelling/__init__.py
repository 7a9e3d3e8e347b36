"""Labels from models that a product may learn from: MediaPipe's face mesh."""
