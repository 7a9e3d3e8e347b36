"""The written video: what browsers play, with the times and the sound of its source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.errors import OutputError
from frsdk.video.overlay_writer import OverlayWriter
from frsdk.video.video_reader import AudioPacket, VideoReader

from ..clips import decoded, lit_frames, make_clip

av = pytest.importorskip("av", reason="needs PyAV (frsdk[video])")


def written(path: Path, frames: list[Any], times_s: list[float], **options: Any) -> Path:
    height, width = frames[0].shape[:2]
    writer = OverlayWriter(path, size_wh=(width, height), frame_rate=Fraction(30), **options)
    for image, time_s in zip(frames, times_s, strict=True):
        writer.write(image, time_s)
    writer.finish()
    assert not path.exists()
    writer.publish()
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return path


def test_a_browser_plays_it(tmp_path: Path) -> None:
    times_s = [0.0, 0.02, 0.5, 0.51]
    path = written(tmp_path / "o.mp4", lit_frames(4), times_s, pixel_aspect=Fraction(4, 3))
    content = path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")  # it starts before it is all there
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        assert container.duration == pytest.approx((0.51 + 1 / 30) * 1e6, abs=200)
    found = decoded(path)
    assert [time for time, _ in found] == pytest.approx(times_s, abs=1e-4)
    for index, (_, image) in enumerate(found):
        assert int(image.mean(axis=(0, 2)).argmax()) == index


@pytest.mark.parametrize("height", [96, 720])
def test_colours_stay(tmp_path: Path, height: int) -> None:
    image = np.full((height, 64, 3), (30, 90, 210), np.uint8)
    path = written(tmp_path / "o.mp4", [image], [0.0])
    ((_, found),) = decoded(path)
    assert np.abs(found[20:-20, 20:-20].astype(int) - (30, 90, 210)).max() <= 6


def test_odd_sides_get_a_copy_of_the_last_row_and_column(tmp_path: Path) -> None:
    image = np.full((61, 97, 3), 60, np.uint8)
    image[-1] = 220
    ((_, found),) = decoded(written(tmp_path / "o.mp4", [image], [0.0]))
    assert found.shape == (62, 98, 3)
    assert found[61].mean() > 190


def packets_of(path: Path) -> list[tuple[bytes, float]]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [
            (bytes(packet), float(packet.pts * packet.time_base))
            for packet in container.demux(stream)
            if packet.size
        ]


def with_sound(source: Path, path: Path) -> OverlayWriter:
    with VideoReader(source) as reader:
        writer = OverlayWriter(
            path, size_wh=(128, 96), frame_rate=Fraction(30), audio=reader.audio,
            audio_start_s=reader.start_s,
        )  # fmt: skip
        for item in reader.media():
            if isinstance(item, AudioPacket):
                writer.write_audio(item.packet)
            else:
                writer.write(item.image_bgr, item.time_s)
        writer.finish()
        writer.publish()
    return writer


@pytest.mark.parametrize(
    ("name", "encoder", "codec"),
    [("a.mp4", "aac", "aac"), ("a.mkv", "libmp3lame", "mp3"), ("a.webm", "libopus", "opus")],
)
def test_sound_is_copied_bit_for_bit(tmp_path: Path, name: str, encoder: str, codec: str) -> None:
    video = "libvpx" if name.endswith("webm") else "libx264"
    source = make_clip(tmp_path / name, lit_frames(30), codec=video, audio=encoder)
    writer = with_sound(source, tmp_path / "o.mp4")
    assert writer.audio_codec == codec
    before, after = packets_of(source), packets_of(tmp_path / "o.mp4")
    assert [content for content, _ in after] == [content for content, _ in before]
    shift = [late - early for (_, early), (_, late) in zip(before, after, strict=True)]
    assert max(shift) - min(shift) < 1e-4 and abs(shift[0]) < 0.1


def test_sound_that_browsers_do_not_play_becomes_aac(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mov", lit_frames(30), audio="pcm_s16le")
    writer = with_sound(source, tmp_path / "o.mp4")
    assert writer.audio_codec == "aac"
    with av.open(str(tmp_path / "o.mp4")) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        waves = np.concatenate([f.to_ndarray()[0] for f in container.decode(stream)])
    assert len(waves) / stream.rate == pytest.approx(1.0, abs=0.13)
    assert waves[4000:12000].std() == pytest.approx(8000 / 32768 / 2**0.5, rel=0.05)


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    writer = OverlayWriter(tmp_path / "o.mp4", size_wh=(128, 96), frame_rate=Fraction(30))
    for number, image in enumerate(lit_frames(40)):
        writer.write(image, number / 30)
    assert [each.name for each in tmp_path.iterdir()] == ["o.mp4.part"]
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no such folder"):
        OverlayWriter(tmp_path / "no" / "o.mp4", size_wh=(64, 64), frame_rate=Fraction(30))
