"""The specification of a face detector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from frsdk.errors import SpecError
from frsdk.specs.detector_spec import DETECTOR_KIND, DetectorSpec, spec_from_json
from frsdk.specs.model_spec import ArchitectureSpec, ModelSpec

SPEC = DetectorSpec(
    architecture=ArchitectureSpec("face_detector", {"neck": 16}),
    min_score=0.5,
    max_iou=0.4,
    box_rule=(1.1, 0.0, 0.1),
    training={"steps": 3},
    licence="tests only",
)


def test_json_and_back() -> None:
    assert DetectorSpec.from_json(SPEC.to_json(), source="x") == SPEC
    assert json.loads(SPEC.to_json())["kind"] == DETECTOR_KIND


def test_a_file_may_state_when_faces_are_looked_at_again() -> None:
    document = json.loads(SPEC.to_json())
    assert document.pop("second_look") == [0.45, 0.75] and document.pop("four_looks") == [0.9, 0.65]
    assert DetectorSpec.from_json(json.dumps(document), source="x") == SPEC  # files without them
    other = SPEC.replace(second_look=(0.3, 0.6), four_looks=(0.8, 0.4))
    assert DetectorSpec.from_json(other.to_json(), source="x") == other
    document["second_look"] = [0.3]
    with pytest.raises(SpecError, match="second_look: expected 2 numbers"):
        DetectorSpec.from_json(json.dumps(document), source="x")


def test_unknown_fields_survive() -> None:
    document = json.loads(SPEC.to_json())
    document["later"] = 1
    document["input"]["gamma"] = 2.2
    read = DetectorSpec.from_json(json.dumps(document), source="x")
    assert read.extra == {"later": 1, "input": {"gamma": 2.2}}
    assert json.loads(read.to_json()) == document


def test_each_kind_is_read_as_itself(tiny_spec: ModelSpec) -> None:
    assert spec_from_json(SPEC.to_json(), source="x") == SPEC
    assert spec_from_json(tiny_spec.to_json(), source="x") == tiny_spec


def test_one_kind_is_not_the_other(tiny_spec: ModelSpec) -> None:
    with pytest.raises(SpecError, match=r"d\.onnx: holds a face detector, not a reconstruction"):
        ModelSpec.from_json(SPEC.to_json(), source="d.onnx")
    with pytest.raises(SpecError, match=r"n\.onnx: not a face detector"):
        DetectorSpec.from_json(tiny_spec.to_json(), source="n.onnx")


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("schema_version", 2, "newer frsdk"),
        ("min_score", 1.5, r"min_score: expected a number in 0\.\.1"),
        ("min_score", "high", "min_score: expected a finite number"),
        ("max_iou", None, "max_iou: expected a finite number"),
        ("box_rule", [1.0, 0.0], "box_rule: expected 3 numbers"),
        ("box_rule", [0.0, 0.0, 0.0], "box_rule: expected a positive scale"),
        ("strides", [8, 16, 48], "strides: expected divisors of the input's 320 px"),
        ("strides", [8, 16], r"output\.shape: expected \(15, 2000\)"),
        ("output", {"name": "cells", "shape": [14, 2100]}, r"output\.shape: expected \(15, 2100\)"),
        ("precision", "fp8", "precision: expected 'fp32' or"),
    ],
)
def test_wrong_fields_are_named(field: str, value: Any, match: str) -> None:
    document = json.loads(SPEC.to_json())
    document[field] = value
    with pytest.raises(SpecError, match=match):
        DetectorSpec.from_json(json.dumps(document), source="x")


@pytest.mark.parametrize("field", ["architecture", "min_score", "box_rule", "input", "strides"])
def test_missing_fields_are_named(field: str) -> None:
    document = json.loads(SPEC.to_json())
    del document[field]
    with pytest.raises(SpecError, match=f"lacks '{field}'"):
        DetectorSpec.from_json(json.dumps(document), source="x")
