"""The frames of a video file, upright and in time, with its audio packets between them."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.read_image import DEFAULT_MAX_PIXELS
from .frame_clock import FrameClock
from .matroska_length import told_length_s
from .pyav_module import load_pyav, reason
from .upright_pixels import fitted, lies_on_its_side, upright_bgr

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer

_DEFAULT_RATE = Fraction(30)
_MAX_DECODER_THREADS = 4
# A playlist may name addresses; they are not followed.
_LOCAL_ONLY = {"protocol_whitelist": "file,crypto,data"}
_MICROSECONDS = 1_000_000
_TEXT_FORMATS = frozenset({"tty", "bin", "xbin", "adf", "idf"})  # text that FFmpeg would draw


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One frame.

    Attributes:
        index: Its number among the decoded ones, from 0.
        time_s: Seconds from the start of the file, more than the last frame's.
        image_bgr: (H, W, 3) uint8, upright; every frame of a file has the first one's size.
    """

    index: int
    time_s: float
    image_bgr: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class AudioPacket:
    """A packet of the audio stream, as the file has it."""

    packet: Packet[AudioStream]


class VideoReader:
    """Reads a video file once, from front to end.

    Attributes:
        name: The path as given.
        start_s: The file's own time that counts as 0.
        damaged: Frames that could not be decoded, or only in parts; they are left out.
        resized: Frames of another size than the first one's, fitted into it with black bars.
        truncated: Whether the file ends before its own index says; known at the end.
        size_wh: Width and height in pixels of the upright frames, after the first of them.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
    ) -> None:
        """Open the file and read its header.

        Args:
            path: A video file on this machine.
            max_pixels: Refuse frames with more pixels than this.

        Raises:
            InputError: No such file, not a video, a picture, audio only, or too large.
            MissingDependencyError: PyAV is not installed.
        """
        self._av = load_pyav()
        self.name = os.fspath(path)
        self._max_pixels = max_pixels
        self._container = self._open(Path(path))
        try:
            self._check_kind()
            video = self._video = self._best_video()
            context = video.codec_context
            self._check_size(context.width, context.height)
            video.thread_type = "AUTO"
            context.thread_count = min(_MAX_DECODER_THREADS, os.cpu_count() or 1)
        except BaseException:
            self._container.close()
            raise
        # An index of a truncated file still names all its frames.
        self._expected_packets = len(video.index_entries) if self._format.startswith("mov") else 0
        self.start_s = (self._container.start_time or 0) / _MICROSECONDS
        # Matroska's lengths count from 0, wherever the first frame stands.
        told_s = told_length_s(self._container, self._video, self.audio)
        self._promised_s = (told_s - max(0.0, self.start_s)) * 0.95 - 1
        self.damaged = 0
        self.resized = 0
        self.truncated = False
        self.size_wh: tuple[int, int] | None = None
        self._lies_on_its_side = False
        self._frames = 0
        self._clock = FrameClock(start_s=self.start_s, nominal_s=1 / float(self.frame_rate))

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second on average, or 30 where the file does not tell a possible one."""
        for rate in (self._video.average_rate, self._video.guessed_rate):
            if rate and Fraction(1, 10) <= rate <= 1000:
                return Fraction(rate)
        return _DEFAULT_RATE

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel / its height; 1 where the file tells no possible one.

        Of the upright frames, after the first of them: a quarter turn swaps the two.
        """
        aspect = self._video.sample_aspect_ratio
        stored = Fraction(aspect) if aspect and 0.1 <= aspect <= 10 else Fraction(1)
        return 1 / stored if self._lies_on_its_side else stored

    @property
    def frame_bytes(self) -> int:
        """Size of a decoded frame, as far as the header tells."""
        context = self._video.codec_context
        return max(1, context.width * context.height * 3)

    @property
    def expected_frames(self) -> int | None:
        """How many frames there should be, where the file tells."""
        if self._video.frames:
            return int(self._video.frames)
        duration = self._container.duration
        return round(duration / _MICROSECONDS * self.frame_rate) if duration else None

    @property
    def audio(self) -> AudioStream | None:
        """The audio stream whose packets come along, if there is one."""
        stream = cast("AudioStream | None", self._container.streams.best("audio"))
        # A codec that this FFmpeg does not know has no context.
        return stream if stream is not None and stream.codec_context is not None else None

    @property
    def retimed(self) -> int:
        """Frames without a time of their own, or with one that did not go forward."""
        return self._clock.corrected

    def media(self, stop: threading.Event | None = None) -> Iterator[VideoFrame | AudioPacket]:
        """Frames and audio packets in the order of the file.

        Args:
            stop: When it is set, the file ends here.

        Raises:
            InputError: A frame is too large.
        """
        packets, end_s = 0, 0.0
        for packet in self._packets():
            if stop is not None and stop.is_set():
                return
            if packet.pts is not None and packet.time_base is not None:
                end_s = max(end_s, float(packet.pts * packet.time_base) - self.start_s)
            if packet.stream.type == "audio":
                if packet.size:
                    yield AudioPacket(packet)
                continue
            packets += packet.size > 0
            self.truncated |= packet.is_corrupt
            yield from self._decoded(packet)
        self.truncated |= packets < self._expected_packets or end_s < self._promised_s

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> VideoReader:
        """Return the open reader."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _packets(self) -> Iterator[Packet[AudioStream] | Packet[VideoStream]]:
        audio = self.audio
        streams = [self._video, audio] if audio else [self._video]
        packets = cast(
            "Iterator[Packet[AudioStream] | Packet[VideoStream]]", self._container.demux(streams)
        )
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            # IndexError: a packet of a stream that the header did not name.
            except (self._av.error.FFmpegError, OSError, IndexError):
                self.truncated = True
                return
            yield packet

    def _decoded(self, packet: Packet[VideoStream]) -> Iterator[VideoFrame]:
        try:
            frames = packet.decode()
        except self._av.error.FFmpegError:
            self.damaged += 1
            return
        for frame in frames:
            if frame.is_corrupt:
                self.damaged += 1
                continue
            self._check_size(frame.width, frame.height)
            image = upright_bgr(frame)
            size = (image.shape[1], image.shape[0])
            if self.size_wh is None:
                self.size_wh = size
                self._lies_on_its_side = lies_on_its_side(frame)
            elif size != self.size_wh:
                image = fitted(image, self.size_wh)
                self.resized += 1
            index, self._frames = self._frames, self._frames + 1
            yield VideoFrame(index, self._clock.time_s(frame.time), image)

    def _open(self, path: Path) -> InputContainer:
        try:
            status = path.stat()
        except OSError as error:
            problem = "no such file" if isinstance(error, FileNotFoundError) else reason(error)
            raise InputError(f"{self.name}: {problem}") from error
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{self.name}: is not a regular file, expected a video")
        if not status.st_size:
            raise InputError(f"{self.name}: is empty (0 bytes)")
        try:
            container = self._av.open(
                f"file:{path}", options=_LOCAL_ONLY, metadata_errors="replace"
            )
        except self._av.error.InvalidDataError as error:
            raise InputError(
                f"{self.name}: not a video that FFmpeg reads, or cut off before its index"
            ) from error
        except (self._av.error.FFmpegError, OSError) as error:
            raise InputError(f"{self.name}: cannot be read: {reason(error)}") from error
        return cast("InputContainer", container)

    @property
    def _format(self) -> str:
        return str(self._container.format.name)

    def _check_kind(self) -> None:
        kind = self._format
        if kind == "image2" or kind.endswith("_pipe"):
            raise InputError(
                f"{self.name}: is a picture, not a video: use frsdk reconstruct {self.name}"
            )
        if kind in _TEXT_FORMATS:
            raise InputError(f"{self.name}: not a video (text)")

    def _best_video(self) -> VideoStream:
        from av.stream import Disposition

        stream = self._container.streams.best("video")
        # A cover picture is a video stream of one frame.
        if stream is None or stream.disposition & Disposition.attached_pic:
            what = "only audio" if self.audio is not None else "no video stream"
            raise InputError(f"{self.name}: has {what}, expected a video")
        if stream.codec_context is None:
            raise InputError(f"{self.name}: FFmpeg has no decoder for its video: convert it")
        return cast("VideoStream", stream)

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise InputError(
                f"{self.name}: too many pixels: {width}x{height} = {width * height}, "
                f"at most {self._max_pixels} (raise --max-pixels to read it)"
            )
