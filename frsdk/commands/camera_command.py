"""`frsdk camera`."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any  # Any: options by name

import click
import numpy as np

from .console_errors import counted, one_line, reports_errors
from .options.finite_range import FiniteRange
from .options.network_options import NetworkOptions, network_options
from .options.tracking_options import tracking_options
from .stop_signals import stop_signals

if TYPE_CHECKING:
    from ..expressions.vmc_sender import VmcSender
    from ..video.blendshape_takes import PeopleByName
    from ..video.camera_frames import CameraFrame
    from ..video.preview_window import PreviewWindow
    from ..video.track_camera import CameraReport
    from ..video.video_records import StreamFace

_STATUS_INTERVAL_S = 0.5


@click.command()
@click.argument("source", default="0", metavar="[INDEX|URL|FILE]")
@tracking_options
@click.option("--show", is_flag=True, help="Show the faces in a window; q closes it.")
@click.option("--frames", type=click.IntRange(min=1), metavar="N", help="End after N frames.")
@click.option("--seconds", type=FiniteRange(min=0, min_open=True), metavar="S",
              help="End after S seconds.")  # fmt: skip
@click.option("--patience", type=FiniteRange(min=0, min_open=True), default=10.0,
              show_default=True, metavar="S",
              help="Give up when no frame came for S seconds.")  # fmt: skip
@click.option("--osc", metavar="HOST[:PORT]",
              help="Send the largest face's expression to an avatar (VMC).")  # fmt: skip
@network_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line a frame on stdout.")
@reports_errors
def camera(
    source: str,
    faces: int,
    smoothing: str,
    show: bool,
    frames: int | None,
    seconds: float | None,
    patience: float,
    osc: str | None,
    as_json: bool,
    **network: Any,
) -> None:
    """Follow the faces before a camera: its index, or the address of a stream.

    Always the newest frame is taken; those that came meanwhile are counted as dropped. A camera
    that fails is opened again. Ctrl-C ends it.
    """
    from ..tracking.face_tracker import FaceTracker
    from ..video.camera_frames import CameraFrames
    from ..video.opencv_capture import CameraSource
    from ..video.preview_window import PreviewWindow
    from ..video.track_camera import track_camera

    found = CameraSource(source)

    def on_loss() -> None:
        click.echo(f"frsdk: {one_line(found.name)}: lost, opening it again", err=True)

    with ExitStack() as stack:
        avatar = stack.enter_context(_open_avatar(osc)) if osc else None
        window = stack.enter_context(PreviewWindow(found.name)) if show else None
        reconstructor = stack.enter_context(NetworkOptions(**network).open(faces))
        reconstructor.warm_up()
        chosen = None if smoothing == "none" else smoothing
        tracker = FaceTracker(reconstructor, max_faces=faces, smoothing=chosen)
        stack.enter_context(tracker)
        signals = stack.enter_context(stop_signals())
        stream = stack.enter_context(
            CameraFrames(
                lambda: found.open(patience),
                name=found.name,
                finite=found.finite,
                patience_s=patience,
                on_loss=on_loss,
            )
        )
        output = stack.enter_context(_FrameOutput(window, as_json, avatar))
        report = track_camera(
            stream, tracker, output, stop=signals.stop, max_frames=frames, seconds=seconds
        )
    if not as_json:
        click.echo(_summary(report))
    if signals.number not in (None, signal.SIGINT):
        sys.exit(signals.exit_code)


class _FrameOutput(ExitStack):
    """Prints and shows each frame; where stderr is a terminal, a line there tells how it goes."""

    def __init__(
        self, window: PreviewWindow | None, as_json: bool, avatar: VmcSender | None
    ) -> None:
        super().__init__()
        self._avatar = avatar
        self._people: PeopleByName | None = None
        self._window, self._as_json = window, as_json
        self._status = sys.stderr.isatty() and not (as_json and sys.stdout.isatty())
        self._began_s = self._said_s = time.monotonic()
        self._frames = self._dropped = 0
        if self._status:
            self.callback(click.echo, "\r\033[K", err=True, nl=False)

    def __call__(self, frame: CameraFrame, faces: Sequence[StreamFace]) -> bool:
        self._frames += 1
        self._dropped += frame.dropped
        if self._avatar and faces:
            self._send(self._avatar, frame.time_s, faces)
        if self._as_json:
            from ..video.face_lines import face_line

            click.echo(face_line(frame.index, frame.time_s, faces, dropped=frame.dropped))
        now_s = time.monotonic()
        if self._status and now_s - self._said_s >= _STATUS_INTERVAL_S:
            self._said_s = now_s
            rate = self._frames / (now_s - self._began_s)
            text = _status(rate, self._dropped, faces)
            click.echo(f"\r\033[K{text}", err=True, nl=False)
        if self._window is None:
            return True
        from ..rendering.overlay import draw_faces

        return self._window.show(draw_faces(frame.image_bgr, faces, quality="live"))

    def _send(self, avatar: VmcSender, time_s: float, faces: Sequence[StreamFace]) -> None:
        from ..video.blendshape_takes import PeopleByName

        self._people = self._people or PeopleByName()
        largest = max(faces, key=lambda face: float(np.ptp(face.landmarks[:, :2], axis=0).prod()))
        avatar.send(time_s, self._people.blendshapes(largest), largest.pose)


def _open_avatar(address: str) -> VmcSender:
    from ..expressions.vmc_sender import VmcSender

    return VmcSender(address)


def _status(rate: float, dropped: int, faces: Sequence[StreamFace]) -> str:
    angles = "; ".join(
        f"face {face.id}: yaw {face.pose.yaw_deg:+.0f} pitch {face.pose.pitch_deg:+.0f} "
        f"roll {face.pose.roll_deg:+.0f}"
        for face in faces
    )
    return f"{rate:.1f} frames/s, {dropped} dropped; {angles or 'no face'}"


def _summary(report: CameraReport) -> str:
    rate = (report.frames - 1) / report.duration_s if report.duration_s else 0.0
    losses = f", {counted(report.losses, 'loss', 'losses')}" if report.losses else ""
    return (
        f"a face in {report.frames_with_face} of {counted(report.frames, 'frame')}, "
        f"{counted(report.ids, 'id')} ({rate:.1f} frames/s, {report.dropped} dropped{losses})"
    )
