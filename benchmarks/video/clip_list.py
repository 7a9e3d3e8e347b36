"""The clips that trackers are measured on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .clip_frames import HEIGHT, WIDTH, Clip, wall
from .clip_person import Person, Place

_SIZE = 130.0  # of a face in a frame, pixels
_X, _Y = WIDTH * 0.5, HEIGHT * 0.5
_JUMP_S, _HOLD_S = 0.1, 0.9
AWAY_S = (2.0, 3.0)
GONE_FROM_S = 0.5


def motion_clips(person: Person) -> list[Clip]:
    """One face that moves in known ways."""

    def still(t: float) -> list[Place]:
        return [Place(_X, _Y, _SIZE)]

    def slow(t: float) -> list[Place]:
        return [Place(_X + 0.15 * _SIZE * _sine(0.25, t), _Y, _SIZE)]

    def fast(t: float) -> list[Place]:
        return [Place(_X + 0.3 * _SIZE * _sine(1.0, t), _Y, _SIZE)]

    def abrupt(t: float) -> list[Place]:
        steps = math.floor(t / (_JUMP_S + _HOLD_S))
        part = min(1.0, (t - steps * (_JUMP_S + _HOLD_S)) / _JUMP_S)
        way = part * part * (3.0 - 2.0 * part)  # smooth at both ends
        side = way if steps % 2 == 0 else 1.0 - way
        return [Place(_X + 0.3 * _SIZE * side, _Y, _SIZE)]

    def turning(t: float) -> list[Place]:
        turn, nod = 30.0 * _sine(0.4, t), 8.0 * _sine(0.3, t)
        return [Place(_X, _Y, _SIZE, turn_deg=turn, nod_deg=nod)]

    def leaning(t: float) -> list[Place]:
        return [Place(_X, _Y, _SIZE, roll_deg=40.0 * _sine(0.5, t))]

    def nearing(t: float) -> list[Place]:
        return [Place(_X, _Y, _SIZE * math.exp(0.35 * _sine(0.5, t)))]

    people = (person,)
    return [
        Clip("still", 5.0, people, still),
        Clip("slow, 0.15 face at 0.25 Hz", 8.0, people, slow),
        Clip("fast, 0.3 face at 1 Hz", 5.0, people, fast),
        Clip("fast, motion blur", 5.0, people, fast, exposure=0.5),
        Clip("abrupt, 0.3 face in 0.1 s", 6.0, people, abrupt),
        Clip("turning in 3D, 30 deg at 0.4 Hz", 5.0, people, turning),
        Clip("leaning, 40 deg at 0.5 Hz", 4.0, people, leaning),
        Clip("nearing, x 1.4 at 0.5 Hz", 4.0, people, nearing),
    ]


def leaving_clips(person: Person) -> list[Clip]:
    """A face that leaves and comes back: at once, and out of the picture's side."""

    def cut(t: float) -> list[Place | None]:
        return [None if AWAY_S[0] <= t < AWAY_S[1] else Place(_X, _Y, _SIZE)]

    def walk(t: float) -> list[Place | None]:
        way = math.sin(min(max(t - 1.0, 0.0), 3.0) / 3.0 * math.pi) * (WIDTH / 2 + 1.5 * _SIZE)
        x = _X + way
        return [Place(x, _Y, _SIZE) if x < WIDTH - 0.2 * _SIZE else None]

    people, behind = (person,), wall()
    return [
        Clip("gone for 1 s", 5.0, people, cut, backdrop=behind),
        Clip("out of the picture and back", 5.0, people, walk, backdrop=behind),
    ]


def faceless_clips(person: Person) -> list[Clip]:
    """Half a second of a face, then 300 frames without one."""

    def left(t: float) -> list[Place | None]:
        return [Place(_X, _Y, _SIZE) if t < GONE_FROM_S else None]

    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    coarse = cv2.resize(noise[:30, :40], (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    backdrops = {
        "black": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        "noise": noise,
        "coarse noise": np.asarray(coarse, np.uint8),
        "wall": wall(seed=1),
    }
    seconds = GONE_FROM_S + 10.0
    return [
        Clip(f"no face: {name}", seconds, (person,), left, backdrop=backdrop)
        for name, backdrop in backdrops.items()
    ]


def crossing_clips(people: Sequence[Person]) -> list[Clip]:
    """Two faces that pass: one before the other, and beside each other."""

    def before(t: float) -> list[Place]:
        side = 0.33 * WIDTH * math.cos(2 * math.pi * t / 8.0)
        return [
            Place(_X - side, _Y - 0.05 * _SIZE, _SIZE * 0.95),
            Place(_X + side, _Y + 0.05 * _SIZE, _SIZE * 1.05),
        ]

    def beside(t: float) -> list[Place]:
        side = 0.33 * WIDTH * math.cos(2 * math.pi * t / 8.0)
        return [Place(_X - side, _Y - 80, 90.0), Place(_X + side, _Y + 80, 90.0)]

    first, second = people[:2]
    both, behind = (first, second), wall(seed=2)
    return [
        Clip("two faces cross, one before the other", 8.0, both, before, backdrop=behind),
        Clip("two faces cross, one above the other", 8.0, both, beside, backdrop=behind),
    ]


def _sine(rate_hz: float, t: float) -> float:
    return math.sin(2.0 * math.pi * rate_hz * t)
