"""Errors of the console scripts as one line and an exit code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import IO, Any, ParamSpec, TypeVar

import click

from .._version import __version__
from ..errors import FrsdkError
from ..installation.optional_packages import missing_package

# Packages that a command imports when it runs, and the extra that has them.
_EXTRAS = {
    "torch": "export",
    "onnx": "export",
    "onnxscript": "export",
    "scipy": "export",
    "onnxruntime": "cpu",
    "av": "video",
    "pyarrow": "parquet",
}

P = ParamSpec("P")
R = TypeVar("R")


class ReportedError(click.ClickException):
    """An error as a command line shows it: `frsdk: what went wrong` on stderr, exit code 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        """Keep the line, with the name of the program that runs now."""
        context = click.get_current_context(silent=True)
        name = context.find_root().info_name if context else None
        super().__init__(f"{name or 'frsdk'}: {one_line(message)}")

    def show(self, file: IO[Any] | None = None) -> None:  # Any: click's own signature
        """Print the line on stderr."""
        click.echo(self.message, err=True, file=file)


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make a click command report each `FrsdkError` as one line and exit with 1.

    A package of an extra that is not installed is reported alike, with the line that installs it.

    Put it below the click decorators::

        @click.command()
        @click.argument("model")
        @reports_errors
        def export(model: str) -> None: ...

    Usage errors stay click's own, with exit code 2.
    """

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except FrsdkError as error:
            raise ReportedError(str(error)) from error
        except ImportError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRAS:
                raise
            raise ReportedError(str(missing_package(error, package, _EXTRAS[package]))) from error

    return reporting


def one_line(text: str) -> str:
    """The text with line breaks and runs of white space as single spaces."""
    return " ".join(text.split())


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """The number with its noun."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def version_option(program: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--version` of a console script."""
    return click.version_option(__version__, prog_name=program, message="%(prog)s %(version)s")
