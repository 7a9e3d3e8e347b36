"""PyAV (FFmpeg's libraries), loaded when it is needed."""

from __future__ import annotations

from types import ModuleType

from ..installation.optional_packages import missing_package


def load_pyav() -> ModuleType:
    """The module `av`.

    Raises:
        MissingDependencyError: PyAV is not installed, or damaged.
    """
    try:
        import av
    except (ImportError, OSError) as error:
        title = "PyAV, which reads and writes videos,"
        raise missing_package(error, "av", "video", title=title) from error
    return av


def reason(error: Exception) -> str:
    """What FFmpeg or the system says of an error, without its number and file name."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
