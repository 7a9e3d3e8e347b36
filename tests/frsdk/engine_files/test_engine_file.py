"""Engine files: what was written comes back, and every kind of damage is refused."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from frsdk.engine_files.engine_file import FORMAT_VERSION, MAGIC, read_engine, write_engine
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader, canonical_json
from frsdk.errors import BackendError, FrsdkError, OutputError, SpecError
from frsdk.specs.model_spec import ModelSpec

PLAN = bytes(range(256)) * 5
PREFIX = 48


@pytest.fixture
def header(tiny_spec: ModelSpec) -> EngineHeader:
    return EngineHeader(
        spec=tiny_spec.replace(precision="int8", calibration_digest="c" * 64),
        flavour="tensorrt",
        flavour_version="10.16.1.11",
        compute_capabilities=("8.6",),
        profiles=(BatchProfile(1, 2, 8), BatchProfile(2, 16, 32)),
        onnx_sha256="0" * 64,
        os="linux-x86_64",
        frsdk_version="0.1",
        gpu_name="Tested GPU ½",
        driver_version="580.1",
        cuda_version="13.0",
        version_compatible=True,
        dla_core=1,
        layers={"CONVOLUTION": 3},
        precisions={"FLOAT": 1, "INT8": 2},
    )


@pytest.fixture
def written(tmp_path: Path, header: EngineHeader) -> Path:
    path = tmp_path / "a.engine"
    write_engine(path, header, PLAN)
    return path


def refused(path: Path, content: bytes, match: str) -> None:
    path.write_bytes(content)
    with pytest.raises(FrsdkError, match=match) as caught:
        read_engine(path)
    assert isinstance(caught.value, BackendError | SpecError)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def with_header(content: bytes, text: bytes) -> bytes:
    """The file with another header whose digest is right, as a forger writes it."""
    length = struct.unpack_from("<I", content, 12)[0]
    digest = hashlib.sha256(text).digest()
    plan = content[PREFIX + length :]
    return content[:12] + struct.pack("<I", len(text)) + digest + text + plan


def header_of(content: bytes) -> dict[str, object]:
    length = struct.unpack_from("<I", content, 12)[0]
    return dict(json.loads(content[PREFIX : PREFIX + length]))


def test_all_comes_back(written: Path, header: EngineHeader) -> None:
    engine = read_engine(written)
    assert engine.plan == PLAN
    digest = hashlib.sha256(PLAN).hexdigest()
    assert engine.header == header.replace(plan_sha256=digest, plan_bytes=len(PLAN))
    assert engine.header.spec == header.spec
    assert written.read_bytes().startswith(MAGIC)


def test_equal_engines_are_equal_files(tmp_path: Path, written: Path, header: EngineHeader) -> None:
    write_engine(tmp_path / "b.engine", header, PLAN)
    assert (tmp_path / "b.engine").read_bytes() == written.read_bytes()


def test_every_cut_is_noticed(written: Path) -> None:
    content = written.read_bytes()
    lengths = {0, 1, 7, 8, 11, 16, 47, 48, 49, 500, len(content) - len(PLAN), len(content) - 1}
    for length in sorted(lengths):
        refused(written, content[:length], "truncated|not an engine file")
    refused(written, content[:-1], f"truncated: expected {len(PLAN)} bytes, got {len(PLAN) - 1}")


def test_every_flipped_bit_is_noticed(written: Path) -> None:
    content = written.read_bytes()
    chance = random.Random(0)
    places = [*range(PREFIX), *chance.sample(range(PREFIX, len(content)), 300), len(content) - 1]
    for place in places:
        bad = bytearray(content)
        bad[place] ^= 1 << chance.randrange(8)
        refused(written, bytes(bad), ".")


def test_the_message_names_the_cause(written: Path) -> None:
    content = written.read_bytes()
    refused(written, content + b"x", "followed by other bytes")
    refused(written, content[:-1] + b"\0", "the plan was altered: expected SHA-256")
    refused(written, b"ptrt" + PLAN, "not an engine file of frsdk.*bare TensorRT plan")
    refused(written, content.replace(b"\r\n", b"\n"), "not an engine file")
    refused(written, content.replace(b'"linux-x86_64"', b'"linux-y86_64"'), "header was altered")
    newer = content[:8] + struct.pack("<I", FORMAT_VERSION + 1) + content[12:]
    refused(written, newer, "format 1, got 2: pip install -U frsdk")
    huge = content[:12] + struct.pack("<I", 1 << 30) + content[16:]
    refused(written, huge, "length 1073741824 is impossible")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda h: json.dumps(dict(reversed(list(h.items()))), separators=(",", ":")), "order"),
        (lambda h: json.dumps(h, sort_keys=True), "order"),
        (lambda h: canonical_json(h)[:-1] + ',"os":"windows"}', "order"),
        (lambda h: canonical_json({**h, "later": 1}), "later: expected no such field, got 1"),
        (lambda h: canonical_json({k: v for k, v in h.items() if k != "os"}), "lacks 'os'"),
        (lambda h: canonical_json({k: v for k, v in h.items() if k != "dla_core"}), "dla_core"),
        (lambda h: canonical_json({**h, "flavour": "other"}), "flavour: expected 'tensorrt' or"),
        (lambda h: canonical_json({**h, "profiles": [[4, 2, 8]]}), "three rising batch sizes"),
        (lambda h: canonical_json({**h, "profiles": [[0, 1, 8]]}), "three rising batch sizes"),
        (lambda h: canonical_json({**h, "profiles": [1, 1, 8]}), "three rising batch sizes"),
        (lambda h: canonical_json({**h, "profiles": []}), "three rising batch sizes"),
        (lambda h: canonical_json({**h, "compute_capabilities": []}), "compute_capabilities"),
        (lambda h: canonical_json({**h, "compute_capabilities": [8.6]}), "compute_capabilities"),
        (lambda h: canonical_json({**h, "version_compatible": 1}), "expected true or false"),
        (lambda h: canonical_json({**h, "layers": {"CONVOLUTION": "3"}}), "numbers of layers"),
        (lambda h: canonical_json({**h, "onnx_sha256": "0"}), "64 hexadecimal digits"),
        (lambda h: canonical_json({**h, "plan_sha256": "1" * 64}), "the plan was altered"),
        (lambda h: canonical_json({**h, "plan_bytes": 0}), "plan_bytes"),
        (lambda h: canonical_json({**h, "spec": {}}), "lacks 'schema_version'"),
        (
            lambda h: canonical_json({**h, "spec": {**h["spec"], "schema_version": 9}}),
            "newer frsdk",
        ),
        (lambda h: "[]", "not a JSON object: build the engine again"),
        (lambda h: "{", "not JSON"),
    ],
)
def test_forged_headers_are_refused(
    written: Path, change: Callable[[dict[str, object]], str], match: str
) -> None:
    content = written.read_bytes()
    refused(written, with_header(content, change(header_of(content)).encode()), match)


def test_a_header_in_another_encoding_is_refused(written: Path) -> None:
    refused(written, with_header(written.read_bytes(), b"\xff\xfe{}"), "not ASCII")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cannot be read"):
        read_engine(tmp_path / "absent.engine")
    with pytest.raises(BackendError, match="cannot be read"):
        read_engine(tmp_path)


def test_writing_is_all_or_nothing(
    tmp_path: Path, written: Path, header: EngineHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written.read_bytes()
    with pytest.raises(BackendError, match="plan is empty"):
        write_engine(written, header, b"")
    long = header.spec.replace(training={"notes": "n" * (1 << 20)})
    with pytest.raises(BackendError, match="header takes"):
        write_engine(written, header.replace(spec=long), PLAN)
    with pytest.raises(OutputError):
        write_engine(tmp_path / "absent" / "a.engine", header, PLAN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("frsdk.storage.atomic_write.os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_engine(written, header, PLAN * 2)
    assert written.read_bytes() == before
    assert list(tmp_path.iterdir()) == [written]


def test_a_header_of_before_the_multiprocessors_is_read(header: EngineHeader) -> None:
    fields = json.loads(header.replace(multiprocessors=14, plan_bytes=1).to_json())
    fields["plan_sha256"] = "0" * 64
    assert EngineHeader.from_json(canonical_json(fields), source="a").multiprocessors == 14
    del fields["multiprocessors"]
    assert EngineHeader.from_json(canonical_json(fields), source="a").multiprocessors is None
