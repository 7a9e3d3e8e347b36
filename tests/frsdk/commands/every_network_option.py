"""Every option that opens a reconstructor: its command line, and what `FaceReconstructor` gets."""

from __future__ import annotations

ARGUMENTS = (
    *("--weights", "open", "--engine", "n.onnx", "--backend", "onnxruntime", "--device", "cpu"),
    *("--cuda-graph", "--threads", "2", "--face-model", "m.npz", "--detector", "d.onnx"),
    *("--min-score", "0.5", "--min-face", "48", "--any-orientation"),
)
NAMED = {
    "weights": "open",
    "engine": "n.onnx",
    "backend": "onnxruntime",
    "device": "cpu",
    "cuda_graph": True,
    "threads": 2,
    "face_model": "m.npz",
    "detector": "d.onnx",
    "min_score": 0.5,
    "min_face_px": 48.0,
    "orientations": (0, 90, 180, 270),
}
