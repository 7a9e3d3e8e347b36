"""What `import frsdk` offers, and what it must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

import frsdk

HEAVY = (
    *("torch", "onnx", "onnxruntime", "tensorrt", "tensorrt_rtx", "PIL", "skimage", "click"),
    "trimesh",
)


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_exported_names_are_sorted_and_there() -> None:
    assert frsdk.__all__ == sorted(frsdk.__all__)
    assert set(frsdk.__all__) <= set(dir(frsdk))
    for name in frsdk.__all__:
        assert getattr(frsdk, name) is not None


def test_every_lazy_name_is_exported_and_documented() -> None:
    assert set(frsdk._MODULES) == set(frsdk.__all__) - {"__version__"}
    for name in frsdk._MODULES:
        assert getattr(frsdk, name).__doc__, name


def test_all_errors_derive_from_one() -> None:
    for name in frsdk.__all__:
        if name.endswith("Error"):
            assert issubclass(getattr(frsdk, name), frsdk.FrsdkError)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="Reconstructor"):
        frsdk.Reconstructor  # noqa: B018


@pytest.mark.parametrize(
    "statement",
    ["import frsdk", "from frsdk import *", "import frsdk.reconstructor, frsdk.detectors"],
)
def test_import_loads_no_engine(statement: str) -> None:
    loaded = run_python(
        f"{statement}\nimport sys\nprint(*[m for m in {HEAVY} if m in sys.modules])"
    )
    assert loaded == ""


def test_import_takes_a_quarter_of_a_second() -> None:
    code = "import time; t = time.perf_counter(); import frsdk; print(time.perf_counter() - t)"
    assert min(float(run_python(code)) for _ in range(3)) <= 0.25
