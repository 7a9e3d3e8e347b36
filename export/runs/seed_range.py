"""Which seeds a run may have."""

from __future__ import annotations

MOST_SEED = 2**32 - 1  # NumPy's and PyTorch's generators take so many
