"""Ray Serve that runs already: others' applications stay, and what it listens on is said."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from frsdk.errors import BackendError, InputError
from frsdk.serving.face_service import face_service
from frsdk.serving.serve_instance import free_port
from frsdk.serving.service_defaults import ServiceOptions

pytestmark = pytest.mark.ray


def other_application(serve: Any, route: str) -> None:
    class Other:
        def __call__(self) -> str:
            return "still here"

    made = serve.deployment(name="other", ray_actor_options={"num_cpus": 0})(Other)
    serve.run(made.bind(), name="other", route_prefix=route, logging_config={"log_level": "ERROR"})


def answer(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=60) as reply:
        return reply.status, reply.read().decode()


@pytest.fixture
def running(local_ray: Any) -> Iterator[tuple[Any, int]]:
    """Ray Serve of somebody else's, and its port."""
    from ray import serve

    port = free_port("127.0.0.1", 0)
    serve.start(
        http_options={"host": "127.0.0.1", "port": port}, logging_config={"log_level": "ERROR"}
    )
    yield serve, port
    serve.shutdown()


def test_it_serves_beside_others_and_takes_only_itself_away(running: tuple[Any, int]) -> None:
    serve, port = running
    other_application(serve, "/other")
    elsewhere = free_port("127.0.0.1", 0)
    for wrong in (ServiceOptions(port=elsewhere), ServiceOptions(port=port, host="0.0.0.0")):
        with (
            pytest.raises(InputError, match=f"give --host 127.0.0.1 --port {port}"),
            face_service(wrong),
        ):
            pass
    with face_service(ServiceOptions(port=0)) as url:
        assert url == f"http://127.0.0.1:{port}"
        assert answer(f"{url}/readyz")[0] == 200
        assert set(serve.status().applications) == {"frsdk", "other"}
    assert set(serve.status().applications) == {"other"}
    assert answer(f"http://127.0.0.1:{port}/other") == (200, "still here")


def test_a_start_that_fails_leaves_others_alone(running: tuple[Any, int]) -> None:
    serve, port = running
    other_application(serve, "/")
    with (
        pytest.raises(BackendError, match="the service does not start"),
        face_service(ServiceOptions(port=port)),
    ):
        pass
    assert answer(f"http://127.0.0.1:{port}/") == (200, "still here")


def test_what_others_deployed_since_stays(local_ray: Any) -> None:
    from ray import serve

    try:
        with face_service(ServiceOptions(port=0)) as url:
            other_application(serve, "/other")
        assert set(serve.status().applications) == {"other"}
        assert answer(f"{url}/other") == (200, "still here")
    finally:
        serve.shutdown()
    with face_service(ServiceOptions(port=0)):
        pass
    assert serve.status().proxies == {}  # nobody else was there: all of it is gone
    assert not serve.status().applications
