"""NME of an engine on held-out crops, per kind of label and yaw bin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.backends.onnxruntime import OnnxRuntimeBackend
from frsdk.errors import SpecError
from frsdk.morphable import MorphableModel, builtin_face_model
from frsdk.nme import YAW_BINS_DEG, nme_percent
from frsdk.preprocess import network_input

from .augment import plain_crops
from .crops import load_crops
from .faces_data import MARGIN, read_labels

Array = NDArray[np.float64]


def validate(folder: Path, engine: Path | None, face_model: Path | None) -> Iterator[str]:
    """Lines of a report: NME in percent of sqrt(w h) of the label's box, x and y only.

    Args:
        folder: Folder with ``val.npz`` and its shards.
        engine: ONNX file; None for the built-in network.
        face_model: ``.npz``; None for the built-in one.

    Raises:
        SpecError: The engine belongs to another face model.
    """
    model = MorphableModel.load(face_model) if face_model else builtin_face_model()
    labels = read_labels(folder / "val.npz")
    crops = plain_crops(load_crops(folder, "val", labels))
    predicted = predict(engine or _builtin_engine(), model, crops) + MARGIN  # 160-crop pixels
    teacher = labels.landmarks[..., :2]
    error = nme_percent(predicted, teacher)
    yaw = np.abs(labels.yaw_deg)
    yield f"lmk68: {error.mean():.2f} % ({len(error)})"
    for low, high in YAW_BINS_DEG:
        inside = (yaw <= high) & ((yaw > low) | (low == 0))
        yield f"  |yaw| {low:.0f}-{high:.0f}: {error[inside].mean():.2f} % ({inside.sum()})"
    chosen = labels.has_annotation
    error = nme_percent(predicted[chosen], labels.annotation[chosen])
    yield f"gt68: {error.mean():.2f} % ({chosen.sum()})"
    source = labels.source[chosen]
    for name in np.unique(source):
        inside = source == name
        yield f"  {name}: {error[inside].mean():.2f} % ({inside.sum()})"


def predict(
    engine: Path, model: MorphableModel, crops: NDArray[np.uint8], *, batch_size: int = 64
) -> Array:
    """(n, 68, 2) landmarks in crop pixels of (n, 120, 120, 3) crops."""
    found = []
    with OnnxRuntimeBackend(engine) as backend:
        spec = backend.spec
        if spec.face_model.sha256 != model.sha256:
            raise SpecError(
                f"{engine}: is for face model {spec.face_model.name}, not {model.name}: "
                "pass --face-model"
            )
        std = np.array(spec.param_std, np.float32)
        mean = np.array(spec.param_mean, np.float32)
        for start in range(0, len(crops), batch_size):
            batch = network_input(list(crops[start : start + batch_size]), spec.input)
            params = backend.run(batch) * std + mean
            found.append(model.decode_landmarks(params, size=spec.input.size)[..., :2])
    return np.concatenate(found).astype(np.float64)


def _builtin_engine() -> Path:
    import frsdk

    return Path(frsdk.__file__).parent / "assets" / "network.onnx"
