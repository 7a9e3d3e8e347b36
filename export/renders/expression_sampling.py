"""Draw expressions as faces combine them, in ARKit's names, with gaze and closing eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES

CLOSED_SHARE, WINK_SHARE = 0.20, 0.05
_LOOK_RAD = np.radians(32.0)  # of an eye at weight 1 of a gaze name
#: Name of both sides -> how strong, as (least, most); what a face does at once.
_ACTIONS: tuple[tuple[str, float, Mapping[str, tuple[float, float]]], ...] = (
    ("neutral", 2.0, {}),
    ("smile", 2.0, {"mouthSmile": (0.3, 1.0), "cheekSquint": (0.1, 0.7), "eyeSquint": (0.0, 0.5),
                    "mouthDimple": (0.0, 0.4)}),
    ("laugh", 1.4, {"mouthSmile": (0.5, 1.0), "jawOpen": (0.15, 0.7), "cheekSquint": (0.3, 0.9),
                    "mouthUpperUp": (0.1, 0.5), "mouthLowerDown": (0.0, 0.4),
                    "eyeSquint": (0.2, 0.7)}),
    ("open", 1.4, {"jawOpen": (0.2, 0.9), "mouthLowerDown": (0.0, 0.3)}),
    ("yawn", 0.6, {"jawOpen": (0.8, 1.0), "eyeSquint": (0.3, 1.0), "browInnerUp": (0.0, 0.6),
                   "mouthStretch": (0.0, 0.4)}),
    ("oh", 0.8, {"mouthFunnel": (0.3, 1.0), "jawOpen": (0.1, 0.4)}),
    ("pucker", 0.8, {"mouthPucker": (0.4, 1.0), "mouthFunnel": (0.0, 0.3)}),
    ("lips", 0.8, {"mouthPress": (0.2, 0.9), "mouthRollLower": (0.0, 0.7),
                   "mouthRollUpper": (0.0, 0.6)}),
    ("speech", 1.2, {"jawOpen": (0.05, 0.35), "mouthStretch": (0.0, 0.5),
                     "mouthLowerDown": (0.0, 0.6), "mouthUpperUp": (0.0, 0.5),
                     "mouthClose": (0.0, 0.2)}),
    ("surprise", 1.0, {"browInnerUp": (0.4, 1.0), "browOuterUp": (0.4, 1.0),
                       "eyeWide": (0.3, 1.0), "jawOpen": (0.0, 0.6)}),
    ("anger", 1.0, {"browDown": (0.4, 1.0), "noseSneer": (0.0, 0.7), "eyeSquint": (0.1, 0.6),
                    "mouthPress": (0.0, 0.6), "mouthFrown": (0.0, 0.5)}),
    ("sadness", 0.9, {"browInnerUp": (0.3, 1.0), "mouthFrown": (0.3, 1.0),
                      "mouthShrugLower": (0.0, 0.7)}),
    ("disgust", 0.7, {"noseSneer": (0.4, 1.0), "mouthUpperUp": (0.2, 0.9),
                      "browDown": (0.1, 0.7), "cheekSquint": (0.0, 0.6)}),
    ("doubt", 0.6, {"mouthShrugUpper": (0.2, 0.9), "mouthShrugLower": (0.3, 1.0),
                    "browOuterUp": (0.0, 0.6), "mouthFrown": (0.0, 0.5)}),
    ("cheeks", 0.3, {"cheekPuff": (0.4, 1.0), "mouthPress": (0.0, 0.4)}),
    ("chew", 0.5, {"jawOpen": (0.2, 0.7), "mouthClose": (0.2, 0.7), "cheekPuff": (0.0, 0.2)}),
    ("jaw", 0.3, {"jawForward": (0.2, 1.0)}),
)  # fmt: skip
#: Of a single side, or of one direction.
_SINGLES = (
    "jawLeft", "jawRight", "mouthLeft", "mouthRight", "browDownLeft", "browDownRight",
    "browOuterUpLeft", "browOuterUpRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "mouthFrownLeft", "mouthFrownRight",
    "eyeSquintLeft", "eyeSquintRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
_MIDDLE = (
    "jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "browInnerUp", "cheekPuff",
)  # fmt: skip


_OPPOSITES = (
    {"jawLeft", "jawRight"}, {"mouthLeft", "mouthRight"},
    *({f"browDown{side}", f"browOuterUp{side}"} for side in ("Left", "Right")),
    *({f"eyeBlink{side}", f"eyeWide{side}"} for side in ("Left", "Right")),
    *({f"eyeLookIn{side}", f"eyeLookOut{side}"} for side in ("Left", "Right")),
    *({f"eyeLookUp{side}", f"eyeLookDown{side}"} for side in ("Left", "Right")),
    *({f"mouthSmile{side}", f"mouthFrown{side}"} for side in ("Left", "Right")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expression:
    """What a face does.

    Attributes:
        weights: ARKit's names -> 0..1, names at 0 left out.
        gaze_rad: Turn of the left and of the right eye: (toward the subject's left, up) each.
        eyes: "closed", "one closed" or "open".
    """

    weights: Mapping[str, float]
    gaze_rad: tuple[tuple[float, float], tuple[float, float]]
    eyes: str


def sample_expression(rng: np.random.Generator) -> Expression:
    """Draw one expression."""
    weights = _action(rng)
    for name in rng.choice(
        _SINGLES, size=rng.choice([0, 1, 2], p=[0.6, 0.25, 0.15]), replace=False
    ):
        weights[str(name)] = max(weights.get(str(name), 0.0), float(rng.uniform(0.15, 0.8)))
    weights["mouthClose"] = min(weights.get("mouthClose", 0.0), weights.get("jawOpen", 0.0))
    gaze = _gaze(rng)
    weights.update(_looks(gaze))
    eyes = _blinks(rng, weights)
    kept = {name: round(value, 4) for name, value in weights.items() if value > 0.005}
    return Expression(kept, gaze, eyes)


def sample_names(rng: np.random.Generator) -> Expression:
    """Draw an expression in which every name is as likely as any other, to measure names by.

    Of names that undo each other, as one look or another, only the first stays.
    """
    weights: dict[str, float] = {}
    for name in rng.permutation(BLENDSHAPE_NAMES)[: int(rng.integers(3, 9))]:
        if not any({str(name), other} in _OPPOSITES for other in weights):
            weights[str(name)] = round(float(rng.uniform(0.2, 1.0)), 4)
    weights["mouthClose"] = min(weights.get("mouthClose", 0.0), weights.get("jawOpen", 0.0))
    kept = {name: value for name, value in weights.items() if value > 0.0}
    closed = [kept.get(f"eyeBlink{side}", 0.0) > 0.7 for side in ("Left", "Right")]
    return Expression(kept, ((0.0, 0.0), (0.0, 0.0)), ("open", "one closed", "closed")[sum(closed)])


def _action(rng: np.random.Generator) -> dict[str, float]:
    """One action, or a second, weaker one beside it."""
    share = np.array([each[1] for each in _ACTIONS])
    weights: dict[str, float] = {}
    strength = 1.0
    for _ in range(int(rng.choice([1, 2], p=[0.7, 0.3]))):
        _, _, parts = _ACTIONS[int(rng.choice(len(_ACTIONS), p=share / share.sum()))]
        for name, (least, most) in parts.items():
            value = strength * rng.uniform(least, most)
            sides = [name] if name in _MIDDLE else [f"{name}Left", f"{name}Right"]
            for side in sides:
                uneven = 1.0 + 0.12 * rng.normal() * (len(sides) == 2)
                weights[side] = float(np.clip(weights.get(side, 0.0) + value * uneven, 0.0, 1.0))
        strength = 0.5
    return weights


def _gaze(rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both eyes toward one place, which may be near."""
    side = float(np.clip(rng.normal(0.0, 0.22), -0.5, 0.5))
    up = float(np.clip(rng.normal(-0.04, 0.14), -0.4, 0.35))
    near = abs(float(rng.normal(0.0, 0.03)))
    return (side - near, up), (side + near, up)


def _looks(gaze: tuple[tuple[float, float], tuple[float, float]]) -> dict[str, float]:
    """ARKit's names of a gaze: in is toward the nose."""
    looks: dict[str, float] = {}
    for eye, outward, (side, up) in (("Left", 1.0, gaze[0]), ("Right", -1.0, gaze[1])):
        across = "Out" if side * outward > 0.0 else "In"
        looks[f"eyeLook{across}{eye}"] = min(abs(side) / _LOOK_RAD, 1.0)
        looks[f"eyeLook{'Up' if up > 0.0 else 'Down'}{eye}"] = min(abs(up) / _LOOK_RAD, 1.0)
    return looks


def _blinks(rng: np.random.Generator, weights: dict[str, float]) -> str:
    """Close both eyes, one, or none; closed eyes are not wide."""
    draw = rng.random()
    closed = float(rng.choice([1.0, rng.uniform(0.72, 1.0)], p=[0.6, 0.4]))
    openly = float(rng.beta(1.0, 6.0) * 0.6)
    blink = {"Left": openly, "Right": openly}
    kind = "open"
    if draw < CLOSED_SHARE:
        blink, kind = {"Left": closed, "Right": closed}, "closed"
    elif draw < CLOSED_SHARE + WINK_SHARE:
        side = str(rng.choice(["Left", "Right"]))
        blink[side], kind = closed, "one closed"
        weights[f"cheekSquint{side}"] = max(weights.get(f"cheekSquint{side}", 0.0), 0.3)
    for side, value in blink.items():
        weights[f"eyeBlink{side}"] = value
        if value > 0.5:
            weights[f"eyeWide{side}"] = 0.0
    return kind
