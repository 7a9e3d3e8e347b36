"""The span of a tensor that INT8 covers."""

from __future__ import annotations

from collections.abc import Mapping

Range = tuple[float, float]  # lowest <= 0 <= highest
Ranges = Mapping[str, Range]  # by the tensor's name
