"""What pictures are answered with: records, and statuses that say what is wrong."""

from __future__ import annotations

import json
import struct
import zlib

import cv2
import numpy as np
import pytest

from frsdk import FaceReconstructor, read_image
from frsdk.records.photo_record import photo_record
from frsdk.serving.face_worker import FaceWorker


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and ends with a few pixels."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + bytes(9))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


@pytest.fixture(scope="module")
def worker() -> FaceWorker:
    return FaceWorker({}, 25_000_000)


def test_pictures_of_several_requests_share_a_call(worker: FaceWorker) -> None:
    image = read_image("sample:astronaut")
    whole = cv2.imencode(".png", image)[1].tobytes()
    grey = cv2.imencode(".png", np.full((80, 90, 3), 99, np.uint8))[1].tobytes()
    found = worker.answers([(whole, "a.png"), (b"none", ""), (grey, "b.png")])
    assert [each.status for each in found] == [200, 415, 200]
    assert [each.faces for each in found] == [1, 0, 0] and found[0].batch == 3
    with FaceReconstructor() as reconstruct:
        record = photo_record((512, 512), reconstruct(image))
    assert json.loads(found[0].body) == {
        "schema_version": 1,
        "complete": True,
        "images": [{"file": "a.png", **record}],
        "failures": [],
    }
    assert json.loads(found[2].body)["images"][0]["faces"] == []


def test_each_fault_has_its_status_and_one_line(worker: FaceWorker) -> None:
    jpeg = cv2.imencode(".jpg", read_image("sample:astronaut"))[1].tobytes()
    faults = {
        415: [b"text", b"%PDF-1.7 ..."],
        413: [png_header(40_000, 25_000)],  # 10^9 pixels in 54 bytes
        422: [jpeg[: len(jpeg) // 2], jpeg[:300], png_header(10, 10)],
    }
    for status, contents in faults.items():
        for found in worker.answers([(content, "x") for content in contents]):
            assert found.status == status, found
            (reason,) = json.loads(found.body).values()
            assert reason and "\n" not in reason
