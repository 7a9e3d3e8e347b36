"""The arrays and fields of a face model that its files must keep."""

from __future__ import annotations

import dataclasses
from typing import Any

from frsdk.morphable.morphable_model import MorphableModel

ARRAYS = ("basis", "coefficient_std", "landmark_indices", "triangles", "uv", "mirror")


def fields(model: MorphableModel) -> dict[str, Any]:
    return {f.name: getattr(model, f.name) for f in dataclasses.fields(model) if f.init}
