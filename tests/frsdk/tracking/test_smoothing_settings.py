"""The presets, which the browser's tracker has too."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from frsdk.tracking.smoothing_settings import PRESETS

PAGE = Path(__file__).resolve().parents[3] / "web" / "src" / "tracking" / "smoothing_settings.ts"


def numbers(text: str) -> dict[str, float]:
    """The constants that a part of the page's source states, by Python's names."""
    found = re.findall(r"(\w+): ([\d.]+)", text)
    return {
        re.sub(r"[A-Z]", lambda at: f"_{at[0].lower()}", name): float(value)
        for name, value in found
    }


@pytest.mark.skipif(not PAGE.is_file(), reason="needs web/ of the repository")
@pytest.mark.parametrize("name", PRESETS)
def test_the_page_has_the_same_presets(name: str) -> None:
    source = PAGE.read_text(encoding="utf-8")
    balanced = re.search(r"const BALANCED.*?\{(.*?)\};", source, re.DOTALL)
    own = re.search(rf'\["{name}", (.*?)\],\n', source)
    assert balanced is not None and own is not None
    stated = {**numbers(balanced[1]), **numbers(own[1])}
    assert stated == {
        each.name: getattr(PRESETS[name], each.name) for each in fields(PRESETS[name])
    }
