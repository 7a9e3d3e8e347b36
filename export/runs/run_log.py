"""Logs of a run: a table in a file, and TensorBoard's events."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Protocol

from frsdk.errors import MissingDependencyError
from frsdk.storage.atomic_write import atomic_write


class ScalarLog(Protocol):
    """What takes the numbers of a step."""

    def add(self, step: int, record: dict[str, float]) -> None:
        """Note the numbers of a step."""

    def close(self) -> None:
        """Write what is held back."""


def write_log(path: Path, records: list[dict[str, float]]) -> None:
    """Write records as CSV; columns that some lack are empty there.

    Raises:
        OutputError: The file cannot be written; an older one is untouched.
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=names, restval="")
    writer.writeheader()
    writer.writerows(records)
    atomic_write(path, text.getvalue().encode())


class TensorBoardLog:
    """Scalars as TensorBoard's events.

    Args:
        folder: Where the event files go.
        step: Last step of a resumed run: later events are replaced.

    Raises:
        MissingDependencyError: The package tensorboard is not installed.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingDependencyError(
                "--tensorboard needs the package tensorboard: pip install tensorboard"
            ) from error
        self._writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def add(self, step: int, record: dict[str, float]) -> None:
        """Note the numbers of a step."""
        for name, value in record.items():
            self._writer.add_scalar(f"train/{name}", value, step)

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()
