"""Small good pictures, videos and archives of pictures, and their readers."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def pictures() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    picture, found = Image.fromarray(pixels), []
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("JPEG", picture, {"exif": exif}), ("JPEG", picture.convert("CMYK"), {}),
        ("PNG", picture, {}), ("PNG", picture.convert("RGBA"), {}),
        ("PNG", picture.quantize(16), {"transparency": 3}), ("WEBP", picture, {}),
        ("GIF", picture, {}), ("BMP", picture, {}), ("TIFF", picture, {}),
        ("TIFF", picture, {"compression": "tiff_lzw"}), ("TIFF", picture.convert("F"), {}),
        ("JPEG2000", picture, {}), ("PPM", picture, {}), ("AVIF", picture, {}),
    ]  # fmt: skip
    for kind, image, options in kinds:
        buffer = io.BytesIO()
        try:
            image.save(buffer, kind, **options)
        except (KeyError, OSError):  # this Pillow does not write it
            continue
        found.append(buffer.getvalue())
    return found


def heic() -> list[bytes]:
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.linear_gradient("L").resize((64, 48)).convert("RGB")).save(buffer)
    return [buffer.getvalue()]


def read_picture(path: Path) -> object:
    from frsdk import read_image

    read_image(path, max_pixels=10_000_000)
    return read_image(path.read_bytes(), max_pixels=10_000_000)


def tars() -> list[bytes]:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (10, 200, 30)).save(picture, "PNG")
    content, buffer = picture.getvalue(), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for index in range(100):  # as many as a calibration needs
            member = tarfile.TarInfo(f"{index}.png")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return [buffer.getvalue()]


def read_tar(path: Path) -> object:
    from frsdk.engines.calibration.calibration_images import read_calibration

    return read_calibration(path, 120)


def videos() -> list[bytes]:
    import av

    found = []
    for container_format, codec in (("mp4", "mpeg4"), ("matroska", "mjpeg")):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container_format) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = 32, 24
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for level in range(4):
                pixels = np.full((24, 32, 3), 40 * level, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        found.append(buffer.getvalue())
    return found


def read_video(path: Path) -> object:
    from frsdk.video.video_reader import VideoReader

    with VideoReader(path) as reader:
        return sum(1 for _ in reader.media())
