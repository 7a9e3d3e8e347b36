"""What a process waits for before its first face, and the memory that it takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass

from frsdk.backends.triton_backend import is_triton_url
from frsdk.errors import BackendError
from frsdk.installation.builtin_weights import named_weights

from .engines_under_test import PRECISIONS, Variant

_RUNS = 3
_PROBE = """
import json, sys, time
begin = time.perf_counter()
import frsdk
from frsdk import FaceReconstructor
imported = time.perf_counter()
from frsdk.benchmarks.speed.measuring.engines_under_test import Variant, open_reconstructor
import numpy
start = time.perf_counter()
reconstruct = open_reconstructor(Variant(**json.loads(sys.argv[1])))
loaded = time.perf_counter()
image = numpy.zeros((240, 240, 3), numpy.uint8)
(face,) = reconstruct(image, rois=[[0, 0, 240, 240]])
face.vertices
first = time.perf_counter()
from frsdk.benchmarks.speed.measuring.resident_memory import peak_mib
print(json.dumps([imported - begin, loaded - start, first - loaded, peak_mib()]))
"""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Medians of three new processes.

    Attributes:
        import_ms: Of `import frsdk` with NumPy and OpenCV.
        load_ms: Of the network and the face model.
        first_face_ms: Of the first face, with dense vertices.
        peak_mib: Largest resident memory; None where the system does not tell.
    """

    import_ms: float
    load_ms: float
    first_face_ms: float
    peak_mib: float | None


def measure_cold_start(variant: Variant) -> ColdStart:
    """Start three processes, one after the other.

    Raises:
        BackendError: A process failed; its last line is named.
    """
    runs = [_run(variant) for _ in range(_RUNS)]
    import_ms, load_ms, first_ms = (
        statistics.median(run[index] for run in runs) * 1e3 for index in range(3)
    )
    peaks = [run[3] for run in runs]
    return ColdStart(import_ms, load_ms, first_ms, peaks[0] and statistics.median(peaks))


def _run(variant: Variant) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:  # nothing of the caller's folder is imported
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, json.dumps(_absolute(variant))],
            capture_output=True,
            text=True,
            cwd=folder,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BackendError(f"a new process with engine {variant.engine} failed: {reason}")
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _absolute(variant: Variant) -> dict[str, object]:
    """For a process in another folder; what is no path is as it was."""
    fields, engine = asdict(variant), variant.engine
    by_name = engine in PRECISIONS or named_weights(engine) is not None or is_triton_url(engine)
    if not by_name:
        fields["engine"] = os.path.abspath(engine)  # noqa: PTH100 (a text)
    return fields
