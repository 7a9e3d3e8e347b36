"""Ray Serve of a cluster: started or found, and left as others on the cluster need it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any  # Ray is optional

from ..errors import InputError
from .service_defaults import ServiceOptions

APPLICATION = "frsdk"


@contextmanager
def serve_instance(
    options: ServiceOptions, *, shared: bool, logging_config: Mapping[str, object]
) -> Iterator[int]:
    """Have Ray Serve run for the `with` block; its applications of other names stay.

    Args:
        options: How the service runs.
        shared: Whether the cluster is one that others may use.
        logging_config: Of Ray Serve where it is started.

    Yields:
        The port.

    Raises:
        InputError: The port is taken; or Ray Serve runs already on another host or port, or has an
            application of this name.
    """
    from ray import serve

    found = _running() if shared else None
    if found is not None:
        port = _checked(found, serve.status().applications, options)
        try:
            yield port
        finally:
            serve.delete(APPLICATION)
        return
    port = free_port(options.host, options.port)
    try:
        serve.start(
            http_options={"host": options.host, "port": port, "request_timeout_s": None},
            logging_config=logging_config,
        )
        yield port
    finally:
        if shared and set(serve.status().applications) - {APPLICATION}:  # which came since
            serve.delete(APPLICATION)
        else:
            serve.shutdown()


def free_port(host: str, port: int) -> int:
    """The port where it can be bound; a free one for 0.

    Raises:
        InputError: It cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise InputError(
            f"{host}:{port} cannot be bound ({error.strerror or error}): give another --port"
        ) from error


def _running() -> Any:
    """Ray Serve's client where it runs on the cluster, which no public call tells; else None."""
    from ray.serve.context import _get_global_client

    return _get_global_client(raise_if_no_controller_running=False)


def _checked(client: Any, applications: Mapping[str, object], options: ServiceOptions) -> int:
    """The port of a Ray Serve that runs, which cannot be changed."""
    if APPLICATION in applications:
        raise InputError(
            f"Ray Serve of this cluster has an application {APPLICATION} already: use that one, or "
            "end it first"
        )
    host, port = client.http_config.host, int(client.http_config.port)
    if host != options.host or options.port not in (0, port):
        raise InputError(
            f"Ray Serve of this cluster listens on {host}:{port} already: give --host {host} "
            f"--port {port}, or another cluster"
        )
    return port
