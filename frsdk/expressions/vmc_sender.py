"""Expressions and head pose live to avatar programs: VMC protocol over OSC.

https://protocol.vmc.info: blendshapes by name, the head's rotation in Unity's frame (left-handed, y
up), one bundle a frame over UDP. UDP has no answer: whether somebody listens is not known.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, OutputError
from ..installation.optional_packages import missing_package

DEFAULT_PORT = 39539


class HeadPose(Protocol):
    """What is sent of a pose; :class:`~frsdk.Pose` has it."""

    @property
    def quaternion_wxyz(self) -> NDArray[np.float64]:
        """(4,) x right, y up, z toward the camera."""


def host_and_port(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``HOST`` (port 39539) apart; IPv6 addresses stand in brackets.

    Raises:
        InputError: The port is not a number from 1 to 65535, or the host is empty.
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    if not host.strip("[]") or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise InputError(f"{text}: expected HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}")
    return host.strip("[]"), int(port)


class VmcSender:
    """Sends one person's expression to one program; a context manager.

    Args:
        address: ``HOST:PORT`` of the program.

    Raises:
        InputError: The address is none, or the host is not known.
        MissingDependencyError: python-osc is not installed.
    """

    def __init__(self, address: str) -> None:
        host, port = host_and_port(address)
        try:
            from pythonosc import osc_bundle_builder, osc_message_builder
        except ImportError as error:
            raise missing_package(error, "pythonosc", "osc", title="python-osc") from error
        self._bundles, self._messages = osc_bundle_builder, osc_message_builder
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{address}: host not found ({reason})") from error
        self._address, self._to = address, found[4]
        self._socket = socket.socket(found[0], found[1])

    def send(
        self, time_s: float, shapes: Mapping[str, float], pose: HeadPose | None = None
    ) -> None:
        """Send a frame.

        Args:
            time_s: Seconds since the start.
            shapes: ARKit's names -> 0..1, as `Face.blendshapes` has them.
            pose: Of the head; None leaves it as it is.

        Raises:
            OutputError: The network refuses, such as for a host that cannot be reached.
        """
        bundle = self._bundles.OscBundleBuilder(self._bundles.IMMEDIATELY)
        self._add(bundle, "/VMC/Ext/OK", 1)
        self._add(bundle, "/VMC/Ext/T", float(time_s))
        if pose is not None:
            w, x, y, z = (float(value) for value in pose.quaternion_wxyz)
            # From right-handed, z toward the camera, to Unity's: the avatar looks back at us.
            self._add(bundle, "/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, x, -y, -z, w)
        for name, value in shapes.items():
            self._add(bundle, "/VMC/Ext/Blend/Val", name, float(value))
        self._add(bundle, "/VMC/Ext/Blend/Apply")
        try:
            self._socket.sendto(bundle.build().dgram, self._to)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"{self._address}: cannot send ({reason}): check the host") from error

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> VmcSender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, bundle: object, address: str, *values: str | int | float) -> None:
        message = self._messages.OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        bundle.add_content(message.build())  # type: ignore[attr-defined]  # an OscBundleBuilder
