"""Frames into an MP4 file that browsers play."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BackendError, OutputError
from ..storage.partial_file import discard, partial_path, publish
from .audio_track import AudioTrack
from .pyav_module import load_pyav, reason

if TYPE_CHECKING:
    from av import AudioStream, Packet

_ENCODER = "libx264"
# The fastest preset, which holds no frames back, so that memory is flat.
_OPTIONS = {"preset": "ultrafast", "crf": "20"}
# Several threads take more processor time in all: up to this size one is fast enough.
_ONE_THREAD_PIXELS, _MAX_THREADS = 1920 * 1088, 4
_INDEX_IN_FRONT = {"movflags": "+faststart"}
_TICKS_PER_S = 90_000
_BT709, _BT601, _LIMITED_RANGE = 1, 6, 1  # AVCOL_SPC_*, AVCOL_RANGE_MPEG
_HD_HEIGHT = 720


class OverlayWriter:
    """Writes H.264 (yuv420p, the index in front) with the times of the frames, and sound beside it.

    The file has the name `PATH.part` until :meth:`finish`.

    Attributes:
        audio_codec: Codec of the sound, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_wh: tuple[int, int],
        frame_rate: Fraction,
        pixel_aspect: Fraction = Fraction(1),
        audio: AudioStream | None = None,
        audio_start_s: float = 0.0,
    ) -> None:
        """Open the file.

        Args:
            path: Its final name.
            size_wh: Of the frames, in pixels; H.264's colours need even numbers, so that an odd
                side gets one more row or column, a copy of the last one.
            frame_rate: Frames a second on average.
            pixel_aspect: Width of a pixel / its height.
            audio: The stream whose packets :meth:`write_audio` will get.
            audio_start_s: That stream's time that becomes 0.

        Raises:
            OutputError: The file cannot be opened.
            BackendError: This FFmpeg has no H.264 encoder.
            MissingDependencyError: PyAV is not installed.
        """
        self._av = load_pyav()
        if _ENCODER not in self._av.codecs_available:
            raise BackendError(
                "this PyAV has no H.264 encoder (libx264): install PyAV's own wheel "
                "(pip install --force-reinstall av), or use --no-overlay"
            )
        self._path = path
        self._size_wh = size_wh
        self._frame_rate, self._pixel_aspect = frame_rate, pixel_aspect
        self._colours = _BT709 if size_wh[1] >= _HD_HEIGHT else _BT601
        self._last_tick = -1
        try:
            self._open(audio, audio_start_s)
        except (self._av.error.FFmpegError, OSError) as error:
            self.discard()
            raise self._not_writable(error) from error

    def _open(self, audio: AudioStream | None, audio_start_s: float) -> None:
        """Begin the file: its streams and its header; without sound whose header is damaged."""
        partial = partial_path(self._path)
        try:
            self._container = self._av.open(
                f"file:{partial}", "w", format="mp4", options=_INDEX_IN_FRONT
            )
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._not_writable(error) from error
        one = self._size_wh[0] * self._size_wh[1] <= _ONE_THREAD_PIXELS
        options = {**_OPTIONS, "threads": str(1 if one else min(_MAX_THREADS, os.cpu_count() or 1))}
        self._stream = self._container.add_stream(_ENCODER, rate=self._frame_rate, options=options)
        self._stream.width, self._stream.height = (side + side % 2 for side in self._size_wh)
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, _TICKS_PER_S)
        context.sample_aspect_ratio = self._pixel_aspect
        context.colorspace = context.color_primaries = context.color_trc = self._colours
        context.color_range = _LIMITED_RANGE
        self.audio_codec, self._audio = None, None
        try:
            if audio is not None:
                self._audio = AudioTrack(self._container, audio, audio_start_s)
                self.audio_codec = self._audio.codec
            self._container.start_encoding()
        except ValueError:  # FFmpeg's errors about the data are also that
            if audio is None:
                raise
            self.discard()
            self._open(None, 0.0)

    def write(self, image_bgr: NDArray[np.uint8], time_s: float) -> None:
        """Add a frame.

        Args:
            image_bgr: (H, W, 3) uint8 of the file's size.
            time_s: When it is shown, seconds from the start, later than the last one.

        Raises:
            OutputError: The disk is full.
        """
        width, height = self._size_wh
        if width % 2 or height % 2:
            edge = cv2.BORDER_REPLICATE
            image_bgr = np.asarray(
                cv2.copyMakeBorder(image_bgr, 0, height % 2, 0, width % 2, edge), np.uint8
            )
        whole = self._av.VideoFrame.from_numpy_buffer(
            np.ascontiguousarray(image_bgr), format="bgr24"
        )
        matrix = "ITU709" if self._colours == _BT709 else "ITU601"
        frame = whole.reformat(format="yuv420p", dst_colorspace=matrix)
        self._last_tick = max(self._last_tick + 1, round(time_s * _TICKS_PER_S))
        frame.pts, frame.time_base = self._last_tick, Fraction(1, _TICKS_PER_S)
        frame.duration = round(_TICKS_PER_S / self._frame_rate)
        try:
            self._container.mux(self._stream.encode(frame))
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._not_writable(error) from error

    def write_audio(self, packet: Packet[AudioStream]) -> None:
        """Add a packet of the audio stream.

        Raises:
            OutputError: The disk is full.
        """
        if self._audio is None:
            return
        try:
            self._audio.write(packet)
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._not_writable(error) from error

    def finish(self) -> None:
        """Complete the file; it keeps its partial name until :meth:`publish`.

        Raises:
            OutputError: The disk is full, or the header of the sound was damaged.
        """
        try:
            self._container.mux(self._stream.encode(None))
            if self._audio is not None:
                self._audio.finish()
            self._container.close()
        except self._av.error.InvalidDataError as error:  # met where the index is written
            raise OutputError(
                f"{self._path}: cannot be written (the video's sound is damaged): use --no-overlay"
            ) from error
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._not_writable(error) from error

    def publish(self) -> None:
        """Give the complete file its final name.

        Raises:
            OutputError: The disk is full, or the folder not writable.
        """
        publish(self._path)

    def discard(self) -> None:
        """Close and remove the file."""
        try:
            self._container.close()
        except (self._av.error.FFmpegError, OSError):  # it is thrown away
            pass
        finally:
            discard(self._path)

    def _not_writable(self, error: Exception) -> OutputError:
        return OutputError(
            f"{self._path}: cannot be written ({reason(error)}): "
            "check the folder, its rights and the free space"
        )
