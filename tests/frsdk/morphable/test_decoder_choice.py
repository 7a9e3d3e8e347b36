"""Face models and decoders by option."""

from __future__ import annotations

import pytest

from frsdk.errors import InputError
from frsdk.morphable.decoder_choice import face_model_from_option, vertex_decoder
from frsdk.morphable.int8_decoder import IntegerDecoder
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model


def test_models_by_option(tiny_model: MorphableModel) -> None:
    assert face_model_from_option(None) is builtin_face_model()
    assert face_model_from_option(tiny_model) is tiny_model


def test_decoders_by_precision(tiny_model: MorphableModel) -> None:
    assert vertex_decoder("fp32", tiny_model) is tiny_model
    assert isinstance(vertex_decoder("int8", builtin_face_model()), IntegerDecoder)
    with pytest.raises(InputError, match="vertex_precision 'fp32' or 'int8', got 'fp16'"):
        vertex_decoder("fp16", tiny_model)
