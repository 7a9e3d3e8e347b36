"""The newest frame of a camera, through losses of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .opencv_capture import Capture, PacedCapture, bgr_from_capture

_LOOK_S = 0.1  # how often a wait looks whether it was stopped


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One frame.

    Attributes:
        index: Its number among those that were taken up, from 0.
        time_s: When it was read, seconds since the first one.
        image_bgr: (H, W, 3) uint8.
        dropped: Frames since the last one taken up that were never seen, because newer ones came.
    """

    index: int
    time_s: float
    image_bgr: NDArray[np.uint8]
    dropped: int


class CameraFrames:
    """Reads a camera in a thread and gives the newest frame, whoever is slow.

    A camera that fails is opened again until it is there or `patience_s` have passed.

    Attributes:
        losses: How often the camera was lost and found again.
    """

    def __init__(
        self,
        open_capture: Callable[[], Capture | None],
        *,
        name: str,
        finite: bool = False,
        patience_s: float = 10.0,
        retry_s: float = 0.5,
        on_loss: Callable[[], None] | None = None,
    ) -> None:
        """Open the camera.

        Args:
            open_capture: Opens it, or returns None where that fails.
            name: How messages call it.
            finite: Whether it ends, as a file does.
            patience_s: How long it may be silent, or away; a file is waited for.
            retry_s: Time between two tries to open it again.
            on_loss: Called, in the reading thread, when the camera is lost.

        Raises:
            InputError: It cannot be opened.
        """
        capture = open_capture()
        if capture is None:
            raise InputError(
                f"{name}: cannot be opened: is it there, and does no other program use it?"
            )
        self._open, self._name = open_capture, name
        self._finite = finite or isinstance(capture, PacedCapture)
        self._patience_s, self._retry_s, self._on_loss = patience_s, retry_s, on_loss
        self._changed = threading.Condition()
        self._newest: tuple[Any, float] | None = None  # Any: a frame as OpenCV gives it
        self._dropped = 0
        self._ended = False
        self._closing = threading.Event()
        self._capture: Capture | None = capture
        self.losses = 0
        self._thread = threading.Thread(target=self._read, name="frsdk-camera", daemon=True)
        self._thread.start()

    def frames(self, stop: threading.Event | None = None) -> Iterator[CameraFrame]:
        """The newest frame, each at most once, until the camera ends.

        Args:
            stop: Ends it when set.

        Raises:
            InputError: No frame came for `patience_s`: the camera is gone.
        """
        first_s: float | None = None
        index = 0
        while True:
            taken = self._take(stop)
            if taken is None:
                return
            image, read_s, dropped = taken
            first_s = read_s if first_s is None else first_s
            yield CameraFrame(index, read_s - first_s, bgr_from_capture(image), dropped)
            index += 1

    def close(self) -> None:
        """Let the camera go; a read that hangs is left to the end of the process."""
        self._closing.set()
        if isinstance(self._capture, PacedCapture):
            self._capture.stop()
        self._thread.join(timeout=2.0)

    def __enter__(self) -> CameraFrames:
        """Return the open camera."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the camera go."""
        self.close()

    def _take(self, stop: threading.Event | None) -> tuple[Any, float, int] | None:
        begin_s = time.perf_counter()
        with self._changed:
            while self._newest is None:
                if self._ended or (stop is not None and stop.is_set()):
                    return None
                waited_s = time.perf_counter() - begin_s
                if waited_s > self._patience_s and not self._finite:
                    raise InputError(f"{self._name}: gone: no frame for {self._patience_s:g} s")
                self._changed.wait(min(_LOOK_S, self._patience_s))
            if stop is not None and stop.is_set():
                return None
            (image, read_s), self._newest = self._newest, None
            dropped, self._dropped = self._dropped, 0
            return image, read_s, dropped

    def _read(self) -> None:
        try:
            while self._capture is not None:
                self._read_until_loss(self._capture)
                self._capture.release()
                if self._finite or self._closing.is_set():
                    break
                if self._on_loss is not None:
                    self._on_loss()
                self._capture = self._found_again()
        finally:
            if self._finite or self._closing.is_set():
                with self._changed:
                    self._ended = True
                    self._changed.notify_all()

    def _read_until_loss(self, capture: Capture) -> None:
        last_s = 0.0
        while not self._closing.is_set():
            done, image = capture.read()
            if not done or image is None:
                return
            now_s = max(time.perf_counter(), last_s + 1e-6)
            last_s = now_s
            with self._changed:
                self._dropped += self._newest is not None
                self._newest = image, now_s
                self._changed.notify_all()

    def _found_again(self) -> Capture | None:
        until_s = time.perf_counter() + self._patience_s
        while time.perf_counter() < until_s and not self._closing.wait(self._retry_s):
            capture = self._open()
            if capture is not None:
                self.losses += 1
                return capture
        return None
