"""What the CPU has, and what ONNX Runtime is told about it."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace

import pytest

from frsdk.backends.onnxruntime_session import keep_int8_exact
from frsdk.cpu_features import fp32_block, int8_products_saturate


@pytest.mark.parametrize(
    ("machine", "flags", "saturates", "block"),
    [
        ("x86_64", "fpu avx2", True, 8),
        ("AMD64", "fpu avx2 avx512f", True, 16),
        ("x86_64", "fpu avx2 avx512f avx512_vnni", False, 16),
        ("x86_64", "fpu avx2 avx_vnni", False, 8),
        ("aarch64", "fp asimd", False, None),
        ("x86_64", None, False, 16),  # not known: the accuracy gate measures what it costs
    ],
)
def test_exact_int8_kernels_where_the_fast_ones_overflow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    flags: str | None,
    saturates: bool,
    block: int | None,
) -> None:
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"flags\t: {flags}\n")
    monkeypatch.setattr("frsdk.cpu_features._CPU_FILE", path)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert (int8_products_saturate(), fp32_block()) == (saturates, block)
    entries: dict[str, str] = {}
    keep_int8_exact(SimpleNamespace(add_session_config_entry=entries.__setitem__))
    assert entries == ({"session.x64quantprecision": "1"} if saturates else {})
