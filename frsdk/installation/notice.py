"""The NOTICE that goes with copies of the open weights."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ..errors import BackendError

NOTICE = "NOTICE"
_CLONE = Path(__file__).parents[2]


def notice_text(clone: Path = _CLONE) -> str:
    """The text of `NOTICE`, out of the wheel's metadata or of a clone of the repository.

    Args:
        clone: The repository's folder, where frsdk runs out of one.

    Raises:
        BackendError: The installation lacks it.
    """
    if (clone / "setup.cfg").is_file() and (clone / NOTICE).is_file():
        return (clone / NOTICE).read_text(encoding="utf-8")
    try:
        installed = distribution("frsdk")
    except PackageNotFoundError:
        text = None
    else:  # its place in a wheel differs between versions of setuptools
        text = installed.read_text(f"licenses/{NOTICE}") or installed.read_text(NOTICE)
    if not text:
        raise BackendError(
            "the NOTICE, which goes with copies of the open weights, is not in this installation: "
            "install frsdk from its wheel"
        )
    return text
