"""The face model and the decoder of dense vertices that options name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import InputError
from ..specs.model_spec import FaceModelRef
from .builtin_models import builtin_model_of
from .morphable_model import MorphableModel, builtin_face_model

if TYPE_CHECKING:
    from .int8_decoder import IntegerDecoder


def given_face_model(
    option: str | os.PathLike[str] | MorphableModel | None,
) -> MorphableModel | None:
    """A file's face model, or the one that is passed; None for None.

    Raises:
        FaceModelError: The file is damaged.
    """
    if option is None or isinstance(option, MorphableModel):
        return option
    return MorphableModel.load(option)


def face_model_of_network(wanted: FaceModelRef, weights: str | None) -> MorphableModel:
    """The built-in face model that a network was trained for, the default one where none is.

    Args:
        wanted: The network's.
        weights: Its name if it is in the wheel: then no other face model is read.

    Raises:
        FaceModelError: The installation lacks one.
    """
    if weights is not None:
        return builtin_face_model(weights)
    return builtin_model_of(wanted) or builtin_face_model()


def vertex_decoder(precision: str, model: MorphableModel) -> MorphableModel | IntegerDecoder:
    """What decodes dense vertices: the model itself for "fp32", its 8-bit form for "int8".

    Raises:
        InputError: Another precision.
    """
    if precision == "fp32":
        return model
    if precision != "int8":
        raise InputError(f"expected vertex_precision 'fp32' or 'int8', got {precision!r}")
    from .int8_decoder import IntegerDecoder

    return IntegerDecoder(model)
