"""What an avatar program receives, over the loopback."""

from __future__ import annotations

import socket
import sys

import numpy as np
import pytest

from frsdk import InputError, MissingDependencyError, OutputError, Pose, VmcSender
from frsdk.expressions.vmc_sender import host_and_port
from frsdk.morphable.head_pose import rotation_from_angles

osc_bundle = pytest.importorskip("pythonosc.osc_bundle", reason="needs python-osc (frsdk[osc])")


def received(send: object, pose: Pose | None) -> list[tuple[str, list[object]]]:
    """Address and values of each message of one frame."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5.0)
        with VmcSender(f"127.0.0.1:{listener.getsockname()[1]}") as sender:
            sender.send(1.5, send, pose)  # type: ignore[arg-type]
        bundle = osc_bundle.OscBundle(listener.recv(65536))
    return [(message.address, list(message.params)) for message in bundle]


def pose(yaw: float, pitch: float, roll: float) -> Pose:
    rotation = rotation_from_angles(yaw, pitch, roll)
    return Pose.from_rotation(rotation, scale=1.0, translation=np.zeros(3))


def test_a_frame_is_one_bundle() -> None:
    messages = received({"jawOpen": 0.25, "eyeBlinkLeft": 1.0}, None)
    assert [address for address, _ in messages] == [
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
        "/VMC/Ext/Blend/Val",
        "/VMC/Ext/Blend/Val",
        "/VMC/Ext/Blend/Apply",
    ]
    assert messages[0][1] == [1] and messages[1][1] == [1.5]
    assert messages[2][1] == ["jawOpen", 0.25] and messages[3][1] == ["eyeBlinkLeft", 1.0]


def unity_forward(values: list[object]) -> np.ndarray:
    """Where an avatar looks that faces +z, turned by the quaternion x y z w of a message."""
    x, y, z, w = (float(v) for v in values)  # type: ignore[arg-type]
    return np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])


def test_the_avatar_turns_as_the_person_does() -> None:
    bone = dict(received({}, pose(30.0, 0.0, 0.0)))["/VMC/Ext/Bone/Pos"]
    assert bone[:4] == ["Head", 0.0, 0.0, 0.0]
    # To the image's right is the person's left, and an avatar's left is -x in Unity.
    assert unity_forward(bone[4:])[0] == pytest.approx(-0.5, abs=1e-4)
    up = dict(received({}, pose(0.0, 20.0, 0.0)))["/VMC/Ext/Bone/Pos"]
    assert unity_forward(up[4:])[1] == pytest.approx(np.sin(np.radians(20.0)), abs=1e-4)


def test_addresses() -> None:
    assert host_and_port("10.0.0.2:1234") == ("10.0.0.2", 1234)
    assert host_and_port("localhost") == ("localhost", 39539)
    assert host_and_port("[::1]:99") == ("::1", 99)
    assert host_and_port("[::1]") == ("::1", 39539)
    for text in ("", ":80", "a:b", "a:0", "a:70000", "a:"):
        with pytest.raises(InputError, match="expected HOST:PORT"):
            host_and_port(text)


def test_a_host_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(InputError, match=r"nowhere:9: host not found \(Name or service"):
        VmcSender("nowhere:9")


def test_a_network_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, *_: object) -> None:
            pass

        def sendto(self, *_: object) -> None:
            raise OSError(101, "Network is unreachable")

        def close(self) -> None:
            pass

    with VmcSender("127.0.0.1:9") as sender:
        sender.close()
        monkeypatch.setattr(sender, "_socket", Refusing())
        with pytest.raises(OutputError, match=r"127\.0\.0\.1:9: cannot send .*unreachable"):
            sender.send(0.0, {})


def test_python_osc_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pythonosc", None)
    with pytest.raises(MissingDependencyError, match=r"osc"):
        VmcSender("127.0.0.1:9")


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".org"])
def test_a_name_that_no_host_can_have_is_one_line(host: str) -> None:
    with pytest.raises(InputError, match="host not found"):
        VmcSender(f"{host}:39539")
