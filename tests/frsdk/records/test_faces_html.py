"""The page of a batch: what it holds, and how it behaves in headless Chromium without a network."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.face import Face
from frsdk.records.faces_html import HTML_FILE, HtmlPage

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)"
)


class Browser:
    """Headless Chromium, spoken to by its DevTools protocol through two pipes."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._number = 0
        self.errors: list[str] = []

    def __enter__(self) -> Browser:
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()

        def place_pipes() -> None:  # DevTools reads descriptor 3 and writes 4
            os.dup2(from_us, 103)
            os.dup2(to_us, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self._process = subprocess.Popen(
            [
                *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-dev-shm-usage"),
                *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
                *("--remote-debugging-pipe", f"--user-data-dir={self._profile}"),
                *("--host-resolver-rules=MAP * ~NOTFOUND", "about:blank"),
            ],
            preexec_fn=place_pipes,
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        self._write, self._read = os.fdopen(to_browser, "wb", 0), os.fdopen(from_browser, "rb", 0)
        self._rest = b""
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = None
        attached = self._call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._write.close()
        self._read.close()

    _session: str | None = None

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            self._rest += os.read(self._read.fileno(), 1 << 20)
        message, _, self._rest = self._rest.partition(b"\0")
        event: dict[str, Any] = json.loads(message)
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded":
            self.errors.append(event["params"]["entry"]["text"])
        if event.get("method") == "Runtime.consoleAPICalled":
            self.errors.append(json.dumps(event["params"]["args"]))
        return event

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path, width: int = 1200, height: int = 900) -> None:
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && view.hasPicture")

    def value(self, expression: str) -> Any:
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        for _ in range(200):
            answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
            if answer["result"].get("value") is True:
                return
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for {expression}: {self.errors}")

    def mouse(self, kind: str, x: float, y: float) -> None:
        self._call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1
        )

    def key(self, key: str) -> None:
        self._call("Input.dispatchKeyEvent", type="keyDown", key=key)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def canvas(self) -> np.ndarray:
        """What the 3D view shows, BGR."""
        text = self.value("byId('view').toDataURL('image/png')")
        content = np.frombuffer(base64.b64decode(text.partition(",")[2]), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR)
        assert image is not None
        return np.asarray(image).astype(int)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, posed_once: Face, patterned: np.ndarray) -> Path:
    folder = tmp_path_factory.mktemp("page")
    with HtmlPage(folder) as page:
        page.append("one.jpg", "one", patterned, [posed_once, posed_once])
        page.append("<two>.jpg", "two", patterned[:100], [])
        page.save()
    return folder / HTML_FILE


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_names_that_are_not_utf_8_are_taken(tmp_path: Path, patterned: np.ndarray) -> None:
    with HtmlPage(tmp_path) as page:
        page.append("caf\udce9.jpg", "caf\udce9", patterned, [])
        page.save()
    assert 'data-name="caf?.jpg"' in (tmp_path / HTML_FILE).read_text(encoding="utf-8")


def test_the_file_holds_everything(page: Path, posed_once: Face, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    records = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text)
    assert [len(json.loads(record)["faces"]) for record in records] == [2, 0]
    face = json.loads(records[0])["faces"][0]
    assert face["pose"]["yaw_deg"] == pytest.approx(posed_once.pose.yaw_deg)
    assert face["visible"] == posed_once.visible.tolist()
    assert base64.b64decode(face["glb"])[:4] == b"glTF"
    assert not re.search(r"(src|href)=[\"']?https?:|import\(|fetch\(|XMLHttpRequest", text)
    viewer = sum(len(each.read_bytes()) for each in (files("frsdk.assets") / "viewer").iterdir())
    assert viewer < 2e6
    assert [each.name for each in page.parent.iterdir()] == [HTML_FILE]


@needs_chromium
def test_it_opens_and_turns(browser: Browser, page: Path) -> None:
    browser.open(page)
    first = browser.canvas()
    assert first.std() > 10  # not blank
    assert browser.value("document.querySelectorAll('#photo circle').length") == 2 * 68
    box = browser.value("JSON.stringify(byId('view').getBoundingClientRect())")
    x, y = (json.loads(box)[k] + json.loads(box)["width"] / 2 for k in ("x", "y"))
    browser.mouse("mousePressed", x, y)
    browser.mouse("mouseMoved", x + 90, y + 10)
    browser.mouse("mouseReleased", x + 90, y + 10)
    turned = browser.canvas()
    assert (np.abs(turned - first).max(axis=-1) > 20).mean() > 0.05
    browser.value("byId('reset').click()")
    assert np.abs(browser.canvas() - first).max() <= 2
    assert browser.errors == []


@needs_chromium
def test_the_keyboard_does_the_same(browser: Browser, page: Path) -> None:
    browser.open(page)
    first = browser.canvas()
    browser.value("byId('view').focus()")
    for key in ("ArrowRight", "ArrowUp", "+"):
        before = browser.canvas()
        browser.key(key)
        assert (np.abs(browser.canvas() - before).max(axis=-1) > 20).mean() > 0.01, key
    browser.key("0")
    assert np.abs(browser.canvas() - first).max() <= 2
    browser.key("t")
    skin = browser.canvas()
    assert np.abs(skin - first).mean() > 3
    browser.key("l")
    assert browser.value("document.querySelectorAll('#photo circle').length") == 0
    browser.key("l")
    assert browser.value("document.querySelectorAll('#photo circle.hidden').length") == (
        2 * browser.value("photograph.faces[0].visible.filter((each) => !each).length")
    )
    assert browser.errors == []


@needs_chromium
def test_a_photograph_without_faces_and_back(browser: Browser, page: Path) -> None:
    browser.open(page)
    first = browser.canvas()
    browser.value("byId('next').click()")
    assert browser.value("byId('numbers').textContent") == "facesnone found"
    assert browser.value("byId('photos').selectedOptions[0].textContent") == "<two>.jpg"
    assert browser.value("byId('download').hidden") is True
    browser.value("byId('previous').click()")
    browser.wait("view.hasPicture")
    assert np.abs(browser.canvas() - first).max() <= 2
    assert browser.value("byId('download').download") == "one.0.glb"
    assert browser.errors == []


@needs_chromium
def test_a_narrow_screen(browser: Browser, page: Path) -> None:
    browser.open(page, 360, 740)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    tops = browser.value(
        "[...document.querySelectorAll('section')].map((each) => each.getBoundingClientRect().top)"
    )
    assert tops[1] > tops[0] + 100  # one under the other
    assert browser.canvas().std() > 10
    assert browser.errors == []
