"""FP32 constants as FP16."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import BackendError

_LARGEST = float(np.finfo(np.float16).max)  # 65504


def halved(value: NDArray[np.float32], name: str) -> NDArray[np.float16]:
    """The nearest FP16 values.

    Args:
        value: Of any shape.
        name: What it is, for messages.

    Raises:
        BackendError: One is not finite or beyond FP16's range, which would become infinite.
    """
    largest = float(np.abs(value).max(initial=0.0))
    if not largest <= _LARGEST:
        raise BackendError(
            f"constant {name}: expected values within FP16's range of {_LARGEST:.0f}, got "
            f"{largest:.3g}: use fp32"
        )
    return value.astype(np.float16)
