"""The line that installs an extra, and what a failed import says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from frsdk.installation import optional_packages
from frsdk.installation.optional_packages import is_absent, missing_package, pip_line


def installed_from(monkeypatch: pytest.MonkeyPatch, origin: object) -> None:
    text = None if origin is None else json.dumps(origin)
    found = SimpleNamespace(read_text=lambda name: text if name == "direct_url.json" else None)
    clone = SimpleNamespace(read_text=lambda name: None)  # its egg-info, which comes first
    monkeypatch.setattr(optional_packages, "distributions", lambda name: iter([clone, found]))


def test_the_line_installs_from_where_frsdk_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "my clone"
    folder.mkdir()
    for origin, line in [
        (None, 'pip install "frsdk[rtx]"'),
        ({"url": folder.as_uri(), "dir_info": {}}, f'pip install "{folder}[rtx]"'),
        (
            {"url": folder.as_uri(), "dir_info": {"editable": True}},
            f'pip install -e "{folder}[rtx]"',
        ),
        ({"url": (tmp_path / "gone.whl").as_uri()}, 'pip install "frsdk[rtx]"'),
        (
            {"url": "https://a.example/frsdk.git", "vcs_info": {"vcs": "git"}},
            'pip install "frsdk[rtx] @ git+https://a.example/frsdk.git"',
        ),
        (
            {"url": "https://a.example/frsdk-1.whl", "archive_info": {}},
            'pip install "frsdk[rtx] @ https://a.example/frsdk-1.whl"',
        ),
    ]:
        installed_from(monkeypatch, origin)
        assert pip_line("rtx") == line


def test_a_frozen_application_has_no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional_packages, "distributions", lambda name: iter(()))
    assert pip_line("cpu") == 'pip install "frsdk[cpu]"'
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    error = ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")
    assert str(missing_package(error, "onnxruntime", "cpu")) == (
        "onnxruntime is not installed: build this application with the package onnxruntime in it"
    )


@pytest.mark.parametrize(
    ("name", "absent"),
    [("cuda", True), ("cuda.bindings", True), ("cuda.bindings.runtime", True), ("cud", False),
     ("cuda.bindings.runtime.x", False), ("numpy", False)],
)  # fmt: skip
def test_absent_is_the_package_or_what_holds_it(name: str, absent: bool) -> None:
    error = ModuleNotFoundError(f"No module named {name!r}", name=name)
    assert is_absent(error, "cuda.bindings.runtime") is absent
    assert not is_absent(OSError("libcuda.so: cannot open"), "cuda.bindings.runtime")
