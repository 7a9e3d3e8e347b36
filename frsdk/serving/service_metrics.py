"""What the service counts, as Prometheus reads it."""

from __future__ import annotations

from importlib import import_module

from .face_worker import Answer

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_PICTURES = (1, 2, 4, 8, 16, 32)


class ServiceMetrics:
    """Counters of one process, and their text."""

    def __init__(self) -> None:
        """Begin with zeros."""
        client = import_module("prometheus_client")  # Ray Serve brings it
        self._client = client
        self._registry = client.CollectorRegistry()
        given = {"registry": self._registry}
        self._requests = client.Counter(
            "frsdk_requests", "Requests for faces by the status of their answer.", ["status"],
            **given,
        )  # fmt: skip
        self._faces = client.Counter("frsdk_faces", "Faces found.", **given)
        self._seconds = client.Histogram(
            "frsdk_request_seconds", "From the head of a request to its answer.",
            buckets=_SECONDS, **given,
        )  # fmt: skip
        self._batch = client.Histogram(
            "frsdk_batch_pictures", "Pictures that shared a call.", buckets=_PICTURES, **given
        )
        self._running = client.Gauge("frsdk_requests_running", "Requests now.", **given)

    def begun(self) -> None:
        """Count a request that runs."""
        self._running.inc()

    def ended(self, answer: Answer, seconds: float) -> None:
        """Count a request's answer."""
        self._running.dec()
        self._requests.labels(str(answer.status)).inc()
        self._seconds.observe(seconds)
        if answer.status == 200:
            self._faces.inc(answer.faces)
            self._batch.observe(answer.batch)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return bytes(self._client.generate_latest(self._registry))
