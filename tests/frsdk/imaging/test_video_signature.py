"""Videos where photographs are expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frsdk.errors import ImageFileError
from frsdk.imaging.read_image import read_image
from frsdk.imaging.video_signature import PREFIX_BYTES, begins_as_video

from ..clips import lit_frames, make_clip

KINDS = {
    "a.mp4": "libx264",
    "a.mov": "libx264",
    "a.mkv": "libx264",
    "a.avi": "mpeg4",
    "a.webm": "libvpx",
    "a.flv": "flv",
    "a.mpg": "mpeg2video",
    "a.wmv": "wmv2",
}


@pytest.mark.parametrize("name", list(KINDS))
def test_a_video_is_told_where_to_go(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, lit_frames(3), codec=KINDS[name])
    assert begins_as_video(path.read_bytes()[:PREFIX_BYTES])
    with pytest.raises(ImageFileError) as caught:
        read_image(path)
    assert str(caught.value) == f"{path}: is a video: use frsdk video {path} -o FOLDER"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "tiff", "bmp", "avif", "ppm"])
def test_pictures_are_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    try:
        Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(path)
    except (KeyError, ValueError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    assert not begins_as_video(path.read_bytes()[:PREFIX_BYTES])
