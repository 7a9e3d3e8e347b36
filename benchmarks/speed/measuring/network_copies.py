"""A network opened several times, so that a ratio does not hang on where its memory lies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from frsdk import Backend
from frsdk.errors import InputError
from frsdk.specs.model_spec import ModelSpec

COPIES = 3  # medians of one network's copies differ by 3 to 8 % (benchmarks/README.md)


class NetworkCopies:
    """Copies of a network that take turns."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        """Take the copies, which the caller closes.

        Raises:
            InputError: There is none.
        """
        if not backends:
            raise InputError("expected at least one copy of a network, got none")
        self._first = backends[0]
        self._turns = itertools.cycle(backends)

    @property
    def spec(self) -> ModelSpec:
        """What all of them say of themselves."""
        return self._first.spec

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the copy whose turn it is; see :meth:`frsdk.backends.Backend.run`."""
        return next(self._turns).run(batch)
