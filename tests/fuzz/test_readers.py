"""Damaged files of every kind: each is read, or refused in one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .damaged_files import try_once
from .fuzz_readers import READERS

NEEDS = {
    "heic": "pillow_heif",
    "networks": "onnx",
    "networks to build": "onnx",
    "engines": "onnx",
    "engine headers": "onnx",
    "detectors": "onnxruntime",
    "specs": "onnx",
    "checkpoints": "torch",
    "mat labels": "scipy",
    "videos": "av",
    "calibration tables": "onnx",
    "training states": "torch",
    "training labels": "torch",
    "parquet parts": "pyarrow",
}


@pytest.mark.filterwarnings("ignore")  # of libraries that read what is damaged
@pytest.mark.parametrize("kind", READERS)
def test_damaged_files_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind], reason=f"needs {NEEDS[kind]}")
    reader = READERS[kind]
    path = tmp_path / f"a{reader.suffix}"

    for seed in reader.seeds() if kind != "engine headers" else ():
        assert try_once(reader, path, seed) in ("read", "refused")

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32 - 1))
    def check(seed: int) -> None:
        outcome = try_once(reader, path, reader.damaged(random.Random(seed)))
        assert outcome in ("read", "refused"), outcome

    check()


@pytest.mark.parametrize("kind", READERS)
def test_good_files_are_read(kind: str, tmp_path: Path) -> None:
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind], reason=f"needs {NEEDS[kind]}")
    reader = READERS[kind]
    for index, seed in enumerate(reader.seeds()):
        path = tmp_path / f"{index}{reader.suffix}"
        path.write_bytes(seed)
        try:
            reader.read(path)
        except reader.refusals as error:
            assert kind == "pictures" and "32-bit samples" in str(error)  # the float TIFF
