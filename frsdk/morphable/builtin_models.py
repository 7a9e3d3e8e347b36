"""The face model in the wheel that a network belongs to."""

from __future__ import annotations

from ..installation.builtin_weights import BUILTIN_WEIGHTS
from ..specs.model_spec import FaceModelRef
from .face_model_match import fits
from .morphable_model import MorphableModel, builtin_face_model


def builtin_model_of(wanted: FaceModelRef) -> MorphableModel | None:
    """The built-in face model that fits a network's, None where none does.

    Args:
        wanted: The network's.

    Raises:
        FaceModelError: The installation lacks one.
    """
    models = (builtin_face_model(weights) for weights in BUILTIN_WEIGHTS)
    return next((model for model in models if fits(model, wanted)), None)
