"""A video through a tracker into an overlay and records, in threads side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..rendering.overlay import draw_faces
from ..storage.path_kinds import exists
from .output_paths import OutputPaths
from .overlay_writer import OverlayWriter
from .thread_queue import read_ahead, write_behind
from .video_defaults import VideoOptions
from .video_reader import AudioPacket, VideoFrame, VideoReader
from .video_records import StreamFace, VideoRecords

_QUEUED_BYTES = 32_000_000  # between two threads
_MAX_QUEUED = 4


class Track(Protocol):
    """What finds the faces: a `FaceTracker`, or anything called like one."""

    def __call__(self, frame_bgr: NDArray[np.uint8], timestamp_s: float, /) -> Sequence[StreamFace]:
        """Faces of the next frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReport:
    """What became of a video.

    Attributes:
        frames: Frames tracked and written.
        frames_with_face: Of them, those with a face.
        ids: How many ids the faces had; one who comes back after a second gets another.
        damaged: Frames left out because they could not be decoded, or only in parts.
        resized: Frames of another size than the first one's, fitted into it with black bars.
        retimed: Frames whose time was missing or did not go forward.
        truncated: Whether the file ends before its own index says.
        interrupted: Whether it was stopped before the end.
        width: Of the frames, in pixels, upright.
        height: Of the frames, in pixels, upright.
        duration_s: Time of the last frame.
        elapsed_s: How long it took.
        audio: Codec of the overlay's sound, or None.
        meshes: Mesh files written.
    """

    frames: int
    frames_with_face: int
    ids: int
    damaged: int
    resized: int
    retimed: int
    truncated: bool
    interrupted: bool
    width: int
    height: int
    duration_s: float
    elapsed_s: float
    audio: str | None
    meshes: int


