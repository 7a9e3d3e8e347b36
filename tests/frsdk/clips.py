"""Tiny clips made with PyAV, and a tracker that knows where the light is."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

av = pytest.importorskip("av", reason="needs PyAV (frsdk[video])")

TICKS_PER_S = 90_000
Image = NDArray[np.uint8]


class StubReconstructor:
    """A reconstructor that keeps the options it was opened with."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        type(self).options = options

    def __enter__(self) -> StubReconstructor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def warm_up(self) -> None:
        pass


def make_clip(
    path: Path,
    frames: Sequence[Image],
    *,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    audio: str | None = None,
    damaged: Sequence[int] = (),
    options: dict[str, str] | None = None,
) -> Path:
    """BGR or BGRA frames at 30 a second, or at times of their own, into a file.

    `rotation` is the quarter turn, counter-clockwise, that a player makes; `aspect` is a pixel's
    width over its height. Frames may change in
    size with a codec that keeps no state ("mjpeg"). Of the packets in `damaged` only rubbish
    is left.
    """
    ticks_per_s = 30 if codec.startswith("mpeg") else TICKS_PER_S  # MPEG has rates of its own
    times = times_s or [index / 30 for index in range(len(frames))]
    file_options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=file_options) as container:
        stream = container.add_stream(codec, rate=30, options=options or {})
        _set_up(stream, frames[0], pix_fmt, Fraction(1, ticks_per_s))
        stream.codec_context.sample_aspect_ratio = aspect
        sound = container.add_stream(audio, rate=16000) if audio else None
        if sound is not None:
            sound.layout = "mono"
        packets = []
        for image, time_s in zip(frames, times, strict=True):
            encoder = stream
            if image.shape != frames[0].shape:
                encoder = av.CodecContext.create(codec, "w")
                encoder.framerate = Fraction(30)
                encoder.time_base = Fraction(1, ticks_per_s)
                _set_up(encoder, image, pix_fmt, encoder.time_base)
            frame = av.VideoFrame.from_ndarray(image, "bgra" if image.shape[2] == 4 else "bgr24")
            frame.pts, frame.time_base = round(time_s * ticks_per_s), Fraction(1, ticks_per_s)
            packets += [(packet, time_s) for packet in encoder.encode(frame)]
        packets += [(packet, None) for packet in stream.encode(None)]
        for number, (packet, time_s) in enumerate(packets):
            if number in damaged or packet.stream is None or packet.stream is not stream:
                content = b"\x00rubbish" * 20 if number in damaged else bytes(packet)
                fresh = av.Packet(content)
                fresh.pts = fresh.dts = round(time_s * ticks_per_s)
                fresh.time_base, fresh.stream = Fraction(1, ticks_per_s), stream
                packet = fresh
            container.mux(packet)
        if sound is not None:
            tone = np.sin(np.arange(round(16000 * (times[-1] + 1 / 30))) * 0.2)
            samples = (tone * 8000).astype(np.int16)[None]  # (1, samples)
            wave = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            wave.sample_rate, wave.pts = 16000, 0
            container.mux(sound.encode(wave))
            container.mux(sound.encode(None))
    if rotation:
        _write_rotation(path, rotation)
    return path


def _write_rotation(path: Path, rotation: int) -> None:
    """Put a quarter turn into the first track's header; not every PyAV can."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 44
    cosine, sine = round(np.cos(np.radians(rotation))), round(np.sin(np.radians(rotation)))
    one = 1 << 16
    matrix = (cosine * one, -sine * one, 0, sine * one, cosine * one, 0, 0, 0, 1 << 30)
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(bytes(content))


def _set_up(encoder: Any, image: Image, pix_fmt: str, time_base: Fraction) -> None:
    encoder.height, encoder.width = image.shape[:2]
    encoder.pix_fmt = pix_fmt
    if hasattr(encoder, "codec_context"):
        encoder.codec_context.time_base = time_base
    if encoder.codec.name == "mjpeg":
        (encoder.codec_context if hasattr(encoder, "codec_context") else encoder).color_range = 2


def lit_frames(count: int, size_wh: tuple[int, int] = (128, 96), dark: Any = ()) -> list[Image]:
    """Grey frames, each with a white column at its own number; those in `dark` are black."""
    frames = []
    for index in range(count):
        image = np.full((size_wh[1], size_wh[0], 3), 0 if index in dark else 128, np.uint8)
        image[:, index % size_wh[0]] = 0 if index in dark else 255
        frames.append(image)
    return frames


class StubTracker:
    """A face with id 7 in the middle of bright frames, none in dark ones; keeps the times."""

    def __init__(self, make_face: Any) -> None:
        self.make_face = make_face
        self.times_s: list[float] = []
        self.shapes: set[tuple[int, ...]] = set()

    def __call__(self, frame_bgr: Image, timestamp_s: float) -> list[Any]:
        self.times_s.append(timestamp_s)
        self.shapes.add(frame_bgr.shape)
        if frame_bgr.mean() < 50:
            return []
        face = self.make_face((60.0, 48.0), 30.0)
        face.id, face.age_s, face.presence = 7, timestamp_s, 0.75
        face.pose = SimpleNamespace(
            rotation=np.eye(3), yaw_deg=1.5, pitch_deg=-2.5, roll_deg=0.25,
            scale=0.5, translation=np.array([60.0, 48.0, 1.0]),
        )  # fmt: skip
        own = {"id": 7, "presence": 0.75, "landmarks_px": face.landmarks.tolist()}
        face.to_dict = lambda: own
        return [face]


def decoded(path: Path) -> list[tuple[float, Image]]:
    """(time, BGR) of every frame of a file."""
    with av.open(str(path)) as container:
        return [
            (frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)
        ]
