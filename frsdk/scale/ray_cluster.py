"""Ray: the cluster that a program is in, or one of this machine's own."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any  # Ray is optional

from ..errors import BackendError, InputError
from ..installation.optional_packages import missing_package
from ..storage.draft_folder import draft_folder
from .face_columns import EXTRA

_ADDRESS = "RAY_ADDRESS"
# Off, every process of Ray's binds the loopback address only; elsewhere than on Linux it is off.
_REACHABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_NICENESS = "RAY_worker_niceness"
_LONGEST_TEMP = 30  # of 107 bytes of a socket's path, which begins so
_TOKENS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_STORE_BYTES = 512 << 20
# What Ray does by itself and nobody asked for, unless the user's environment says otherwise.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # sends statistics to its makers
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # errors come as exceptions
}


def load_ray(part: str = "data") -> Any:
    """Import Ray with one of its libraries, its usage statistics off.

    Args:
        part: `data` or `serve`.

    Raises:
        MissingDependencyError: It is not installed, or damaged.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        ray = import_module("ray")
        import_module(f"ray.{part}")
    except (ImportError, OSError) as error:
        package = (getattr(error, "name", None) or "ray").partition(".")[0]
        title = f"Ray {part.title()}" if package == "ray" else f"{package}, which Ray wants,"
        raise missing_package(error, package, EXTRA, title=title) from error
    return ray


def starts_its_own(address: str | None) -> bool:
    """Whether :func:`ray_cluster` would start a cluster, which then nobody else is in."""
    known = sys.modules.get("ray")
    connected = known is not None and known.is_initialized()
    return not (connected or address or os.environ.get(_ADDRESS))


@contextmanager
def ray_cluster(
    address: str | None = None, *, part: str = "data", cpus: int | None = None
) -> Iterator[Any]:
    """Be in a Ray cluster for the `with` block.

    That is the one that the program is in already; else the one at `address` or `$RAY_ADDRESS`;
    else one of this machine's own, which listens on 127.0.0.1 only, has an access token of its own,
    and is gone with its files at the end.

    Args:
        address: Of a cluster: `auto`, `host:6379` or `ray://host:10001`.
        part: The library of Ray's that is wanted.
        cpus: Of the local cluster; None: those of this machine, at least two.

    Yields:
        The package `ray`.

    Raises:
        MissingDependencyError: Ray is not installed.
        InputError: There is no cluster at the address.
        BackendError: The local cluster does not start.
    """
    known = sys.modules.get("ray")
    if known is not None and known.is_initialized():
        yield load_ray(part)
        return
    address = address or os.environ.get(_ADDRESS)
    with ExitStack() as opened:
        if address:
            ray = load_ray(part)
            opened.callback(ray.shutdown)
            with _kept_process():
                _connect(ray, address)
        else:
            folder = opened.enter_context(_scratch_folder())
            opened.enter_context(_environment(part))
            ray = load_ray(part)
            opened.callback(ray.shutdown)
            with _kept_process():
                _start(ray, folder, cpus or max(2, os.cpu_count() or 1))
        yield ray


@contextmanager
def _scratch_folder() -> Iterator[str]:
    """Where the processes of a local cluster have their sockets and logs."""
    parent = tempfile.gettempdir()
    if len(os.fsencode(parent)) > _LONGEST_TEMP and os.name == "posix":
        parent = "/tmp"
    with draft_folder(Path(parent), prefix="frsdk-ray-") as folder:
        yield str(folder)


@contextmanager
def _environment(part: str) -> Iterator[None]:
    """What the processes of a local cluster are to see: no network, and a token of their own.

    Without one Ray would write a token into the home folder.
    """
    changes = {_REACHABLE: "0"}
    if part == "serve":  # which answers somebody; Ray's processes are background jobs otherwise
        changes[_NICENESS] = os.environ.get(_NICENESS, "0")
    if not any(name in os.environ for name in _TOKENS):
        changes["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    constants = sys.modules.get("ray._private.ray_constants")  # read already, where it is there
    reachable = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    if reachable is not None:
        constants.ENABLE_RAY_CLUSTER = False  # type: ignore[union-attr]  # then not None
    try:
        yield
    finally:
        if reachable is not None:
            constants.ENABLE_RAY_CLUSTER = reachable  # type: ignore[union-attr]  # as above
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _connect(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, **_OPTIONS)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"no Ray cluster at {address} ({_short(error)}): give the address that ray status "
            "prints, or none for a local one"
        ) from error


def _start(ray: Any, folder: str, cpus: int) -> None:
    for again in (True, False):
        try:
            ray.init(
                num_cpus=cpus,
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
                **_OPTIONS,
            )
        except Exception as error:  # of no class of its own where a process took over 30 s
            ray.shutdown()
            if again and "timed out" in str(error):
                continue
            raise BackendError(
                f"Ray does not start here ({_short(error)}): frsdk reconstruct works without it"
            ) from error
        return


_OPTIONS: Mapping[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}


@contextmanager
def _kept_process() -> Iterator[None]:
    """Give back what Ray takes when it starts: SIGTERM, and stderr for a line of its log."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if main else None
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
