"""Frames of a clip as a camera would take them: blur, sensor noise, compression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip_person import Person, Place

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

WIDTH, HEIGHT, RATE_HZ = 640, 480, 30.0
_NOISE_STD = 4.0
_JPEG_QUALITY = 80
_HIDDEN = 0.25  # share of a face's landmarks behind another head: that face counts as away
_BLUR_LOOKS = 4  # pictures averaged over an exposure

#: Time -> where each person is, None while away; later ones are drawn over earlier ones.
Paths = Callable[[float], Sequence[Place | None]]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is rendered frame by frame.

    Attributes:
        name: What happens.
        seconds: How long.
        people: Who.
        paths: Where each is at a time.
        backdrop: What is behind heads that are cut out: (H, W, 3); None shows whole photographs.
        exposure: Share of a frame's time that the shutter is open; 0 is a sharp picture.
    """

    name: str
    seconds: float
    people: tuple[Person, ...]
    paths: Paths
    backdrop: Image | None = None
    exposure: float = 0.0

    @property
    def count(self) -> int:
        """Number of frames."""
        return round(self.seconds * RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class ClipFrame:
    """One frame.

    Attributes:
        image: (H, W, 3) uint8.
        time_s: Middle of the exposure.
        landmarks: For each person the true (68, 2) landmarks, None while away.
    """

    image: Image
    time_s: float
    landmarks: list[Array | None]


def frames(clip: Clip, *, seed: int = 0) -> Iterator[ClipFrame]:
    """Render a clip."""
    random = np.random.default_rng(seed)
    # One field of noise, seen at another place in each frame.
    field = random.normal(0.0, _NOISE_STD, (HEIGHT + 64, WIDTH + 64, 3)).astype(np.float32)
    for index in range(clip.count):
        time_s = index / RATE_HZ
        sharp, landmarks = _drawn(clip, time_s)
        picture = sharp.astype(np.float32)
        if clip.exposure:
            picture = np.mean([_drawn(clip, t)[0] for t in _within(clip, time_s)], axis=0)
        y, x = random.integers(0, 64, 2)
        picture = picture + field[y : y + HEIGHT, x : x + WIDTH]
        noisy = np.clip(np.round(picture), 0, 255).astype(np.uint8)
        jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
        image = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
        yield ClipFrame(image, time_s, landmarks)


def wall(*, seed: int = 0) -> Image:
    """A painted wall: soft spots of light and a grain."""
    random = np.random.default_rng(seed)
    rough = random.uniform(110, 190, (6, 8, 1)) + random.uniform(-12, 12, (6, 8, 3))
    rough = rough.astype(np.float32)
    soft = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(random.normal(0, 30, (HEIGHT, WIDTH, 3)).astype(np.float32), (5, 5), 0)
    return np.asarray(np.clip(soft + grain, 0, 255), np.uint8)


def _within(clip: Clip, time_s: float) -> Array:
    """Times of the pictures of an exposure, around its middle."""
    share = (np.arange(_BLUR_LOOKS) + 0.5) / _BLUR_LOOKS - 0.5
    return np.asarray(time_s + share * clip.exposure / RATE_HZ, np.float64)


def _drawn(clip: Clip, time_s: float) -> tuple[Image, list[Array | None]]:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    if clip.backdrop is not None:
        frame = clip.backdrop.copy()
    landmarks: list[Array | None] = []
    for person, place in zip(clip.people, clip.paths(time_s), strict=True):
        if place is None:
            landmarks.append(None)
            continue
        for earlier, points in enumerate(landmarks):
            if points is not None and person.covers(place, points) > _HIDDEN:
                landmarks[earlier] = None
        landmarks.append(person.drawn(frame, place, cut_out=clip.backdrop is not None))
    return frame, landmarks
