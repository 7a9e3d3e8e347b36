"""A tracker that knows where the light is."""

from __future__ import annotations

from typing import Any

import pytest

from ..clips import StubTracker


@pytest.fixture
def tracker(make_face: Any) -> StubTracker:
    return StubTracker(make_face)
