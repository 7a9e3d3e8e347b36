"""16 pictures made of the sample photograph, each of another composition and format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from frsdk import read_image


def sent_pictures(folder: Path) -> list[Path]:
    """Write them; all but the last one show one face or more."""
    face = Image.fromarray(np.ascontiguousarray(read_image("sample:astronaut")[..., ::-1]))
    close = face.crop((120, 0, 360, 240))
    made: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("whole.jpg", face, {"quality": 90}),
        ("mirrored.png", ImageOps.mirror(face), {}),
        ("close.webp", close, {"quality": 80}),
        ("lossless.tiff", face.crop((60, 0, 420, 330)), {"compression": "tiff_lzw"}),
        ("quarter.jpg", face.rotate(90, expand=True), {"exif": _turned(6)}),
        ("upside_down.jpg", face.rotate(180), {"exif": _turned(3)}),
        ("mirrored_quarter.jpg", ImageOps.mirror(face.rotate(90)), {"exif": _turned(7)}),
        ("two.bmp", _grid([close, ImageOps.mirror(close)], 2), {}),
        ("five.png", _grid([close, face.resize((240, 240)), ImageOps.mirror(close),
                            close.resize((160, 160)), close.rotate(15)], 3), {}),
        ("grey.jpg", face.convert("L"), {}),
        ("half_clear.png", _with_alpha(face), {}),
        ("few_colours.gif", face.quantize(64), {}),
        ("printed.jpg", face.convert("CMYK"), {"quality": 95}),
        ("small.webp", face.resize((170, 170)), {"lossless": True}),
        ("dark_and_wide.png", face.resize((700, 520)).point(_darker), {}),
        ("nobody.jpg", Image.effect_noise((200, 150), 40.0).convert("RGB"), {}),
    ]  # fmt: skip
    for name, image, options in made:
        image.save(folder / name, **options)
    return [folder / name for name, _, _ in made]


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _grid(images: list[Image.Image], columns: int) -> Image.Image:
    side = 260
    sheet = Image.new("RGB", (columns * side, -(-len(images) // columns) * side), (90, 120, 100))
    for index, image in enumerate(images):
        sheet.paste(image, (index % columns * side + 8, index // columns * side + 8))
    return sheet


def _with_alpha(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size).point(lambda v: 128 + v // 2))
    return clear


def _darker(value: int) -> float:
    return value * 0.6
