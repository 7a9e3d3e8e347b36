"""The lines of a stream as docs/reference/frames.schema.json promises them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from frsdk.imaging.read_image import read_image
from frsdk.tracking.face_tracker import FaceTracker
from frsdk.video.face_lines import face_line

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "reference" / "frames.schema.json"


def test_a_tracked_face_is_what_the_schema_says() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    image = read_image("sample:astronaut")
    with FaceTracker() as track:
        faces = track(image, 0.25)
    assert len(faces) == 1
    line = face_line(7, 0.25, faces, dropped=2)
    assert "\n" not in line
    record = json.loads(line)
    jsonschema.validate(record, schema)
    jsonschema.validate(json.loads(face_line(8, 0.5, [])), schema)
    named = json.loads(face_line(9, 0.75, faces, blendshapes=[{"jawOpen": 0.4567891}]))
    jsonschema.validate(named, schema)
    assert named["faces"][0]["blendshapes"] == {"jawOpen": 0.456789}
    assert (record["frame"], record["time_s"], record["dropped"]) == (7, 0.25, 2)
    (face,) = record["faces"]
    assert np.allclose(face["landmarks_px"], faces[0].landmarks, rtol=1e-5)
    assert np.allclose(face["params"], faces[0].params, rtol=1e-5)
    for bad in ({**record, "faces": [{**face, "id": None}]}, {"frame": 1, "faces": []}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
