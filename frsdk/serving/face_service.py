"""The application of Ray Serve, started and ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any  # Ray is optional

from ..errors import BackendError
from ..scale.ray_cluster import ray_cluster, starts_its_own
from .face_worker import Answer, FaceWorker
from .http_entry import HttpEntry
from .loopback_replicas import listen_on_loopback
from .serve_instance import APPLICATION, free_port, serve_instance
from .service_defaults import ServiceOptions

_ROOM = 64  # calls at a worker beside those of a batch that runs


def face_application(options: ServiceOptions) -> Any:
    """The application, for `ray.serve.run` and clusters of your own.

    Args:
        options: How it runs; host, port and address are Ray Serve's own there.
    """
    from ray import serve

    shares_calls: Any = serve.batch(
        max_batch_size=options.batch_size, batch_wait_timeout_s=options.batch_wait_ms / 1000
    )

    class Workers:
        """Ray Serve's side of a worker: requests into batches, batches into a thread."""

        def __init__(self) -> None:
            listen_on_loopback()
            self._worker = FaceWorker(options.reconstructor, options.max_pixels)

        @shares_calls  # type: ignore[untyped-decorator]  # Ray has no types
        async def batched(self, bodies: list[bytes], names: list[str]) -> list[Answer]:
            """Pictures of several requests; called with one of each."""
            pairs = list(zip(bodies, names, strict=True))
            return await asyncio.to_thread(self._worker.answers, pairs)

        async def alone(self, body: bytes, name: str) -> Answer:
            """One picture by itself."""
            (answer,) = await asyncio.to_thread(self._worker.answers, [(body, name)])
            return answer

        async def ready(self) -> bool:
            """Answer, which says that the reconstructor is open."""
            return True

    workers = serve.deployment(
        name="workers",
        num_replicas=options.workers,
        max_ongoing_requests=_ROOM + options.batch_size,
        ray_actor_options={"num_cpus": options.num_cpus, "num_gpus": options.num_gpus},
        health_check_period_s=5,
    )(Workers)
    entry = serve.deployment(
        name="http",
        max_ongoing_requests=4 * options.max_waiting,  # what is too much is told by 503
        ray_actor_options={"num_cpus": 0},
        graceful_shutdown_timeout_s=options.drain_seconds,
    )(HttpEntry)
    return entry.bind(workers.bind(), options)


@contextmanager
def face_service(options: ServiceOptions) -> Iterator[str]:
    """Serve for the `with` block; requests that run at its end are answered first.

    Where Ray Serve runs on the cluster already, the application is put beside its others and taken
    away at the end.

    Args:
        options: How it runs.

    Yields:
        The service's URL.

    Raises:
        InputError: The port is taken; or the cluster's Ray Serve listens elsewhere, or has such an
            application.
        BackendError: Ray or the application does not start.
        MissingDependencyError: Ray Serve is not installed.
        FrsdkError: As :class:`~frsdk.FaceReconstructor` raises.
    """
    alone = starts_its_own(options.address)
    if alone:  # what is wrong is said at once
        free_port(options.host, options.port)
    if not options.num_gpus and options.address is None:
        FaceWorker(options.reconstructor, options.max_pixels)
    with ExitStack() as opened:
        ray = opened.enter_context(ray_cluster(options.address, part="serve"))
        from ray import serve

        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        quiet = {"log_level": "ERROR", "enable_access_log": False}
        try:
            port = opened.enter_context(
                serve_instance(options, shared=not alone, logging_config=quiet)
            )
            entry = serve.run(
                face_application(options), name=APPLICATION, route_prefix="/", logging_config=quiet
            )
        except (RuntimeError, TimeoutError, ray.exceptions.RayError) as error:
            raise BackendError(
                f"the service does not start ({' '.join(str(error).split())[:300]}): start it "
                "again, and see the options of its workers"
            ) from error
        opened.callback(_drain, entry, options.drain_seconds)
        shown = f"[{options.host}]" if ":" in options.host else options.host
        yield f"http://{shown}:{port}"


def _drain(entry: Any, seconds: float) -> None:
    with suppress(TimeoutError):
        entry.drain.remote().result(timeout_s=seconds + 5)
