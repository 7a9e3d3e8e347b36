"""The window, or the line that says why there is none."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.video.preview_window import PreviewWindow


def pretend(monkeypatch: pytest.MonkeyPatch, gui: str) -> None:
    text = f"\n  GUI:                           {gui}\n"
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: text)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")


def test_a_headless_opencv_names_the_other_package(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "NONE")
    with pytest.raises(InputError, match=r"pip install opencv-python$"):
        PreviewWindow("camera 0")


def test_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "QT5")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="needs a screen"):
        PreviewWindow("camera 0")


def test_a_key_or_the_button_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "QT5")
    keys, visible, shown = [-1, -1, ord("q")], [1.0, 0.0, 1.0], []
    destroyed = []
    fakes: dict[str, Any] = {
        "namedWindow": lambda title, flags: None,
        "imshow": lambda title, image: shown.append((title, image.mean())),
        "waitKey": lambda delay: keys.pop(0),
        "getWindowProperty": lambda title, which: visible.pop(0),
        "destroyWindow": destroyed.append,
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(cv2, name, fake)
    image = np.full((4, 4, 3), 5, np.uint8)
    with PreviewWindow("camera 0") as window:
        assert [window.show(image) for _ in range(3)] == [True, False, False]
    assert shown == [("camera 0", 5.0)] * 3
    assert destroyed == ["camera 0"]
