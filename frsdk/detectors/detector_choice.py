"""The detector that an option names."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..backends.onnxruntime_backend import OnnxRuntimeBackend
from ..backends.onnxruntime_session import open_session, text_of
from ..backends.triton_backend import TritonBackend, is_triton_url
from ..errors import InputError
from ..installation.builtin_weights import BUILTIN, named_weights
from ..specs.model_spec import METADATA_KEY
from .builtin_detector import BuiltinDetector
from .detection import Detector
from .turned_copies import TurnedCopiesDetector, checked_orientations
from .yunet_detector import YuNetDetector

_NO_MIN_FACE = "only frsdk's own detectors take min_face_px: leave it out, or use the built-in one"


def detector_from_option(
    option: str | os.PathLike[str] | Detector | None,
    *,
    weights: str | None = None,
    min_score: float | None,
    min_face_px: float | None = None,
    orientations: Sequence[int] = (0,),
    threads: int = 1,
) -> Detector:
    """Make or pass on a detector, and let it see turned copies where that is asked for.

    Args:
        option: None or "builtin", that of `weights`; "builtin-research" or "builtin-open"; the
            path of an `.onnx` file, a detector of `frsdk-train detector` or a YuNet network;
            `triton://HOST:PORT/MODEL` on a Triton server; or a callable, which is returned as it
            is.
        weights: Names the built-in detector; None is the default one.
        min_score: The detector's threshold, 0..1; None is its default.
        min_face_px: Smallest faces to find, see :class:`BuiltinDetector`; frsdk's detectors only.
        orientations: Rolls around which faces are looked for, see :class:`TurnedCopiesDetector`.
        threads: Threads of one call of the network.

    Raises:
        InputError: The option is none of these, or the detector has no smallest face to set.
        BackendError: The file is missing, damaged or no detector.
        SpecError: The file is a network of frsdk's that is no detector.
        MissingDependencyError: ONNX Runtime is not installed.
    """
    chosen = checked_orientations(orientations)
    detector = _upright_detector(option, weights, min_score, min_face_px, threads)
    return detector if chosen == (0,) else TurnedCopiesDetector(detector, chosen)


def _upright_detector(
    option: str | os.PathLike[str] | Detector | None,
    weights: str | None,
    min_score: float | None,
    min_face_px: float | None,
    threads: int,
) -> Detector:
    if option is None or option == BUILTIN:
        return _builtin(weights, min_score, min_face_px, threads)
    named = named_weights(option) if isinstance(option, str) else None
    if named is not None:
        return _builtin(named.name, min_score, min_face_px, threads)
    if is_triton_url(option):
        backend = TritonBackend(str(option))
        return BuiltinDetector(backend, min_score=min_score, min_face_px=min_face_px)
    if isinstance(option, str | os.PathLike):
        if os.fspath(option).lower().endswith(".onnx"):
            return _from_file(option, min_score, min_face_px, threads)
    elif callable(option):
        if min_face_px is not None:
            raise InputError(_NO_MIN_FACE)
        return option
    raise InputError(
        f'expected detector "builtin", "builtin-open", the path of an .onnx file, or a function, '
        f"got {option!r}"
    )


def _builtin(
    weights: str | None, min_score: float | None, min_face_px: float | None, threads: int
) -> Detector:
    return BuiltinDetector(
        weights=weights, min_score=min_score, min_face_px=min_face_px, threads=threads
    )


def _from_file(
    path: str | os.PathLike[str], min_score: float | None, min_face_px: float | None, threads: int
) -> Detector:
    """A file with a specification is frsdk's own; one without must be a YuNet network."""
    session = open_session(path, threads=threads)
    with text_of(os.fspath(path)):
        is_ours = METADATA_KEY in session.get_modelmeta().custom_metadata_map
    if is_ours:
        backend = OnnxRuntimeBackend(path, threads=threads)
        return BuiltinDetector(backend, min_score=min_score, min_face_px=min_face_px)
    if min_face_px is not None:
        raise InputError(_NO_MIN_FACE)
    if min_score is None:
        return YuNetDetector(path, threads=threads)
    return YuNetDetector(path, min_score=min_score, threads=threads)
