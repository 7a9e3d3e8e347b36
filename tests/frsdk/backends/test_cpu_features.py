"""What the CPU has, and what ONNX Runtime is told about it."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest

from frsdk.backends.cpu_features import FEATURES, cpu_features, fp32_block, int8_products_saturate
from frsdk.backends.onnxruntime_session import keep_int8_exact

LINUX_FLAGS = {
    "AVX2": "avx2",
    "AVX512F": "avx512f",
    "AVX512VNNI": "avx512_vnni",
    "AVX_VNNI": "avx_vnni",
    "NEON": "asimd",
    "NEON_DOTPROD": "asimddp",
}


@pytest.mark.parametrize(
    ("machine", "has", "saturates", "block"),
    [
        ("x86_64", ["AVX2"], True, 8),
        ("AMD64", ["AVX2", "AVX512F"], True, 16),
        ("x86_64", ["AVX2", "AVX512F", "AVX512VNNI"], False, 16),
        ("x86_64", ["AVX2", "AVX_VNNI"], False, 8),
        ("aarch64", ["NEON"], False, None),
        ("arm64", ["NEON", "NEON_DOTPROD"], False, None),
    ],
)
def test_kernels_follow_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    has: list[str],
    saturates: bool,
    block: int | None,
) -> None:
    monkeypatch.setattr(
        cv2, "checkHardwareSupport", lambda number: cv2.getHardwareFeatureName(number) in has
    )
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert cpu_features() == tuple(FEATURES[each] for each in has)
    assert (int8_products_saturate(), fp32_block()) == (saturates, block)
    entries: dict[str, str] = {}
    keep_int8_exact(SimpleNamespace(add_session_config_entry=entries.__setitem__))
    assert entries == ({"session.x64quantprecision": "1"} if saturates else {})


def test_opencv_sees_what_linux_sees() -> None:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        pytest.skip("needs /proc/cpuinfo")
    flags = set(path.read_text(encoding="ascii", errors="replace").split())
    known = {cv2.getHardwareFeatureName(number) for number in range(512)}
    wanted = [FEATURES[key] for key, flag in LINUX_FLAGS.items() if flag in flags and key in known]
    assert cpu_features() == tuple(wanted)
