"""Face models and decoders by option."""

from __future__ import annotations

import pytest

from frsdk.errors import InputError
from frsdk.installation.builtin_weights import BUILTIN_WEIGHTS
from frsdk.morphable.decoder_choice import (
    face_model_of_network,
    given_face_model,
    vertex_decoder,
)
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.int8_decoder import IntegerDecoder
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model


def test_models_by_option(tiny_model: MorphableModel) -> None:
    assert given_face_model(None) is None
    assert given_face_model(tiny_model) is tiny_model


def test_a_network_has_the_built_in_face_model_that_it_names(tiny_model: MorphableModel) -> None:
    for weights in BUILTIN_WEIGHTS:
        wanted = reference_to(builtin_face_model(weights))
        assert face_model_of_network(wanted, None) is builtin_face_model(weights)
        assert face_model_of_network(wanted, weights) is builtin_face_model(weights)
    assert face_model_of_network(reference_to(tiny_model), None) is builtin_face_model()


def test_decoders_by_precision(tiny_model: MorphableModel) -> None:
    assert vertex_decoder("fp32", tiny_model) is tiny_model
    assert isinstance(vertex_decoder("int8", builtin_face_model()), IntegerDecoder)
    with pytest.raises(InputError, match="vertex_precision 'fp32' or 'int8', got 'fp16'"):
        vertex_decoder("fp16", tiny_model)
