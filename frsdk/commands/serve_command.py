"""`frsdk serve`: faces over HTTP."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any  # options of click by name

import click

from ..serving.service_defaults import ServiceOptions
from .console_errors import reports_errors
from .options.finite_range import FiniteRange
from .options.network_options import (
    NetworkOptions,
    address_option,
    batch_size_option,
    network_options,
)
from .stop_signals import stop_signals

_COUNT = click.IntRange(min=1)
_DEFAULTS = ServiceOptions()


@click.command()
@click.option(
    "--host", default=_DEFAULTS.host, show_default=True, metavar="ADDRESS", help="To bind."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULTS.port,
    show_default=True,
    metavar="N",
    help="0 takes a free one.",
)
@click.option("--faces", type=_COUNT, metavar="N", help="At most N faces a picture.")
@network_options
@click.option(
    "--workers",
    type=_COUNT,
    default=_DEFAULTS.workers,
    show_default=True,
    metavar="N",
    help="Processes.",
)
@click.option(
    "--gpus",
    type=FiniteRange(min=0),
    default=_DEFAULTS.num_gpus,
    metavar="X",
    help="Of a process.",
)
@batch_size_option(_DEFAULTS.batch_size, "Pictures of several requests that share a call.")
@click.option(
    "--batch-wait-ms",
    type=FiniteRange(min=0),
    default=_DEFAULTS.batch_wait_ms,
    show_default=True,
    metavar="MS",
    help="How long a picture waits for others.",
)
@click.option(
    "--max-bytes", type=_COUNT, default=_DEFAULTS.max_bytes, show_default=True, metavar="N",
    help="Of a picture's file; more is 413.",
)  # fmt: skip
@click.option(
    "--max-pixels", type=_COUNT, default=_DEFAULTS.max_pixels, show_default=True, metavar="N",
    help="Of a picture; more is 413.",
)  # fmt: skip
@click.option(
    "--max-waiting", type=_COUNT, default=_DEFAULTS.max_waiting, show_default=True, metavar="N",
    help="Requests at a time; more are 503.",
)  # fmt: skip
@address_option
@reports_errors
def serve(faces: int | None, gpus: float, **options: Any) -> None:
    """Serve faces over HTTP: POST a picture to /v1/faces, get what faces.json says.

    Also /healthz, /readyz and /metrics (Prometheus). Ctrl-C or SIGTERM ends it: requests that run
    are answered first.
    """
    from ..serving.face_service import face_service

    shown = sys.stdout
    own = {name: options.pop(name) for name in list(options) if name in ServiceOptions.__slots__}
    network = NetworkOptions(**options).named(faces)
    with (
        stop_signals() as signals,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),  # Ray prints there that its own processes end
        face_service(ServiceOptions(reconstructor=network, num_gpus=gpus, **own)) as url,
    ):
        click.echo(f"faces of pictures at {url}/v1/faces (Ctrl+C ends it)", file=shown)
        signals.stop.wait()
        click.echo("ending: requests that run are answered first", err=True)
