"""Packages that an extra brings: the line that installs them, and why one cannot be imported."""

from __future__ import annotations

import json
import sys
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import MissingDependencyError


def pip_line(extra: str) -> str:
    """The command that installs an extra the way frsdk itself was installed here.

    Args:
        extra: Its name in frsdk's metadata.
    """
    return f"pip install {_what_to_install(extra)}"


def missing_package(
    error: ImportError | OSError, package: str, extra: str, *, title: str | None = None
) -> MissingDependencyError:
    """What to say of an optional package whose import failed: not installed, or damaged, and why.

    Args:
        error: What the import raised; an `OSError` comes from a library that it loads.
        package: The module that was imported.
        extra: The extra that brings it.
        title: Its name for people; None is `package`.
    """
    name = title or package
    remedy = pip_line(extra)
    if getattr(sys, "frozen", False):
        remedy = f"build this application with the package {package} in it"
    if is_absent(error, package):
        return MissingDependencyError(f"{name} is not installed: {remedy}")
    reason = " ".join(str(error).split()) or type(error).__name__
    return MissingDependencyError(
        f"{name} is installed but cannot be loaded ({reason}): mend that, or install it anew: "
        f"{remedy} --force-reinstall"
    )


def is_absent(error: BaseException, package: str) -> bool:
    """Whether an import failed because the package itself is not there."""
    if not isinstance(error, ModuleNotFoundError):
        return False
    return error.name is not None and f"{package}.".startswith(f"{error.name}.")


def _what_to_install(extra: str) -> str:
    """What pip takes for frsdk with an extra, from the index or from where it came."""
    # In a clone's root its frsdk.egg-info, which does not say, comes before the installation.
    texts = (each.read_text("direct_url.json") for each in distributions(name="frsdk"))
    try:
        origin = json.loads(next(filter(None, texts), "{}"))
        url = str(origin.get("url", ""))
        editable = bool(origin.get("dir_info", {}).get("editable"))
        commit = origin.get("vcs_info")
    except (ValueError, AttributeError):
        return f'"frsdk[{extra}]"'
    if commit:
        return f'"frsdk[{extra}] @ {commit.get("vcs", "git")}+{url}"'
    if url.startswith("file:"):
        path = Path(unquote(urlsplit(url).path))
        if path.exists():
            return f'{"-e " if editable else ""}"{path}[{extra}]"'
    elif url:
        return f'"frsdk[{extra}] @ {url}"'
    return f'"frsdk[{extra}]"'
