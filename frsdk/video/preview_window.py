"""A window that shows frames, where OpenCV has windows."""

from __future__ import annotations

import os
import re
import sys
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

_CLOSING_KEYS = frozenset({27, ord("q"), ord("Q")})  # Escape


class PreviewWindow:
    """A window; Escape, q or its own button closes it."""

    def __init__(self, title: str) -> None:
        """Open it.

        Raises:
            InputError: This OpenCV has no windows, or there is no screen.
        """
        if re.search(r"^\s*GUI:\s*NONE", cv2.getBuildInformation(), re.MULTILINE):
            raise InputError(
                "--show needs an OpenCV with windows, this one is headless: pip uninstall "
                "opencv-python-headless, then pip install opencv-python"
            )
        # Qt would end the process where it finds no screen.
        if sys.platform == "linux" and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise InputError("--show needs a screen: neither DISPLAY nor WAYLAND_DISPLAY is set")
        self._title = title
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        except cv2.error as error:
            raise InputError(f"--show: OpenCV cannot open a window: {error.err}") from error

    def show(self, image_bgr: NDArray[np.uint8]) -> bool:
        """Show a frame; False once the window was closed."""
        cv2.imshow(self._title, image_bgr)
        if cv2.waitKey(1) & 0xFF in _CLOSING_KEYS:
            return False
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1

    def __enter__(self) -> PreviewWindow:
        """Return the open window."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        cv2.destroyWindow(self._title)
