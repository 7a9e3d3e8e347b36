"""Time per face on one core: crop, network, 68 landmarks, dense vertices; beside MobileNetV2.

Contract: one thread, batch 1, warm-up, then rounds that interleave every network; the numbers are
medians over rounds and the ratio is the median of the rounds' ratios. Run it with
``python -m frsdk.benchmarks.face_latency`` (needs the export extra).
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.backends.onnxruntime import OnnxRuntimeBackend
from frsdk.console import reports_errors
from frsdk.export.networks import build_network
from frsdk.export.onnx_export import export_onnx
from frsdk.geometry import Roi
from frsdk.morphable import MorphableModel, builtin_face_model
from frsdk.preprocess import crop_face, network_input
from frsdk.spec import ArchitectureSpec, FaceModelRef, ModelSpec

_NETWORKS = ("mobilenet_v2", "mobile_frnet_no_attention", "mobile_frnet", "mobilenet_v1")
_WHOLE = ("mobilenet_v2", "mobile_frnet")  # also as one chain: crop, network, both decodes
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_INNER = 5  # runs inside one timing


@click.command()
@click.option("--rounds", type=click.IntRange(5), default=60, show_default=True)
@reports_errors
def main(rounds: int) -> None:
    """Print the medians."""
    _restart_with_one_thread()
    cv2.setNumThreads(1)
    model = builtin_face_model()
    image = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        backends = {name: _backend(name, model, Path(folder)) for name in _NETWORKS}
        stages = _stages(model, image, backends)
        times = _interleaved(stages, rounds)
        for backend in backends.values():
            backend.close()
    base = times["network mobilenet_v2"]
    click.echo(f"{platform.machine()}, one thread, {rounds} rounds")
    for name, spent in times.items():
        ratio = float(np.median(spent / base))
        click.echo(f"{name:38s} {np.median(spent) * 1e3:7.3f} ms  {ratio:5.2f} x MobileNetV2")


def _restart_with_one_thread() -> None:
    """NumPy's BLAS reads its thread count once, when it is loaded."""
    if os.environ.get(_BLAS_THREADS) != "1":
        os.environ[_BLAS_THREADS] = "1"
        module = "frsdk.benchmarks.face_latency"
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


def _backend(name: str, model: MorphableModel, folder: Path) -> OnnxRuntimeBackend:
    """An engine with untrained weights: time does not depend on them."""
    spec = ModelSpec(
        architecture=ArchitectureSpec(name),
        face_model=FaceModelRef(model.name, model.sha256, model.n_vertices),
        param_mean=(0.0,) * 62,
        param_std=(1.0,) * 62,
    )
    path = folder / f"{name}.onnx"
    export_onnx(build_network(name), spec, path)
    return OnnxRuntimeBackend(path, threads=1)


def _stages(
    model: MorphableModel, image: NDArray[np.uint8], backends: dict[str, OnnxRuntimeBackend]
) -> dict[str, Callable[[], object]]:
    roi = Roi(400.3, 200.7, 233.0)
    spec = backends["mobile_frnet"].spec.input
    batch = network_input([crop_face(image, roi, spec.size)], spec)
    params = np.random.default_rng(1).normal(size=(1, 62)).astype(np.float32)

    def network(backend: OnnxRuntimeBackend) -> Callable[[], object]:
        return lambda: backend.run(batch)

    def face(backend: OnnxRuntimeBackend) -> Callable[[], object]:
        def whole() -> None:
            found = backend.run(network_input([crop_face(image, roi, spec.size)], spec))
            model.decode_landmarks(found, size=spec.size)
            model.decode_vertices(found, size=spec.size)

        return whole

    stages = {f"network {name}": network(backend) for name, backend in backends.items()}
    stages["crop"] = lambda: network_input([crop_face(image, roi, spec.size)], spec)
    stages["68 landmarks"] = lambda: model.decode_landmarks(params, size=spec.size)
    stages[f"{model.n_vertices} dense vertices"] = lambda: model.decode_vertices(
        params, size=spec.size
    )
    for name in _WHOLE:
        stages[f"whole face, {name}"] = face(backends[name])
    return stages


def _interleaved(
    stages: dict[str, Callable[[], object]], rounds: int
) -> dict[str, NDArray[np.float64]]:
    for stage in stages.values():
        for _ in range(10):
            stage()
    spent: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(rounds):
        for name, stage in stages.items():
            begin = time.perf_counter()
            for _ in range(_INNER):
                stage()
            spent[name].append((time.perf_counter() - begin) / _INNER)
    return {name: np.array(values) for name, values in spent.items()}


if __name__ == "__main__":
    main()
