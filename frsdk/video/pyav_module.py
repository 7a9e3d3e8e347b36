"""PyAV (FFmpeg's libraries), loaded when it is needed."""

from __future__ import annotations

from types import ModuleType

from ..errors import MissingDependencyError


def load_pyav() -> ModuleType:
    """The module `av`.

    Raises:
        MissingDependencyError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingDependencyError(
            'reading and writing videos needs PyAV: pip install "frsdk[video]"'
        ) from error
    return av


def reason(error: Exception) -> str:
    """What FFmpeg or the system says of an error, without its number and file name."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
