"""A clip through frsdk's tracker and through OpenSeeFace's, from a checkout of it, in turns."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any  # OpenSeeFace has no types

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import FaceReconstructor, FaceTracker
from frsdk.errors import ImageFileError, InputError

from .clip_frames import RATE_HZ
from .motion_error import own_motion

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Look = Callable[[Image, float], Array | None]

_MODELS = {  # the landmark networks' files, fastest first, by OpenSeeFace's numbers
    -1: "lm_modelT_opt.onnx",
    0: "lm_model0_opt.onnx",
}
_FACE_POINTS = 66
_PASSES = 5  # over the clip: the first frames of each are left out, in which faces are detected
_SETTLED = 10


@dataclass(frozen=True, slots=True)
class PeerRow:
    """A tracker on a clip without truth.

    Attributes:
        clip: Its name.
        system: Whose tracker.
        share_found: Of the frames.
        frame_ms: Median time of a frame, of the thread that calls.
        ratio: Of that time to frsdk's on the same frame, median.
        step_percent: Median step of the points from frame to frame, in % of the face.
        acceleration_percent: Likewise of the steps' change.
    """

    clip: str
    system: str
    share_found: float
    frame_ms: float
    ratio: float
    step_percent: float
    acceleration_percent: float


def rows_beside_openseeface(
    path: Path, checkout: Path, reconstruct: FaceReconstructor
) -> list[PeerRow]:
    """Time both on every frame, in an order drawn anew for each; one thread, one face, no gaze.

    Args:
        path: A video.
        checkout: A folder with OpenSeeFace's `tracker.py` and `models`.
        reconstruct: Of frsdk's tracker.

    Raises:
        ImageFileError: The video cannot be read.
        InputError: The folder holds no OpenSeeFace, it fails, or one of the two finds the face too
            rarely.
    """
    found = _openseeface(checkout)
    order = np.random.default_rng(0)
    systems: list[str] = []
    seconds: dict[str, list[float]] = {}
    paths: dict[str, list[Array]] = {}
    count = 0
    for each_pass in range(_PASSES):
        height, width, rate_hz = _size(path)
        with FaceTracker(reconstruct) as track:
            label, look = found(width, height)
            looks: dict[str, Look] = {"frsdk": _frsdk(track), label: look}
            systems = list(looks)
            for index, frame in enumerate(_frames(path)):
                taken = {}
                for name in order.permutation(systems):
                    begin = time.thread_time()
                    points = looks[name](frame, (index + 1) / rate_hz)
                    taken[name] = time.thread_time() - begin
                    if each_pass == 0 and points is not None:
                        paths.setdefault(name, []).append(points)
                count += each_pass == 0
                if index >= _SETTLED:
                    for name in systems:
                        seconds.setdefault(name, []).append(taken[name])
    ours = np.array(seconds["frsdk"])
    rows = []
    for name in systems:
        if len(paths.get(name, [])) < _SETTLED:
            raise InputError(f"{path}: {name} finds a face in too few of {count} frames")
        own, points = np.array(seconds[name]), np.array(paths[name])[_SETTLED // 2 :]
        ratio = float(np.median(own / ours))
        share = len(paths[name]) / count
        milliseconds = 1e3 * float(np.median(own))
        rows.append(PeerRow(path.name, name, share, milliseconds, ratio, *own_motion(points)))
    return rows


def _frsdk(track: FaceTracker) -> Look:
    def look(frame: Image, time_s: float) -> Array | None:
        faces = track(frame, time_s)
        return np.asarray(faces[0].landmarks[:, :2], np.float64) if faces else None

    return look


def _openseeface(checkout: Path) -> Callable[[int, int], tuple[str, Look]]:
    """What makes a tracker for a frame's size, of the fastest network that the checkout holds."""
    models = checkout / "models"
    if not (checkout / "tracker.py").is_file():
        raise InputError(f"{checkout}: no tracker.py: give the folder of a checkout of OpenSeeFace")
    # A checkout without its large files holds a note of a line in their place.
    there = [n for n, name in _MODELS.items() if _is_whole(models / name)]
    if not there:
        raise InputError(f"{models}: holds none of {', '.join(_MODELS.values())}")
    model = there[0]
    sys.path.insert(0, str(checkout))
    try:
        with _named_failure(checkout):
            module: Any = import_module("tracker")
    finally:
        sys.path.remove(str(checkout))

    def made(width: int, height: int) -> tuple[str, Look]:
        with _named_failure(checkout):
            tracker = module.Tracker(
                width,
                height,
                model_type=model,
                max_faces=1,
                max_threads=1,
                silent=True,
                no_gaze=True,
                model_dir=str(models),
            )

        def look(frame: Image, _time_s: float) -> Array | None:
            with _named_failure(checkout):
                faces = tracker.predict(frame)
            if not faces:
                return None
            return np.asarray(faces[0].lms, np.float64)[:_FACE_POINTS, 1::-1]  # y, x -> x, y

        return f"OpenSeeFace, model {model}", look

    return made


@contextmanager
def _named_failure(checkout: Path) -> Iterator[None]:
    """Say in one line whose code failed: it was written for packages of its time."""
    try:
        yield
    except Exception as error:  # whatever somebody else's code raises
        reason = " ".join(str(error).split())[:120]
        remedy = "try its own facetracker.py"
        if not cv2.__version__.startswith("4"):
            remedy = (
                f"it needs OpenCV 4, this is {cv2.__version__} (pip install "
                "'opencv-python-headless<5')"
            )
        raise InputError(
            f"{checkout}: OpenSeeFace fails here ({type(error).__name__}: {reason}): {remedy}"
        ) from error


def _is_whole(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 10_000


def _size(path: Path) -> tuple[int, int, float]:
    frame = next(_frames(path), None)
    if frame is None:
        raise ImageFileError(f"{path}: no frames can be read: give a video file")
    capture = cv2.VideoCapture(str(path))
    rate_hz = float(capture.get(cv2.CAP_PROP_FPS)) or RATE_HZ
    capture.release()
    return frame.shape[0], frame.shape[1], rate_hz


def _frames(path: Path) -> Iterator[Image]:
    capture = cv2.VideoCapture(str(path))
    try:
        while True:
            read, frame = capture.read()
            if not read:
                return
            yield np.asarray(frame, np.uint8)
    finally:
        capture.release()
