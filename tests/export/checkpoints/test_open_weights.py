"""The open network in the wheel is the one in `weights/`, in 16 bits, and says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
from frsdk.installation.builtin_weights import BUILTIN_WEIGHTS
from frsdk.morphable.face_model_match import fits
from frsdk.morphable.morphable_model import builtin_face_model

WEIGHTS = Path(__file__).parents[3] / "weights"


def test_network_and_face_model_are_those_of_weights() -> None:
    """The same landmarks up to the rounding of 16 bits, the same bytes of the face model."""
    network, spec = load_checkpoint(WEIGHTS / "mobile_frnet_open.pth")
    crops = np.random.default_rng(0).normal(0.0, 0.5, (2, 3, 120, 120)).astype(np.float32)
    with torch.no_grad():
        wanted = network(torch.from_numpy(crops)).numpy()
    with OnnxRuntimeBackend(BUILTIN_WEIGHTS["open"].network) as backend:
        found = backend.run(crops)
        shipped = backend.spec
    model = builtin_face_model("open")
    std, mean = (np.array(each, np.float32) for each in (spec.param_std, spec.param_mean))
    points = [model.decode_landmarks(each * std + mean, size=120) for each in (wanted, found)]
    assert np.abs(points[0] - points[1]).max() < 0.2  # pixels of the crop
    assert shipped.param_mean == spec.param_mean
    assert fits(model, shipped.face_model, surface=True)
    source = (WEIGHTS / "frsdk_face_2.npz").read_bytes()
    assert BUILTIN_WEIGHTS["open"].face_model.read_bytes() == source


def test_the_file_states_its_terms_and_sources() -> None:
    """The licence, and the faces of each source, none of the research set."""
    _, spec = load_checkpoint(WEIGHTS / "mobile_frnet_open.pth")
    assert spec.licence.startswith("CC BY 4.0")
    assert set(spec.training["faces_by_source"]) == {"fairface", "congress", "render"}
