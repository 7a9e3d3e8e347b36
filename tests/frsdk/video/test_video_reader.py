"""Frames of video files: the right way up, in time, and what is wrong with a file in one line."""

from __future__ import annotations

import shutil
import threading
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.errors import FrsdkError, InputError
from frsdk.video.video_reader import AudioPacket, VideoFrame, VideoReader

from ..clips import lit_frames, make_clip

av = pytest.importorskip("av", reason="needs PyAV (frsdk[video])")


def frames_of(reader: VideoReader) -> list[VideoFrame]:
    return [item for item in reader.media() if isinstance(item, VideoFrame)]


def corner(height: int = 96, width: int = 128) -> np.ndarray:
    """Grey, red in the upper left corner, blue in the upper right."""
    image = np.full((height, width, 3), 128, np.uint8)
    image[:32, :32] = (0, 0, 255)
    image[:32, -32:] = (255, 0, 0)
    return image


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path: Path, rotation: int) -> None:
    upright = corner()
    # A player turns the stored picture counter-clockwise.
    stored = np.ascontiguousarray(np.rot90(upright, -rotation // 90))
    path = make_clip(tmp_path / "phone.mp4", [stored] * 3, rotation=rotation)
    with VideoReader(path) as reader:
        frames = frames_of(reader)
    assert reader.size_wh == (128, 96)
    for frame in frames:
        difference = np.abs(frame.image_bgr.astype(int) - upright)
        assert difference[4:28, 4:28].max() < 16
        assert difference[4:28, -28:-4].max() < 16


@pytest.mark.parametrize(("rotation", "shown"), [(0, (4, 3)), (90, (3, 4)), (180, (4, 3))])
def test_pixels_that_are_not_square_turn_with_the_picture(
    tmp_path: Path, rotation: int, shown: tuple[int, int]
) -> None:
    path = make_clip(tmp_path / "a.mp4", [corner()] * 3, rotation=rotation, aspect=Fraction(4, 3))
    with VideoReader(path) as reader:
        frames_of(reader)
        assert reader.pixel_aspect == Fraction(*shown)


def test_a_mirrored_picture_is_shown_as_it_is_meant() -> None:
    from frsdk.video.upright_pixels import _turned

    image = corner(3, 5)
    one = 65536
    assert (_turned(image, (-one, 0, 0, one)) == image[:, ::-1]).all()
    assert (_turned(image, (one, 0, 0, -one)) == image[::-1]).all()
    assert (_turned(image, (0, one, one, 0)) == image.transpose(1, 0, 2)).all()
    # x' = -y, y' = x: a quarter turn clockwise
    assert (_turned(image, (0, one, -one, 0)) == np.rot90(image, -1)).all()


def test_variable_times_are_kept(tmp_path: Path) -> None:
    times_s = [0.0, 0.02, 0.1, 0.5, 0.51, 2.0]
    path = make_clip(tmp_path / "vfr.mp4", lit_frames(6), times_s=times_s)
    with VideoReader(path) as reader:
        frames = frames_of(reader)
    assert [frame.time_s for frame in frames] == pytest.approx(times_s, abs=1e-4)
    assert [frame.index for frame in frames] == list(range(6))
    assert reader.retimed == 0
    for frame in frames:  # in the order of showing, B-frames or not
        assert int(frame.image_bgr.mean(axis=(0, 2)).argmax()) == frame.index


def test_a_damaged_frame_is_counted_and_left_out(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mov", lit_frames(8), codec="png", pix_fmt="rgb24", damaged=[3])
    with VideoReader(path) as reader:
        frames = frames_of(reader)
    assert reader.damaged == 1
    assert not reader.truncated
    assert [int(frame.image_bgr.mean(axis=(0, 2)).argmax()) for frame in frames] == [
        0, 1, 2, 4, 5, 6, 7
    ]  # fmt: skip
    assert frames[3].time_s == pytest.approx(4 / 30, abs=2e-3)


def test_a_file_cut_in_the_middle(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", lit_frames(60), options={"g": "10", "crf": "1"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with VideoReader(path) as reader:
        assert reader.expected_frames == 60
        assert 5 < len(frames_of(reader)) < 60
        assert reader.truncated
    path.write_bytes(content)
    with VideoReader(path) as reader:
        assert len(frames_of(reader)) == 60
        assert not reader.truncated


def test_frames_that_change_size_are_fitted_into_the_first(tmp_path: Path) -> None:
    frames = [np.full((96, 128, 3), 200, np.uint8)] * 2 + [np.full((96, 64, 3), 200, np.uint8)] * 2
    path = make_clip(tmp_path / "a.mkv", frames, codec="mjpeg", pix_fmt="yuvj420p")
    with VideoReader(path) as reader:
        found = frames_of(reader)
    assert {frame.image_bgr.shape for frame in found} == {(96, 128, 3)}
    assert reader.resized == 2
    assert np.abs(found[3].image_bgr[:, 34:94].astype(int) - 200).max() < 8
    assert found[3].image_bgr[:, :32].max() == 0


def test_grey_and_transparent_frames(tmp_path: Path) -> None:
    clear = np.zeros((32, 48, 4), np.uint8)
    clear[..., 1] = 200
    clear[:, :24, 3] = 255  # green is seen on the left half only
    path = make_clip(tmp_path / "alpha.mov", [clear], codec="png", pix_fmt="rgba")
    with VideoReader(path) as reader:
        (frame,) = frames_of(reader)
    assert (frame.image_bgr[:, :24] == (0, 200, 0)).all()
    assert (frame.image_bgr[:, 24:] == 0).all()
    grey = np.full((32, 48, 3), 77, np.uint8)
    path = make_clip(tmp_path / "grey.mov", [grey], codec="png", pix_fmt="gray")
    with VideoReader(path) as reader:
        (frame,) = frames_of(reader)
    assert np.abs(frame.image_bgr.astype(int) - 77).max() <= 1
    assert frame.image_bgr.flags.c_contiguous


def test_colours_of_hd_are_bt709_where_the_file_says_nothing(tmp_path: Path) -> None:
    image = np.full((720, 32, 3), (40, 60, 220), np.uint8)
    with av.open(str(tmp_path / "hd.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"qp": "1"})
        stream.width, stream.height, stream.pix_fmt = 32, 720, "yuv420p"
        frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(
            format="yuv420p", dst_colorspace="ITU709"
        )
        frame.colorspace = 2  # unspecified
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoReader(tmp_path / "hd.mkv") as reader:
        (found,) = frames_of(reader)
    assert np.abs(found.image_bgr[100, 10].astype(int) - (40, 60, 220)).max() <= 4


def test_sound_comes_along(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", lit_frames(30), audio="aac")
    with VideoReader(path) as reader:
        assert reader.audio is not None
        items = list(reader.media())
    assert sum(isinstance(item, VideoFrame) for item in items) == 30
    assert sum(isinstance(item, AudioPacket) for item in items) >= 15


def test_stop_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    with VideoReader(make_clip(tmp_path / "a.mp4", lit_frames(30))) as reader:
        items = reader.media(stop)
        next(items)
        stop.set()
        assert len(list(items)) <= 4  # those that the decoder gives at once


def test_8k(tmp_path: Path) -> None:
    frame = np.full((4320, 7680, 3), 90, np.uint8)
    path = make_clip(
        tmp_path / "8k.mp4", [frame], options={"preset": "ultrafast", "x264-params": "threads=1"}
    )
    with VideoReader(path) as reader:
        (found,) = frames_of(reader)
    assert found.image_bgr.shape == (4320, 7680, 3)
    with pytest.raises(InputError, match="7680x4320 = 33177600, at most 33177599"):
        VideoReader(path, max_pixels=33177599)


def make_bad(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / kind
    if kind == "text.mp4" or kind == "text.txt":
        path.write_text("not a video\n" * 100)
    elif kind == "empty.mp4":
        path.touch()
    elif kind == "picture.png":
        cv2.imwrite(str(path), corner())
    elif kind == "folder.mp4":
        path.mkdir()
    elif kind == "noindex.mp4":
        make_clip(tmp_path / "whole.mov", lit_frames(40), options={"crf": "1"})
        content = (tmp_path / "whole.mov").read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif kind == "sound.m4a":
        make_clip(tmp_path / "both.mp4", lit_frames(10), audio="aac")
        with av.open(str(tmp_path / "both.mp4")) as source, av.open(str(path), "w") as container:
            stream = container.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(source.streams.audio[0]):
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing.mp4", "no such file"),
        ("text.mp4", "not a video that FFmpeg reads, or cut off before its index"),
        ("text.txt", "not a video"),
        ("empty.mp4", "is empty (0 bytes)"),
        ("picture.png", "is a picture, not a video: use frsdk reconstruct"),
        ("folder.mp4", "is not a regular file"),
        ("noindex.mp4", "cut off before its index"),
        ("sound.m4a", "has only audio, expected a video"),
    ],
)
def test_what_is_not_a_video_says_so(tmp_path: Path, kind: str, message: str) -> None:
    path = make_bad(tmp_path, kind)
    with pytest.raises(InputError) as caught:
        VideoReader(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_in_a_playlist_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(FrsdkError):
        frames_of(VideoReader(path))


def test_names_with_colons_and_signs_are_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_clip(tmp_path / "a.mp4", lit_frames(3))
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a.mp4", "-i.mp4", "100%d.mp4"):
        shutil.copy(made, tmp_path / name)
        with VideoReader(name) as reader:
            assert len(frames_of(reader)) == 3


def _two_sounds(path: Path, *, cut: bool) -> Path:
    """Matroska of 3 s of video and sound, and a second sound of 6 s; its video may end early."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        sounds = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(2)]
        for k in range(30):
            image = np.full((48, 64, 3), 8 * k, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(video.encode())
        for stream, seconds in zip(sounds, (3, 6), strict=True):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 8000 * seconds), np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, 0
            container.mux(stream.encode(frame))
    if cut:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 4])
    return path


@pytest.mark.parametrize("cut", [False, True])
def test_a_longer_stream_that_is_not_read_is_no_cut(tmp_path: Path, cut: bool) -> None:
    with VideoReader(_two_sounds(tmp_path / "a.mkv", cut=cut)) as reader:
        for _ in reader.media():
            pass
        assert reader.truncated == cut


def test_matroska_that_begins_late_is_no_cut(tmp_path: Path) -> None:
    times_s = [100.0 + k / 10 for k in range(100)]
    late = {"times_s": times_s, "codec": "mjpeg", "pix_fmt": "yuvj420p"}
    path = make_clip(tmp_path / "late.mkv", lit_frames(100), **late)
    with VideoReader(path) as reader:
        assert sum(isinstance(each, VideoFrame) for each in reader.media()) == 100
        assert not reader.truncated
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with VideoReader(path) as reader:
        list(reader.media())
        assert reader.truncated
