"""The two networks in the wheel: chosen by name, each with its own face model."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import (
    BackendError,
    BoxRule,
    BuiltinDetector,
    Face,
    FaceReconstructor,
    InputError,
    builtin_face_model,
)
from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.commands.cli import main
from frsdk.detectors.face_presence import FacePresence
from frsdk.installation.builtin_weights import BUILTIN_WEIGHTS, builtin_network, builtin_weights
from frsdk.morphable.builtin_models import builtin_model_of
from frsdk.morphable.face_model_match import reference_to


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A rendering-free picture: the sample that the package can fetch is not needed here."""
    return np.full((160, 160, 3), 127, np.uint8)


def faces_of(weights: str | None, picture: np.ndarray) -> list[Face]:
    with FaceReconstructor(weights=weights) as reconstruct:
        return reconstruct(picture, rois=[(10, 10, 150, 150)])


def test_each_network_comes_with_its_face_model(picture: np.ndarray) -> None:
    """Names, vertices and blendshapes; the default is research."""
    (plain,) = faces_of(None, picture)
    (research,) = faces_of("research", picture)
    (opened,) = faces_of("open", picture)
    assert np.array_equal(plain.params, research.params)
    assert opened.landmarks.shape == (68, 3)
    assert len(opened.vertices) == builtin_face_model("open").n_vertices
    assert len(plain.vertices) == builtin_face_model().n_vertices
    assert 0.0 <= opened.blendshapes["jawOpen"] <= 1.0


@pytest.mark.parametrize("weights", sorted(BUILTIN_WEIGHTS))
def test_each_network_names_the_digest_of_its_face_model(weights: str) -> None:
    """Not only a model like it: a decoder inside an engine needs the same surface."""
    backend = OnnxRuntimeBackend(BUILTIN_WEIGHTS[weights].network)
    wanted = backend.spec.face_model
    backend.close()
    assert wanted == reference_to(builtin_face_model(weights))


def test_a_name_is_checked_and_a_file_excludes_it() -> None:
    """Another name, and weights beside a network of one's own."""
    with pytest.raises(InputError, match="expected weights research or open, got 'closed'"):
        FaceReconstructor(weights="closed")
    with pytest.raises(InputError, match="pass one of them"):
        FaceReconstructor(weights="open", engine="mine.onnx")


def test_an_engine_may_be_a_network_in_the_wheel_by_name(
    picture: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`builtin-open` with its face model, as a word or a path; not beside another name."""
    monkeypatch.chdir(tmp_path)
    (wanted,) = faces_of("open", picture)
    for options in (
        {"engine": "builtin-open"},
        {"engine": Path("builtin-open")},
        {"engine": "builtin-open", "weights": "open"},
        {"engine": "builtin", "weights": "open"},
        {"engine": builtin_weights("open").network},  # a file: its specification names the model
    ):
        with FaceReconstructor(**options) as reconstruct:
            (face,) = reconstruct(picture, rois=[(10, 10, 150, 150)])
        assert np.array_equal(face.vertices, wanted.vertices)
    with pytest.raises(InputError, match="name two networks: pass one of them"):
        FaceReconstructor(engine="builtin-open", weights="research")
    (tmp_path / "builtin-open").touch()  # a file of that name is that file
    with pytest.raises(BackendError, match=r"expected fp32, fp16, int8, an \.onnx"):
        FaceReconstructor(engine="builtin-open")


def test_a_network_brings_the_detector_of_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the search, to `presence` and to `builtin`; the other weights keep theirs."""
    changed = replace(BUILTIN_WEIGHTS["open"], detector_file="other.onnx")
    monkeypatch.setitem(BUILTIN_WEIGHTS, "open", changed)
    image = np.zeros((64, 64, 3), np.uint8)
    for detector in (None, "builtin"):
        with pytest.raises(BackendError, match=r"other\.onnx: .*not in this installation"):
            FaceReconstructor(weights="open", detector=detector)(image)
    with pytest.raises(BackendError, match=r"other\.onnx"):
        FacePresence(weights="open")
    with pytest.raises(InputError, match="expected weights research or open"):
        BuiltinDetector(weights="closed")
    with FaceReconstructor(weights="research") as reconstruct:
        assert reconstruct(image) == []


def test_detectors_have_names() -> None:
    """`builtin` is that of the weights; the other one is found by its name."""
    rules = {}
    for name, weights in BUILTIN_WEIGHTS.items():
        spec = OnnxRuntimeBackend(weights.detector, threads=1).detector_spec
        rules[name] = BoxRule(*spec.box_rule)
        assert spec.licence.startswith("CC BY 4.0") == (name == "open")
    assert rules["open"] != rules["research"]
    for weights_name, detector, wanted in (
        (None, None, "research"),
        ("open", None, "open"),
        ("open", "builtin", "open"),
        (None, "builtin-open", "open"),
        ("open", "builtin-research", "research"),
    ):
        with FaceReconstructor(weights=weights_name, detector=detector) as reconstruct:
            assert isinstance(reconstruct.detector, BuiltinDetector)
            assert reconstruct.detector.box_rule == rules[wanted]


def test_the_words_of_command_lines() -> None:
    """`builtin` is the default network, `builtin-open` the open one, anything else a file."""
    assert builtin_network("builtin") is builtin_weights(None) is BUILTIN_WEIGHTS["research"]
    assert builtin_network("builtin-open") is BUILTIN_WEIGHTS["open"]
    assert builtin_network("builtin.onnx") is None
    assert builtin_network("other") is None


def test_face_models_are_found_by_a_networks_reference() -> None:
    """Each built-in one; None for another."""
    for weights in BUILTIN_WEIGHTS:
        model = builtin_face_model(weights)
        assert builtin_model_of(reference_to(model)) is model
        assert pickle.loads(pickle.dumps(model)) is model


def test_a_pickled_face_finds_the_open_face_model(picture: np.ndarray) -> None:
    """In a process that has not opened the network."""
    (face,) = faces_of("open", picture)
    copy = pickle.loads(pickle.dumps(face))
    assert np.array_equal(copy.vertices, face.vertices)


def test_commands_take_weights_and_doctor_tells_their_terms(tmp_path: Path) -> None:
    """`frsdk reconstruct --weights open` and `frsdk doctor`."""
    result = CliRunner().invoke(main, ["doctor"])
    assert "weights research: research only" in result.output
    assert "weights open: CC BY 4.0" in result.output
    result = CliRunner().invoke(main, ["reconstruct", "-o", str(tmp_path), "--weights", "mine"])
    assert result.exit_code == 2
    assert "'research', 'open'" in result.output
