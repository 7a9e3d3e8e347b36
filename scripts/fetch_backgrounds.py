#!/usr/bin/env python3
"""Collect photographs without faces from Debian packages, to train and measure the detector.

    scripts/fetch_backgrounds.py OUT --yunet YUNET.onnx [--debs FOLDER]
    scripts/fetch_backgrounds.py OUT --mediapipe WHEEL [--debs FOLDER]

Writes OUT/train and OUT/val (a fifth, by name) as JPEGs of at most 1600 px. Pictures in which
YuNet, or MediaPipe's detector for what is to stay open, sees the shadow of a face go to
OUT/doubtful and are to be looked at, not used; those that were looked at are named in
backgrounds_looked_at.txt. Needs apt-get and dpkg-deb; nothing of it is committed.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import YuNetDetector
from frsdk.export.detector.second_people import MediapipePeople

PACKAGES = (
    "gnome-backgrounds",
    "lomiri-wallpapers",
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "mate-backgrounds",
    "opencv-doc",
    "openarena-081-textures",
    "plasma-workspace-wallpapers",
    "sway-backgrounds",
    "tuxpaint-stamps-default",
    "ukui-wallpapers",
)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SKIPPED = ("screenshot", "/people/", "x1920.", "x1440.", "1622x", "images_dark", "face", "lena")
MIN_BYTES, MIN_SIDE, MAX_SIDE = 30_000, 256, 1600
MIN_CONTRAST = 12.0  # standard deviation of the grey values
DOUBTFUL = 0.35  # YuNet's score
DOUBTFUL_MEDIAPIPE = 0.65  # textures get up to 0.6 in its small views
VAL_SHARE = 5
SPLITS = ("train", "val", "doubtful")
LOOKED_AT = Path(__file__).with_name("backgrounds_looked_at.txt")

Image = NDArray[np.uint8]


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--yunet", type=click.Path(exists=True, path_type=Path))
@click.option("--mediapipe", type=click.Path(exists=True, path_type=Path), help="The wheel.")
@click.option("--debs", type=click.Path(path_type=Path), help="Folder with the packages' files.")
def main(out: Path, yunet: Path | None, mediapipe: Path | None, debs: Path | None) -> None:
    """Download, unpack, filter and write."""
    sees_any = teacher(yunet, mediapipe)
    folder = debs or out / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    looked_at = read_looked_at()
    for name in (*SPLITS, *set(looked_at.values())):
        (out / name).mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        for name, picture in pictures(package_file(package, folder)):
            image = usable(picture)
            if image is None:
                continue
            digest = hashlib.sha256(name.encode()).hexdigest()
            split = "val" if int(digest[:8], 16) % VAL_SHARE == 0 else "train"
            file = f"{package}-{Path(name).stem}-{digest[:8]}.jpg"
            if file in looked_at:
                split = looked_at[file]
            elif "/animals/" not in name and sees_any(image):
                split = "doubtful"
            cv2.imwrite(str(out / split / file), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    for name in SPLITS:
        print(f"{name}: {len(list((out / name).iterdir()))} pictures", file=sys.stderr)


def teacher(yunet: Path | None, mediapipe: Path | None) -> Callable[[Image], bool]:
    """Whether a picture shows a face, by the one teacher that was named."""
    if mediapipe is not None and yunet is None:
        return MediapipePeople(mediapipe, min_score=DOUBTFUL_MEDIAPIPE).sees_any
    if yunet is None or mediapipe is not None:
        raise click.UsageError("give either --yunet or --mediapipe")
    detect = YuNetDetector(yunet, min_score=DOUBTFUL)
    return lambda image: sees_a_face(detect, image)


def read_looked_at() -> dict[str, str]:
    """Name of a picture -> the folder that it belongs to."""
    lines = LOOKED_AT.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    return {name: folder for folder, name in pairs}


def package_file(package: str, folder: Path) -> Path:
    """The package's .deb, downloaded where the folder lacks it."""
    if not list(folder.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    return next(iter(folder.glob(f"{package}_*.deb")))


def pictures(package: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each picture in a package, those inside zip files included."""
    unpacked = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", str(package)], check=True, stdout=subprocess.PIPE
    ).stdout
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        for member in archive:
            name = member.name
            file = archive.extractfile(member) if member.isfile() else None
            if file is None or any(part in name.lower() for part in SKIPPED):
                continue
            if name.endswith(".pk3"):
                yield from zipped(name, file.read())
            elif Path(name).suffix.lower() in SUFFIXES and member.size >= MIN_BYTES:
                yield name, file.read()


def zipped(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Pictures in a zip file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            known = Path(entry.filename).suffix.lower() in SUFFIXES
            if known and entry.file_size >= MIN_BYTES and not skipped(entry.filename):
                yield f"{name}/{entry.filename}", archive.read(entry)


def skipped(name: str) -> bool:
    """Whether a name says that the picture is of no use."""
    return any(part in name.lower() for part in SKIPPED)


def usable(content: bytes) -> Image | None:
    """The picture as BGR at a usable size, or None; transparent parts become a flat colour."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint8 or min(image.shape[:2]) < MIN_SIDE:
        return None
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    elif image.shape[2] == 4:
        rng = np.random.default_rng(len(content))
        alpha = image[..., 3:].astype(np.float32) / 255
        image = (image[..., :3] * alpha + rng.integers(0, 256, 3) * (1 - alpha)).astype(np.uint8)
    ratio = min(1.0, MAX_SIDE / max(image.shape[:2]))
    if ratio < 1:
        image = cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(image, np.uint8) if grey.std() >= MIN_CONTRAST else None


def sees_a_face(detect: YuNetDetector, image: Image) -> bool:
    """Whether YuNet sees a face in the picture or in one of its four overlapping quarters."""
    height, width = image.shape[:2]
    views = [image]
    for y in (0, height * 2 // 5):
        for x in (0, width * 2 // 5):
            views.append(
                np.ascontiguousarray(image[y : y + height * 3 // 5, x : x + width * 3 // 5])
            )
    return any(detect(view) for view in views)


if __name__ == "__main__":
    main()
