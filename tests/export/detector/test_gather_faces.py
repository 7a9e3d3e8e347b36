"""By what a resume tells other data from the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.data_provenance import DataProvenance
from frsdk.export.detector.gather_faces import IDENTITY_OPTIONS, StockSettings, identity_of
from frsdk.export.runs.run_identity import check_run_identity
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model


def differing(first: dict[str, str], second: dict[str, str]) -> set[str]:
    return {name for name, value in first.items() if second[name] != value}


def test_each_option_shows_in_its_own_field(tmp_path: Path, tiny_model: MorphableModel) -> None:
    (tmp_path / "one.jpg").touch()
    tiny_model.save(tmp_path / "tiny.npz")
    teacher = tmp_path / "yunet.onnx"
    teacher.write_bytes(b"a")
    settings = StockSettings(teacher=teacher, turned=2, shares={"b": 0.2, "a": 0.1})
    data = DataProvenance("0")
    first = identity_of(data, 1, tmp_path, settings)
    again = replace(settings, shares={"a": 0.1, "b": 0.2}, face_model=None)
    assert identity_of(data, 1, tmp_path, again) == first
    assert first["face_model"] == builtin_face_model().sha256 and first["test_photos"] == ""
    for change, field in (
        ({"shares": {"a": 0.1}}, "shares"),
        ({"face_model": tmp_path / "tiny.npz"}, "face_model"),
        ({"teacher": None}, "teacher"),
        ({"test_photos": tmp_path}, "test_photos"),
    ):
        other = identity_of(data, 1, tmp_path, replace(settings, **change))
        assert differing(first, other) == {field}
    assert differing(first, identity_of(DataProvenance("1"), 2, tmp_path, settings)) == {
        "labels",
        "folders",
    }
    teacher.write_bytes(b"b")
    (tmp_path / "two.png").touch()
    other = identity_of(data, 1, tmp_path, settings)
    assert differing(first, other) == {"teacher", "backgrounds"}
    state = tmp_path / "state.pth"
    with pytest.raises(InputError, match="other backgrounds: give the same BACKGROUNDS"):
        check_run_identity(first, other, IDENTITY_OPTIONS, state)
    check_run_identity({}, other, IDENTITY_OPTIONS, state)  # of earlier versions
    with pytest.raises(InputError, match="gone: cannot be read"):
        identity_of(data, 1, tmp_path, replace(settings, teacher=tmp_path / "gone"))
