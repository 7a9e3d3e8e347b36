"""The face model and the decoder of dense vertices that options name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import InputError
from .morphable_model import MorphableModel, builtin_face_model

if TYPE_CHECKING:
    from .int8_decoder import IntegerDecoder


def face_model_from_option(
    option: str | os.PathLike[str] | MorphableModel | None,
    weights: str | None = None,
) -> MorphableModel:
    """The built-in face model of some weights for None, a file's, or the one that is passed.

    Raises:
        FaceModelError: The file is damaged.
    """
    if option is None:
        return builtin_face_model(weights)
    return option if isinstance(option, MorphableModel) else MorphableModel.load(option)


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
