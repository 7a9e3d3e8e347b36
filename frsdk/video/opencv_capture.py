"""Cameras and streams through OpenCV, without its talk on stderr."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import cv2
import numpy as np

from ..errors import InputError
from ..storage.path_kinds import is_file

_OPEN_TIMEOUT_MS = 10_000
_FFMPEG_LEVEL = "OPENCV_FFMPEG_LOGLEVEL"
_QUIET = "-8"
_MOST_INT32 = 2**31 - 1  # OpenCV's indices and options
_JUMP_S = 60.0  # between two frames of a file


class Capture(Protocol):
    """What gives frames: `cv2.VideoCapture`, or anything like it."""

    def read(self) -> tuple[bool, Any]:  # Any: None, or an array of any shape
        """Whether there was a frame, and the frame."""

    def release(self) -> None:
        """Let the camera go."""


class CameraSource:
    """What a camera is named by: an index, a device, an address or a file.

    Attributes:
        name: How messages call it; a password in an address is not shown.
        finite: Whether it is a file, which ends; so does a clip behind an address, which tells
            only when it is open.
    """

    def __init__(self, text: str) -> None:
        """Tell what kind of source a text names.

        Raises:
            InputError: It is none of them.
        """
        if text.startswith("file://"):
            text = url2pathname(urlsplit(text).path)
        self._text = text
        self.finite = False
        if text.isdecimal():
            if int(text) > _MOST_INT32:
                raise InputError(f"{text}: no camera has this index: give a small one, such as 0")
            self.name = f"camera {text}"
        elif "://" in text:
            self.name = _without_passwords(text)
        elif text.startswith("/dev/"):
            self.name = text
        elif is_file(text):
            self.name, self.finite = text, True
        else:
            raise InputError(
                f"{text}: no such file; a camera is an index (0), an address (rtsp://...) or a file"
            )

    def open(self, read_timeout_s: float) -> Capture | None:
        """Open it now; None where that fails.

        Args:
            read_timeout_s: A stream that says nothing for this long has ended.
        """
        os.environ.setdefault(_FFMPEG_LEVEL, _QUIET)
        with _opencv_silenced():
            capture = self._opened(read_timeout_s)
            if not capture.isOpened():
                capture.release()
                return None
        # The address of a clip: a stream does not tell how many frames it will have.
        ends = self.finite or ("://" in self._text and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0)
        return PacedCapture(capture) if ends else capture

    def _opened(self, read_timeout_s: float) -> cv2.VideoCapture:
        if self._text.isdecimal():
            return cv2.VideoCapture(int(self._text))
        if self._text.startswith("/dev/"):
            return cv2.VideoCapture(self._text)
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS]
        timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, min(round(read_timeout_s * 1000), _MOST_INT32)]
        # FFmpeg by name: otherwise a name with % would be read as a series of pictures.
        # And with its protocol, which FFmpeg would take from a name with a colon.
        name = f"file:{self._text}" if self.finite else self._text
        return cv2.VideoCapture(name, cv2.CAP_FFMPEG, timeouts)


class PacedCapture:
    """A file at the speed at which it was taken.

    A pause of a minute or more between two frames is a jump of the file's clock: it is not waited
    for.
    """

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        self._due_s: float | None = None
        self._position_s = 0.0
        self._stopped = threading.Event()

    def read(self) -> tuple[bool, Any]:
        """The next frame, when it is due."""
        done, image = self._capture.read()
        position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        gap_s, self._position_s = position_s - self._position_s, position_s
        if self._due_s is None or not 0.0 <= gap_s < _JUMP_S:
            self._due_s = time.perf_counter()
        else:
            self._due_s += gap_s
        self._stopped.wait(max(0.0, self._due_s - time.perf_counter()))
        return done, image

    def stop(self) -> None:
        """End the wait for a frame; any thread may say so."""
        self._stopped.set()

    def release(self) -> None:
        """Close the file."""
        self._capture.release()


def _without_passwords(address: str) -> str:
    """An address as messages show it: neither its user nor what is named as a password."""
    known = re.sub(r"(?<=//)[^/?#]*@", "***@", address)  # a password may hold an @ of its own
    return re.sub(r"(?i)(pass(?:word|wd)?|pwd)=[^&/;]*", r"\1=***", known)


def bgr_from_capture(image: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A captured frame as (H, W, 3) uint8: grey is repeated, a fourth channel dropped."""
    array = np.asarray(image)
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    if array.ndim == 2 or array.shape[2] == 1:
        return np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(array[..., :3])


@contextmanager
def _opencv_silenced() -> Iterator[None]:
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
