"""Errors of the console scripts as one line and an exit code."""

from __future__ import annotations

import errno
import functools
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
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
    "ray": "ray",
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

    A package of an extra that is not installed is reported alike, with the line that installs it,
    and so is a file that the system refuses.
    SIGTERM and SIGHUP end the command as Ctrl-C does, with what it cleans up and keeps then; and
    a character that the terminal's encoding lacks is printed as its escape.

    Put it below the click decorators::

        @click.command()
        @click.argument("model")
        @reports_errors
        def export(model: str) -> None: ...

    Usage errors stay click's own, with exit code 2.
    """

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> R:
        _escape_what_cannot_be_printed()
        try:
            with _signals_as_interrupts():
                return command(*args, **kwargs)
        except StoppedBySignal as stop:
            click.echo(ReportedError(f"stopped by {stop.name}").message, err=True)
            sys.exit(128 + stop.number)  # as a shell reports the signal
        except FrsdkError as error:
            raise ReportedError(str(error)) from error
        except OSError as error:  # such as a folder that may not be entered
            if error.errno in (None, errno.EPIPE):
                raise
            reason = error.strerror or type(error).__name__
            if error.filename is None:  # an open file, such as standard output on a full disk
                raise ReportedError(f"cannot read or write: {reason}") from error
            raise ReportedError(f"{os.fsdecode(error.filename)}: {reason}") from error
        except ImportError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRAS:
                raise
            raise ReportedError(str(missing_package(error, package, _EXTRAS[package]))) from error

    return reporting


class StoppedBySignal(KeyboardInterrupt):
    """A signal that asks the process to end, raised where the program is, as Ctrl-C is."""

    def __init__(self, number: int) -> None:
        """Keep which."""
        super().__init__(number)
        self.number, self.name = number, signal.Signals(number).name


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Raise `StoppedBySignal` on SIGTERM and SIGHUP, unless somebody handles or ignores them."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in taken:  # a closing terminal sends it twice
            signal.signal(each, signal.SIG_IGN)
        raise StoppedBySignal(number)

    taken: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        taken = [each for each in wanted if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


def _escape_what_cannot_be_printed() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def one_line(text: str) -> str:
    """The text with line breaks and runs of white space as single spaces."""
    return " ".join(text.split())


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """The number with its noun."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def version_option(program: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--version` of a console script."""
    return click.version_option(__version__, prog_name=program, message="%(prog)s %(version)s")
