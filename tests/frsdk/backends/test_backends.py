"""The backend interface and ONNX Runtime."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.backends import Backend, OnnxRuntimeBackend
from frsdk.backends.onnxruntime_backend import _fixed_batch
from frsdk.backends.onnxruntime_session import open_session
from frsdk.errors import BackendError, InputError, MissingDependencyError, SpecError
from frsdk.installation.optional_packages import pip_line
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec, OutputSpec

onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[export])")


def batch(spec: ModelSpec, n: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n, *spec.input.shape))
    return noise.astype(np.float32)


def with_spec(source: Path, target: Path, text: str | None) -> Path:
    """A copy of an ONNX file with another specification inside, or none."""
    model = onnx.load(source)
    kept = [prop for prop in model.metadata_props if prop.key != METADATA_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    if text is not None:
        model.metadata_props.add(key=METADATA_KEY, value=text)
    onnx.save(model, target)
    return target


def refused(path: Path, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match) as caught:
        OnnxRuntimeBackend(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_runs_batches_alike_and_carries_the_spec(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    with OnnxRuntimeBackend(tiny_onnx) as backend:
        assert isinstance(backend, Backend)
        assert backend.spec == tiny_spec
        assert (backend.name, backend.providers) == ("onnxruntime", ("CPUExecutionProvider",))
        assert backend.description == f"onnxruntime (CPUExecutionProvider) fp32 {tiny_onnx}"
        images = batch(tiny_spec, 5)
        together = backend.run(images)
        assert together.shape == (5, 62)
        assert together.dtype == np.float32
        for index in range(5):
            alone = backend.run(images[index : index + 1])
            assert np.allclose(alone[0], together[index], atol=1e-5)


@pytest.mark.parametrize(
    ("precision", "bits", "saturates", "provider", "kernels"),
    [
        ("fp32", None, True, "CPUExecutionProvider", [False]),
        ("int8", None, True, "CPUExecutionProvider", [False, True]),
        ("int8", 8, True, "CPUExecutionProvider", [False, True]),
        ("int8", 7, True, "CPUExecutionProvider", [False]),
        ("int8", None, False, "CPUExecutionProvider", [False]),
        ("int8", None, True, "TensorrtExecutionProvider", [True]),  # it would build twice
    ],
)
def test_exact_kernels_are_taken_where_the_fast_ones_would_overflow(
    tiny_onnx: Path,
    tiny_spec: ModelSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    bits: int | None,
    saturates: bool,
    provider: str,
    kernels: list[bool],
) -> None:
    spec = tiny_spec.replace(precision=precision, weight_bits=bits)
    path = with_spec(tiny_onnx, tmp_path / "a.onnx", spec.to_json())
    taken = []

    def opening(path: Path, *, providers: tuple[str, ...], threads: int, **options: Any) -> Any:
        taken.append(options.get("exact_int8", True))
        return open_session(path, threads=threads, **options)

    monkeypatch.setattr("frsdk.backends.onnxruntime_backend.open_session", opening)
    monkeypatch.setattr(
        "frsdk.backends.onnxruntime_backend.int8_products_saturate", lambda: saturates
    )
    with OnnxRuntimeBackend(path, providers=(provider,)) as backend:
        assert backend.run(batch(spec, 1)).shape == (1, 62)
    assert taken == kernels


def test_results_are_new_memory_and_views_are_taken(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    backend = OnnxRuntimeBackend(tiny_onnx)
    images = batch(tiny_spec, 4)
    first = backend.run(images)
    kept = first.copy()
    backend.run(-images)
    assert np.array_equal(first, kept)
    assert np.allclose(backend.run(images[::2]), kept[::2], atol=1e-5)


def test_eight_threads_give_one_thread_s_results(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    backend = OnnxRuntimeBackend(tiny_onnx)
    batches = [batch(tiny_spec, 1 + k % 3, seed=k) for k in range(32)]
    expected = [backend.run(each) for each in batches]
    with ThreadPoolExecutor(8) as pool:
        for want, got in zip(expected, pool.map(backend.run, batches), strict=True):
            assert np.array_equal(want, got)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda b: b.astype(np.float64), "float32"),
        (lambda b: b.tolist(), "float32 array as the network's input, got list"),
        (lambda b: b[0], "expected a batch"),
        (lambda b: b[:0], "expected a batch"),
        (lambda b: b[..., :-1], "expected a batch"),
    ],
)
def test_inputs_are_checked(tiny_onnx: Path, tiny_spec: ModelSpec, change, match: str) -> None:
    backend = OnnxRuntimeBackend(tiny_onnx)
    with pytest.raises(InputError, match=match):
        backend.run(change(batch(tiny_spec, 2)))


def test_non_numbers_from_the_network_are_an_error(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    images = np.full_like(batch(tiny_spec, 1), np.nan)
    with pytest.raises(BackendError, match="not finite"):
        OnnxRuntimeBackend(tiny_onnx).run(images)


def test_closed_backend_says_so(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    backend = OnnxRuntimeBackend(tiny_onnx)
    backend.close()
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.run(batch(tiny_spec, 1))


def test_missing_and_damaged_files(tmp_path: Path, tiny_onnx: Path, capfd) -> None:
    refused(tmp_path / "absent.onnx", BackendError, "no such file")
    refused(tmp_path, BackendError, "no such file")
    content = tiny_onnx.read_bytes()
    for name, data in {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "noise": b"this is not a network" * 40,
    }.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(data)
        refused(path, BackendError, "ONNX Runtime cannot load it")
    assert capfd.readouterr() == ("", "")


def test_absent_provider_is_no_fallback(tiny_onnx: Path) -> None:
    with pytest.raises(BackendError, match=r"NoSuchProvider is not available here, only .*CPU"):
        OnnxRuntimeBackend(tiny_onnx, providers=("NoSuchProvider", "CPUExecutionProvider"))
    with pytest.raises(BackendError, match="expected an execution provider"):
        OnnxRuntimeBackend(tiny_onnx, providers=())
    with pytest.raises(BackendError, match="expected 1 to 1024 threads, got 0"):
        OnnxRuntimeBackend(tiny_onnx, threads=0)
    with pytest.raises(BackendError, match="expected 1 to 1024 threads, got '4'"):
        OnnxRuntimeBackend(tiny_onnx, threads="4")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime"),
            "ONNX Runtime is not installed: PIP",
        ),
        (
            ImportError("libcudart.so.13: cannot open\nit"),
            "ONNX Runtime is installed but cannot be loaded (libcudart.so.13: cannot open it): "
            "mend that, or install it anew: PIP --force-reinstall",
        ),
        (
            ModuleNotFoundError("No module named 'numpy.x'", name="numpy.x"),
            "ONNX Runtime is installed but cannot be loaded (No module named 'numpy.x'): "
            "mend that, or install it anew: PIP --force-reinstall",
        ),
    ],
)
def test_onnxruntime_is_missing_or_damaged(
    tiny_onnx: Path, monkeypatch: pytest.MonkeyPatch, error: ImportError, message: str
) -> None:
    def refuse(name: str, *rest: object) -> object:
        if name == "onnxruntime":
            raise error
        return real(name, *rest)

    real = importlib.import_module
    monkeypatch.setattr("frsdk.backends.onnxruntime_session.import_module", refuse)
    with pytest.raises(MissingDependencyError) as caught:
        OnnxRuntimeBackend(tiny_onnx)
    assert str(caught.value) == message.replace("PIP", pip_line("cpu"))


def test_messages_of_damaged_models_are_one_line(tmp_path: Path, tiny_onnx: Path, capfd) -> None:
    """ONNX Runtime names nodes in its messages, which in a damaged file are no text."""
    content = tiny_onnx.read_bytes()
    path = tmp_path / "damaged.onnx"
    kinds = set()
    for at in range(0, len(content), max(1, len(content) // 400)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xA5]) + content[at + 1 :])
        try:
            OnnxRuntimeBackend(path)
        except (BackendError, SpecError) as error:
            assert str(error).isprintable() and str(path) in str(error)
            kinds.add(type(error.__cause__))
    for name in (b"AveragePool", b"Flatten", b"MatMul"):
        path.write_bytes(content.replace(name, b"\xff" * len(name), 1))
        with pytest.raises(BackendError, match="cannot load it") as caught:
            OnnxRuntimeBackend(path)
        assert str(caught.value).isprintable()
        kinds.add(type(caught.value.__cause__))
    assert len(kinds) >= 3
    assert capfd.readouterr() == ("", "")


def test_specs_that_do_not_fit(tmp_path: Path, tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    path = tmp_path / "changed.onnx"
    refused(with_spec(tiny_onnx, path, None), SpecError, "export the network with frsdk-export")
    refused(with_spec(tiny_onnx, path, "{"), SpecError, "not JSON")
    newer = tiny_spec.to_json().replace('"schema_version": 1', '"schema_version": 99')
    assert "99" in newer
    refused(with_spec(tiny_onnx, path, newer), SpecError, "newer frsdk")
    renamed = tiny_spec.replace(output=OutputSpec("elsewhere", (62,))).to_json()
    refused(with_spec(tiny_onnx, path, renamed), SpecError, "names the output elsewhere")
    entry = tiny_spec.input
    wider = type(entry)(name=entry.name, shape=(3, entry.size + 8, entry.size + 8))
    resized = tiny_spec.replace(input=wider).to_json()
    refused(with_spec(tiny_onnx, path, resized), SpecError, "the graph has")


@pytest.mark.parametrize("size", [1, 4])
def test_a_graph_of_fixed_batch_is_filled_up(
    tmp_path: Path, tiny_onnx: Path, tiny_spec: ModelSpec, size: int
) -> None:
    model = onnx.load(tiny_onnx)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = size
    path = tmp_path / "fixed.onnx"
    onnx.save(model, path)
    with OnnxRuntimeBackend(path) as fixed, OnnxRuntimeBackend(tiny_onnx) as any_number:
        for count in (1, 3, 4, 9):
            crops = batch(tiny_spec, count, seed=count)
            found = fixed.run(crops)
            assert found.shape == (count, 62)
            assert np.allclose(found, any_number.run(crops), atol=1e-5)


def test_batches_of_a_graph_have_to_agree() -> None:
    assert _fixed_batch("a.onnx", [None, None]) is None
    assert _fixed_batch("a.onnx", [4, 4]) == _fixed_batch("a.onnx", [4, None]) == 4
    for batches in ([2, 3], [None, 3], [0, 0]):
        with pytest.raises(SpecError, match=r"a\.onnx: its tensors are for batches of"):
            _fixed_batch("a.onnx", batches)
