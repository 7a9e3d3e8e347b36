"""Labels and losses in the spaces of other face models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.face_labels import (
    crop_frame_from_3ddfa,
    read_labels,
)
from frsdk.export.facemodel.import_3ddfa_face_model import import_sparse_3ddfa
from frsdk.export.training.prepare_training import loss_basis_of
from frsdk.export.training.run_training import chosen_face_model
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model


def test_spaces_are_checked(bfm_like: MorphableModel, tmp_path: Path) -> None:
    bfm_like.save(tmp_path / "bfm.npz")
    assert chosen_face_model(tmp_path / "bfm.npz", "bfm").name == "bfm68"
    assert chosen_face_model(None, "builtin").sha256 == builtin_face_model().sha256
    with pytest.raises(InputError, match="--space ict: face model bfm68 is in another space"):
        chosen_face_model(tmp_path / "bfm.npz", "ict")
    with pytest.raises(InputError, match=r"pass --face-model with a file of .*3ddfa-v2"):
        chosen_face_model(None, "bfm")


def test_loss_vertices_are_seeded_and_start_with_the_landmarks() -> None:
    model = builtin_face_model()
    first, again = (loss_basis_of(model, 64, 3) for _ in range(2))
    other = loss_basis_of(model, 64, 4)
    assert first.mean.shape == (132, 3) and first.modes.shape == (50, 132, 3)
    assert np.array_equal(first.mean, again.mean) and not np.array_equal(first.mean, other.mean)
    assert first.mean[:68] == pytest.approx(model.mean[model.landmark_indices])


def test_real_bfm_labels_decode_to_the_landmarks(shared_data: Path) -> None:
    """param62 of the shared crops in 3DDFA's space, for training there."""
    model = import_sparse_3ddfa(shared_data / "teacher" / "bfm68.npz")
    labels = read_labels(shared_data / "faces" / "val.npz")
    params = crop_frame_from_3ddfa(labels.parameters_3ddfa[:50]).astype(np.float32)
    points = model.decode_landmarks(params, size=120)[..., :2] + 20
    assert np.median(nme_percent(points, labels.landmarks[:50, :, :2])) < 0.8
