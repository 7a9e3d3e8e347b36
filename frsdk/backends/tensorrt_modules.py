"""The one handle on TensorRT 10, TensorRT 11 and TensorRT for RTX.

The three have nearly the same classes. Where they differ the code asks whether a name is there, and
reads back what it set; a version is recorded, never interpreted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any  # TensorRT's modules and objects: optional packages without types

from ..errors import BackendError
from ..installation.optional_packages import missing_package

_MAX_MESSAGES = 3


@dataclass(frozen=True, slots=True)
class TensorrtModule:
    """An imported flavour of TensorRT.

    Attributes:
        flavour: ``"tensorrt"`` or ``"tensorrt_rtx"``, the name of the package.
        trt: The module.
        version: Its version, for records and comparison.
    """

    flavour: str
    trt: Any
    version: str

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.flavour} {self.version}"


def load_tensorrt(flavour: str) -> TensorrtModule:
    """Import a flavour of TensorRT.

    Args:
        flavour: ``"tensorrt"`` or ``"tensorrt_rtx"``.

    Raises:
        MissingDependencyError: It is not installed, or its libraries cannot be loaded.
    """
    importer, extra = _IMPORTERS[flavour]
    try:
        trt = importer()
    except (ImportError, OSError) as error:  # OSError: a library that the loader cannot open
        raise missing_package(error, flavour, extra) from error
    return TensorrtModule(flavour, trt, str(trt.__version__))


def named_capabilities(trt: Any) -> dict[str, Any]:
    """The GPU architectures that a flavour builds for by name, such as ``"8.6"``.

    Args:
        trt: The module of a flavour.

    Returns:
        TensorRT's constants by compute capability, in rising order; empty for a flavour that builds
        for the GPU at hand only.
    """
    names = dir(trt.ComputeCapability) if hasattr(trt, "ComputeCapability") else []
    numbers = sorted(int(name[2:]) for name in names if name[:2] == "SM" and name[2:].isdigit())
    return {f"{n // 10}.{n % 10}": getattr(trt.ComputeCapability, f"SM{n}") for n in numbers}


def message_log(trt: Any) -> Any:
    """A TensorRT logger that prints nothing and keeps what went wrong.

    Args:
        trt: The module of a flavour.

    Returns:
        An `ILogger` with a method ``last_errors()``: the latest errors as one line, for a message.
        TensorRT needs it for as long as any object that was made with it lives.
    """
    severity = trt.ILogger.Severity
    kept = {severity.INTERNAL_ERROR, severity.ERROR}

    class MessageLog(trt.ILogger):  # type: ignore[misc]  # its base has no types
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in kept:
                self.errors.append(" ".join(message.split()))

        def last_errors(self) -> str:
            return "; ".join(dict.fromkeys(self.errors[-_MAX_MESSAGES:])) or "no reason given"

    return MessageLog()


# Each name is written out, so that the layering test sees who imports TensorRT.
_IMPORTERS: dict[str, tuple[Callable[[], Any], str]] = {
    "tensorrt": (lambda: import_module("tensorrt"), "tensorrt"),
    "tensorrt_rtx": (lambda: import_module("tensorrt_rtx"), "rtx"),
}


def start_runtime(handle: TensorrtModule, log: Any) -> Any:
    """TensorRT's runtime, which a driver that is too old refuses.

    Args:
        handle: The flavour.
        log: Of :func:`message_log`.

    Raises:
        BackendError: It does not start; what it said is in the message.
    """
    try:
        return handle.trt.Runtime(log)
    except (RuntimeError, TypeError) as error:  # TypeError: the bindings got a null pointer
        raise BackendError(
            f"{handle.label} cannot start on this machine: {log.last_errors()}"
        ) from error
