"""The sound of a video in the file that is written."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .pyav_module import load_pyav

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import OutputContainer

# What browsers play in an MP4 file; anything else becomes AAC.
_COPIED = frozenset({"aac", "mp3", "opus", "flac"})
_LONGEST_S = 1e6
_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class AudioTrack:
    """Copies the packets of one stream, or encodes them as AAC where a browser would not play them.

    Attributes:
        codec: What the file has: the stream's own codec, or "aac".
    """

    def __init__(self, container: OutputContainer, source: AudioStream, start_s: float) -> None:
        """Add the stream to a file whose header is not written yet.

        Args:
            container: The file.
            source: Where the packets come from.
            start_s: The source's time that becomes 0.
        """
        self._av = load_pyav()
        self._container = container
        self._start_s = start_s
        self._last_dts = -(1 << 62)
        name = source.codec_context.codec.canonical_name  # mp3 where the decoder is mp3float
        self._copied = name in _COPIED
        if self._copied:
            self._stream: AudioStream = container.add_stream_from_template(source)
            self.codec = name
            return
        rate = source.codec_context.sample_rate
        self._stream = container.add_stream("aac", rate=rate if rate in _AAC_RATES_HZ else 48000)
        self._stream.layout = "mono" if source.codec_context.channels == 1 else "stereo"
        self.codec = "aac"

    def write(self, packet: Packet[AudioStream]) -> None:
        """Write one packet of the source; one that is damaged is a short silence."""
        try:
            if self._copied:
                self._copy(packet)
            else:
                self._encode(packet)
        # FFmpeg's errors about the data are ValueErrors too, as PyAV's own are.
        except (ValueError, self._av.error.PatchWelcomeError):
            return

    def _copy(self, packet: Packet[AudioStream]) -> None:
        if packet.dts is None or packet.time_base is None:
            return
        shift = round(self._start_s / packet.time_base)
        if not self._last_dts < packet.dts - shift < _LONGEST_S / packet.time_base:
            return  # the file would not take it
        self._last_dts = packet.dts = packet.dts - shift
        packet.pts = packet.dts if packet.pts is None else max(packet.dts, packet.pts - shift)
        packet.stream = self._stream
        self._container.mux(packet)

    def _encode(self, packet: Packet[AudioStream]) -> None:
        for frame in packet.decode():
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(self._start_s / frame.time_base)
            self._mux_encoded(frame)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if not self._copied:
            with suppress(ValueError):  # as in `write`
                self._mux_encoded(None)

    def _mux_encoded(self, frame: AudioFrame | None) -> None:
        for packet in self._stream.encode(frame):
            if packet.dts is not None and packet.dts > self._last_dts:
                self._last_dts = packet.dts
                self._container.mux(packet)