def track_video(
    reader: VideoReader,
    track: Track,
    paths: OutputPaths,
    options: VideoOptions | None = None,
    *,
    stop: threading.Event | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> VideoReport:
    """Track the faces of a video and write what was found.

    Decoding, tracking, drawing and encoding each have a thread, with a few frames between them, so
    that memory does not grow with the length. Files have names that end in `.part` while they grow
    and their own when all are complete; after an error none is left.

    Args:
        reader: The video.
        track: Finds the faces of each frame.
        paths: Where results go; the folder is made if it does not exist.
        options: What to write; the default is the overlay and the records.
        stop: When it is set, the video ends here: what was tracked is completed and published.
        on_frame: Called in the caller's thread after each frame, with the number of frames so far.

    Returns:
        The sums.

    Raises:
        InputError: The video has no frame that can be decoded, or another run writes there.
        OutputError: A file cannot be written.
        MissingDependencyError: A package is missing that an option needs.
    """
    stop = stop or threading.Event()
    started = time.monotonic()
    paths.make_folder()
    with paths.locked():
        results = _Results(reader, paths, options or VideoOptions())
        try:
            counts = _stream(reader, track, results, stop, on_frame)
            if counts.frames:
                results.publish()
            elif not stop.is_set():
                damaged = f" ({reader.damaged} damaged)" if reader.damaged else ""
                raise InputError(f"{reader.name}: has no frame that can be decoded{damaged}")
        finally:
            results.discard()
    width, height = reader.size_wh or (0, 0)
    return VideoReport(
        frames=counts.frames,
        frames_with_face=counts.with_face,
        ids=len(counts.ids),
        damaged=reader.damaged,
        resized=reader.resized,
        retimed=reader.retimed,
        truncated=reader.truncated and not stop.is_set(),
        interrupted=stop.is_set(),
        width=width,
        height=height,
        duration_s=counts.last_s,
        elapsed_s=time.monotonic() - started,
        audio=results.audio_codec,
        meshes=results.records.meshes,
    )


class _Counts:
    """Sums over the tracked frames."""

    def __init__(self) -> None:
        self.frames = self.with_face = 0
        self.ids: set[int] = set()
        self.last_s = 0.0

    def add(self, time_s: float, faces: Sequence[StreamFace]) -> None:
        self.frames += 1
        self.with_face += bool(faces)
        self.ids.update(face.id for face in faces)
        self.last_s = time_s


def _stream(
    reader: VideoReader,
    track: Track,
    results: _Results,
    stop: threading.Event,
    on_frame: Callable[[int], None] | None,
) -> _Counts:
    def record(item: _TrackedFrame | AudioPacket) -> None:
        results.draw(item, encode)

    counts = _Counts()
    waiting = max(1, min(_MAX_QUEUED, _QUEUED_BYTES // reader.frame_bytes))
    with (
        read_ahead(reader.media(stop), waiting) as media,
        write_behind(results.encode, waiting) as encode,
        write_behind(record, waiting) as draw,
    ):
        for item in media:
            if isinstance(item, AudioPacket):
                draw(item)
                continue
            faces = track(item.image_bgr, item.time_s)
            draw(_TrackedFrame(item, faces))
            counts.add(item.time_s, faces)
            if on_frame is not None:
                on_frame(counts.frames)
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class _TrackedFrame:
    frame: VideoFrame
    faces: Sequence[StreamFace]


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    image_bgr: NDArray[np.uint8]
    time_s: float


class _Results:
    """The open files of one run."""

    def __init__(self, reader: VideoReader, paths: OutputPaths, options: VideoOptions) -> None:
        self._reader, self._paths, self._options = reader, paths, options
        self._overlay: OverlayWriter | None = None
        self._early_audio: list[AudioPacket] = []  # before the first frame, whose size is needed
        self.records = VideoRecords(paths, options)

    @property
    def audio_codec(self) -> str | None:
        return self._overlay.audio_codec if self._overlay else None

    def draw(
        self, item: _TrackedFrame | AudioPacket, encode: Callable[[_Picture | AudioPacket], None]
    ) -> None:
        """Record a frame, and draw its faces for the overlay."""
        if isinstance(item, AudioPacket):
            if self._options.overlay:
                encode(item)
            return
        frame, faces = item.frame, item.faces
        self.records.write(frame.index, frame.time_s, frame.image_bgr, faces)
        if self._options.overlay:
            image = frame.image_bgr
            drawn = draw_faces(image, faces, quality="live") if faces else image
            encode(_Picture(drawn, frame.time_s))

    def encode(self, item: _Picture | AudioPacket) -> None:
        """Write a drawn frame or the sound."""
        if isinstance(item, AudioPacket):
            if self._overlay is None:
                self._early_audio.append(item)
            else:
                self._overlay.write_audio(item.packet)
            return
        if self._overlay is None:
            height, width = item.image_bgr.shape[:2]
            self._overlay = OverlayWriter(
                self._paths.overlay,
                size_wh=(width, height),
                frame_rate=self._reader.frame_rate,
                pixel_aspect=self._reader.pixel_aspect,
                audio=self._reader.audio,
                audio_start_s=self._reader.start_s,
            )
            for early in self._early_audio:
                self._overlay.write_audio(early.packet)
            self._early_audio.clear()
        self._overlay.write(item.image_bgr, item.time_s)

    def publish(self) -> None:
        """Complete all files, then give them their names; a failure leaves none that was not there.

        Raises:
            OutputError: A file cannot be written or renamed.
        """
        self.records.finish()
        files = [*self.records.files(), *([self._paths.overlay] if self._overlay else [])]
        new = [path for path in files if not exists(path)]
        try:
            if self._overlay is not None:
                self._overlay.finish()
                self._overlay.publish()
            self.records.publish()
        except BaseException:
            for path in new:
                path.unlink(missing_ok=True)
            raise

    def discard(self) -> None:
        """Remove what was not published."""
        self.records.discard()
        if self._overlay is not None:
            self._overlay.discard()
