"""faces.json as docs/reference/faces.schema.json promises it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frsdk.commands.reconstruct_defaults import JobOptions
from frsdk.commands.reconstruct_photos import reconstruct_files
from frsdk.imaging.image_sources import find_images
from frsdk.reconstructor import FaceReconstructor
from frsdk.records.photo_record import FACES_SCHEMA_VERSION

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "reference" / "faces.schema.json"


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_a_batch_writes_what_the_schema_says(tmp_path: Path, schema) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"none")
    sources = [*find_images(["sample:astronaut"]), *find_images([str(tmp_path / "broken.jpg")])]
    options = JobOptions(overlay=False, pictures=("mask",), scene=True)
    with FaceReconstructor() as reconstruct:
        reconstruct_files(reconstruct, sources, tmp_path / "out", options)
    content = json.loads((tmp_path / "out" / "faces.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    assert len(content["images"][0]["faces"]) == 1 and len(content["failures"]) == 1


def test_the_schema_refuses_other_contents(schema) -> None:
    assert schema["properties"]["schema_version"]["const"] == FACES_SCHEMA_VERSION
    good = {"schema_version": FACES_SCHEMA_VERSION, "complete": True, "images": [], "failures": []}
    jsonschema.validate(good, schema)
    for bad in ({**good, "schema_version": 2}, {**good, "images": [{}]}, {"complete": True}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
