"""The JSON that travels with a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.errors import SpecError
from frsdk.specs.accuracy_spec import AccuracySpec
from frsdk.specs.model_spec import (
    METADATA_KEY,
    SCHEMA_VERSION,
    ArchitectureSpec,
    DecoderSpec,
    FaceModelRef,
    InputSpec,
    ModelSpec,
    OutputSpec,
)

NUMBER = st.floats(-1e6, 1e6)
POSITIVE = st.floats(1e-6, 1e6)
NAME = st.text(min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | NUMBER | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=6,
)
UNKNOWN = st.dictionaries(NAME.map(lambda name: f"new {name}"), JSON, max_size=2)


@st.composite
def specs(draw: Callable[..., Any]) -> ModelSpec:
    side = draw(st.integers(8, 512))
    return ModelSpec(
        architecture=ArchitectureSpec(draw(NAME), draw(st.dictionaries(NAME, JSON, max_size=2))),
        face_model=FaceModelRef(
            draw(NAME),
            "ab" * 32,
            draw(st.integers(1, 10**6)),
            draw(st.none() | st.lists(NUMBER, min_size=102, max_size=102).map(tuple)),
        ),
        param_mean=tuple(draw(st.lists(NUMBER, min_size=62, max_size=62))),
        param_std=tuple(draw(st.lists(POSITIVE, min_size=62, max_size=62))),
        input=InputSpec(
            name=draw(NAME),
            shape=(3, side, side),
            colour_order=draw(st.sampled_from(["BGR", "RGB"])),
            mean=tuple(draw(st.lists(NUMBER, min_size=3, max_size=3))),
            std=tuple(draw(st.lists(POSITIVE, min_size=3, max_size=3))),
        ),
        output=OutputSpec(draw(NAME)),
        precision=draw(st.sampled_from(["fp32", "fp16", "int8"])),
        calibration_digest=draw(st.none() | NAME),
        weight_bits=draw(st.none() | st.integers(1, 8)),
        accuracy=draw(st.none() | accuracies()),
        training=draw(st.none() | st.dictionaries(NAME, JSON, max_size=2)),
        licence=draw(st.text(max_size=8)),
        producer=draw(st.text(max_size=8)),
        extra=draw(UNKNOWN),
    )


def document(spec: ModelSpec) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(spec.to_json())
    return content


@st.composite
def accuracies(draw: Callable[..., Any]) -> AccuracySpec:
    found = {name: draw(st.none() | NUMBER) for name in ("nme_percent", "nme_drift_points")}
    ran = draw(st.sampled_from(["engine", "onnx", "onnx (engine not run)"]))
    crops = draw(st.integers(1, 999))
    return AccuracySpec(draw(POSITIVE), crops, "cd" * 32, draw(NAME), ran, **found)


@given(specs())
def test_round_trip_gives_the_spec_and_the_text_again(spec: ModelSpec) -> None:
    text = spec.to_json()
    again = ModelSpec.from_json(text, source="here")
    assert again == spec
    assert again.to_json() == text
    assert "\n" not in text


@given(specs(), UNKNOWN, st.sampled_from(["architecture", "face_model", "input", "output"]))
def test_unknown_optional_fields_survive_a_round_trip(
    spec: ModelSpec, unknown: dict[str, Any], part: str
) -> None:
    content = document(spec)
    content.update(unknown)
    content[part].update(unknown)
    again = ModelSpec.from_json(json.dumps(content), source="here")
    assert json.loads(again.to_json()) == content
    changed = again.replace(precision="int8", licence="other")
    assert document(changed) == {**content, "precision": "int8", "licence": "other"}


def test_optional_fields_have_defaults(tiny_spec: ModelSpec) -> None:
    content = document(tiny_spec)
    needed = ("schema_version", "architecture", "face_model", "param_mean", "param_std")
    spec = ModelSpec.from_json(json.dumps({name: content[name] for name in needed}), source="here")
    assert spec.input == InputSpec()
    assert spec.input.size == 120
    assert spec.output == OutputSpec()
    assert (spec.precision, spec.calibration_digest, spec.training) == ("fp32", None, None)


def test_extra_cannot_hide_a_known_field(tiny_spec: ModelSpec) -> None:
    spec = tiny_spec.replace(extra={"precision": "int8", "schema_version": 7})
    assert document(spec)["precision"] == "fp32"
    assert document(spec)["schema_version"] == SCHEMA_VERSION == 1
    assert METADATA_KEY == "frsdk.spec"


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        ModelSpec.from_json(text, source="model.onnx")
    message = str(caught.value)
    assert message.startswith("model.onnx: ")
    assert "\n" not in message
    assert len(message) < 250
    return message


def test_newer_schema_says_upgrade(tiny_spec: ModelSpec) -> None:
    content = {"schema_version": 2, "anything": "else"}
    assert "written by a newer frsdk (schema 2, this one reads 1)" in refusal(json.dumps(content))
    assert "pip install -U frsdk" in refusal(json.dumps(content))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"a": ' + "1" * 400 + "}",
        '{"a": NaN}',
        '{"a": 1e999}',
    ],
)
def test_what_is_not_a_json_object_is_refused(text: str) -> None:
    assert "is not" in refusal(text)


@pytest.mark.parametrize(
    "name",
    ["schema_version", "architecture", "face_model", "param_mean", "param_std"],
)
def test_missing_fields_are_named(tiny_spec: ModelSpec, name: str) -> None:
    content = document(tiny_spec)
    del content[name]
    assert f"lacks '{name}'" in refusal(json.dumps(content))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("schema_version", True, "a whole number"),
        ("schema_version", 0, "a whole number of at least 1"),
        ("architecture", "frnet", "not a JSON object"),
        ("architecture.name", "", "a text"),
        ("architecture.arguments", [], "an object"),
        ("face_model.sha256", 5, "a text"),
        ("face_model.n_vertices", "many", "a whole number"),
        ("face_model.n_vertices", 0, "at least 1"),
        ("input.shape", 120, "a list of positive whole numbers"),
        ("input.shape", [3, 120, 60], "(3, side, side)"),
        ("input.shape", [1, 120, 120], "(3, side, side)"),
        ("input.shape", [3, 4, 4], "a side of at least 8"),
        ("input.shape", [3, 120.0, 120.0], "a list of positive whole numbers"),
        ("input.layout", "NHWC", "'NCHW'"),
        ("input.colour_order", ["BGR"], "'BGR' or 'RGB'"),
        ("input.mean", [0, 0], "3 numbers"),
        ("input.std", [1, 1, 0], "positive numbers"),
        ("output.shape", [61], "(62,)"),
        ("output.shape", None, "a list"),
        ("param_mean", [0.0] * 61, "62 numbers"),
        ("param_mean", ["1"] * 62, "finite numbers"),
        ("param_mean", [True] * 62, "finite numbers"),
        ("param_mean", [10**299] * 61 + [None], "finite numbers"),
        ("param_std", "1" * 62, "62 numbers"),
        ("param_std", [1.0] * 61 + [-1.0], "positive numbers"),
        ("precision", "fp8", "'fp32' or 'fp16' or 'int8'"),
        ("crop_rule", "guess", "'landmark-square-sqrt2'"),
        ("calibration_digest", 3, "a text"),
        ("weight_bits", 6.5, "a whole number of at least 1"),
        ("training", "long", "an object"),
        ("licence", None, "a text"),
    ],
)
def test_wrong_fields_are_named(
    tiny_spec: ModelSpec, path: str, value: object, expected: str
) -> None:
    content = document(tiny_spec)
    *parents, name = path.split(".")
    inner = content[parents[0]] if parents else content
    inner[name] = value
    message = refusal(json.dumps(content))
    assert path in message
    assert expected in message


@given(specs(), st.data())
def test_any_replaced_field_is_read_or_refused_with_a_spec_error(
    spec: ModelSpec, data: st.DataObject
) -> None:
    content = document(spec)
    inner = data.draw(st.sampled_from([content, content["input"], content["face_model"]]))
    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(JSON)
    try:
        again = ModelSpec.from_json(json.dumps(content), source="here")
    except SpecError as error:
        assert str(error).startswith("here: ")
    else:
        assert ModelSpec.from_json(again.to_json(), source="here") == again


def test_what_json_cannot_hold_is_not_written(tiny_spec: ModelSpec) -> None:
    for value in (float("nan"), object()):
        with pytest.raises(SpecError, match="finite JSON values"):
            tiny_spec.replace(training={"loss": value}).to_json()


def test_decoder_outputs_are_optional_and_survive(tiny_spec: ModelSpec) -> None:
    assert "decoder" not in json.loads(tiny_spec.to_json())  # older texts stay as they are
    decoding = tiny_spec.replace(decoder=DecoderSpec("points", "surface"))
    assert ModelSpec.from_json(decoding.to_json(), source="spec") == decoding
    for taken in ("landmarks", tiny_spec.input.name, tiny_spec.output.name):
        document = {**json.loads(tiny_spec.to_json()), "decoder": {"vertices": taken}}
        with pytest.raises(SpecError, match=r"decoder\.vertices: expected a name for each tensor"):
            ModelSpec.from_json(json.dumps(document), source="a.onnx")
    document = {**json.loads(tiny_spec.to_json()), "decoder": {"vertices": 3}}
    with pytest.raises(SpecError, match=r"decoder\.vertices: expected a text, got 3"):
        ModelSpec.from_json(json.dumps(document), source="spec")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"ran": "somewhere"}, "accuracy.ran: expected 'engine' or 'onnx' or"),
        ({"crops": 0}, "accuracy.crops: expected a whole number of at least 1"),
        ({"params_rms": "small"}, "accuracy.params_rms: expected a finite number"),
        ({"nme_drift_points": True}, "accuracy.nme_drift_points: expected a finite number"),
    ],
)
def test_a_wrong_accuracy_is_refused(
    tiny_spec: ModelSpec, change: dict[str, object], match: str
) -> None:
    accuracy = AccuracySpec(0.1, 40, "cd" * 32, "8 renderings", "onnx", 2.5, 0.01, 0.2, 0.3)
    content = document(tiny_spec.replace(accuracy=accuracy))
    assert "accuracy" not in document(tiny_spec)
    content["accuracy"] |= {"later": 1}
    kept = ModelSpec.from_json(json.dumps(content), source="here")
    assert (kept.accuracy, kept.extra) == (accuracy, {"accuracy": {"later": 1}})
    content["accuracy"] |= change
    with pytest.raises(SpecError, match=match):
        ModelSpec.from_json(json.dumps(content), source="here")


def test_an_accuracy_in_words() -> None:
    accuracy = AccuracySpec(0.1, 40, "cd" * 32, "8 renderings", "onnx", 2.5, 0.012, 0.2, 0.3)
    assert accuracy.line() == (
        "NME +0.012 points against fp32 (2.50 %), parameters 0.1000 rms, landmarks 0.200 % of the "
        "face, vertices 0.300 % of the face; 40 crops (8 renderings); ran: onnx"
    )
    bare = AccuracySpec(0.1, 40, "cd" * 32, "8 renderings", "engine")
    assert bare.line() == "parameters 0.1000 rms from fp32; 40 crops (8 renderings); ran: engine"
