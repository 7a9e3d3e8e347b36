"""NME of an engine on held-out crops, per kind of label and yaw bin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.imaging.face_crop import network_input
from frsdk.installation.builtin_weights import BUILTIN, named_weights
from frsdk.metrics.nme import YAW_BINS_DEG, NmeSummary, nme_percent, summarise_nme
from frsdk.morphable.decoder_choice import face_model_of_network
from frsdk.morphable.face_model_match import check_fits
from frsdk.morphable.morphable_model import MorphableModel

from ..augmentation.augment_crop import plain_crops
from ..datasets.face_labels import MARGIN, read_labels
from ..datasets.stored_crops import load_crops

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """NME of an engine against one kind of label.

    Attributes:
        labels: "lmk68" (the teacher's) or "gt68" (annotated), with the source where it is one.
        summary: Percent of sqrt(w h) of the label's box, x and y only.
    """

    labels: str
    summary: NmeSummary

    @property
    def cells(self) -> tuple[str, ...]:
        """Labels, faces, all of them, and the mean of each yaw bin."""
        summary = self.summary
        means = (summary.mean_percent, *(each.mean_percent for each in summary.bins))
        numbers = (f"{mean:.2f}" if mean is not None else "-" for mean in means)
        return (self.labels, str(summary.count), *numbers)


def validate(folder: Path, engine: Path | None, face_model: Path | None) -> list[Accuracy]:
    """Measure an engine on held-out crops against the teacher's and annotated landmarks.

    Args:
        folder: Folder with ``val.npz`` and its shards.
        engine: ONNX file, ``builtin`` or ``builtin-open``; None for the built-in network.
        face_model: ``.npz``; None for the built-in one of the network.

    Raises:
        InputError: Labels or crops are missing or damaged.
        SpecError: The engine belongs to another face model.
    """
    model = MorphableModel.load(face_model) if face_model else None
    labels = read_labels(folder / "val.npz")
    crops = plain_crops(load_crops(folder, "val", labels))
    named = named_weights(engine or BUILTIN)
    network = named.network if named else Path(engine or BUILTIN)
    predicted = predict(network, model, crops) + MARGIN  # 160-crop pixels
    everyone = np.ones(len(labels), np.bool_)
    people = labels.has_annotation
    rows = [("lmk68", labels.landmarks[..., :2], everyone)]
    if people.any():
        rows.append(("gt68", labels.annotation, people))
    for source in np.unique(labels.source[people]):
        rows.append((f"gt68 {source}", labels.annotation, people & (labels.source == source)))
    return [
        Accuracy(
            name,
            summarise_nme(nme_percent(predicted[chosen], truth[chosen]), labels.yaw_deg[chosen]),
        )
        for name, truth, chosen in rows
    ]


def markdown_table(rows: list[Accuracy]) -> list[str]:
    """The lines of a Markdown table."""
    bins = [f"{low:.0f}-{high:.0f}°" for low, high in YAW_BINS_DEG]
    head = ("labels", "faces", "all faces", *bins)
    cells = [head, ("---",) * len(head), *(row.cells for row in rows)]
    return [f"| {' | '.join(each)} |" for each in cells]


def predict(
    engine: Path, model: MorphableModel | None, crops: NDArray[np.uint8], *, batch_size: int = 64
) -> Array:
    """(n, 68, 2) landmarks in crop pixels of (n, 120, 120, 3) crops.

    Args:
        engine: ONNX file.
        model: None for the built-in face model that the network was trained for.
        crops: uint8 BGR.
        batch_size: Of one call.
    """
    found = []
    with OnnxRuntimeBackend(engine) as backend:
        spec = backend.spec
        if model is None:
            model = face_model_of_network(spec.face_model, None)
        check_fits(model, spec.face_model, str(engine))
        std = np.array(spec.param_std, np.float32)
        mean = np.array(spec.param_mean, np.float32)
        for start in range(0, len(crops), batch_size):
            batch = network_input(list(crops[start : start + batch_size]), spec.input)
            params = backend.run(batch) * std + mean
            found.append(model.decode_landmarks(params, size=spec.input.size)[..., :2])
    return np.concatenate(found).astype(np.float64)
