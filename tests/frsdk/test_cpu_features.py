"""What the CPU has, and what ONNX Runtime is told about it."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace

import pytest

from frsdk.backends.onnxruntime_session import keep_int8_exact
from frsdk.cpu_features import has_narrow_vectors, int8_products_saturate


@pytest.mark.parametrize(
    ("machine", "flags", "saturates", "narrow"),
    [
        ("x86_64", "fpu avx2", True, True),
        ("AMD64", "fpu avx2 avx512f", True, False),
        ("x86_64", "fpu avx2 avx512f avx512_vnni", False, False),
        ("x86_64", "fpu avx2 avx_vnni", False, True),
        ("aarch64", "fp asimd", False, False),
        ("x86_64", None, False, False),  # not known: the accuracy gate measures what it costs
    ],
)
def test_exact_int8_kernels_where_the_fast_ones_overflow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    flags: str | None,
    saturates: bool,
    narrow: bool,
) -> None:
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"flags\t: {flags}\n")
    monkeypatch.setattr("frsdk.cpu_features._CPU_FILE", path)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert (int8_products_saturate(), has_narrow_vectors()) == (saturates, narrow)
    entries: dict[str, str] = {}
    keep_int8_exact(SimpleNamespace(add_session_config_entry=entries.__setitem__))
    assert entries == ({"session.x64quantprecision": "1"} if saturates else {})
