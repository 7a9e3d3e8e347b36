"""Draw what a person looks like: skin, hair, brows, beard, make-up and clothes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .drawing.render_surfaces import Look
from .person_sampling import Person

Array = NDArray[np.float64]
Colour = tuple[float, float, float]

#: Linear RGB of hair: black, dark brown, brown, light brown, blond, red, grey, white.
_HAIR_COLOURS = np.array(
    [
        [0.012, 0.010, 0.010], [0.030, 0.018, 0.012], [0.075, 0.040, 0.022],
        [0.16, 0.09, 0.05], [0.42, 0.28, 0.13], [0.26, 0.075, 0.025],
        [0.24, 0.24, 0.25], [0.48, 0.47, 0.45],
    ]
)  # fmt: skip
_LIGHT_PEOPLE = np.array([0.10, 0.20, 0.22, 0.18, 0.18, 0.07, 0.04, 0.01])
_DARK_PEOPLE = np.array([0.60, 0.30, 0.05, 0.01, 0.01, 0.01, 0.015, 0.005])
_OLD = np.array([0.05, 0.08, 0.08, 0.05, 0.05, 0.01, 0.38, 0.30])
#: Mean linear colour of faces: dark, brown, olive, light.
_SKIN_ROADS = np.array(
    [[0.062, 0.036, 0.026], [0.19, 0.112, 0.075], [0.39, 0.25, 0.175], [0.57, 0.39, 0.30]]
)
_LUMINANCE = np.array([0.3, 0.59, 0.11])
_BEARDS = ("stubble", "full", "moustache", "goatee", "circle")
_BEARD_SHARES = (0.4, 0.3, 0.1, 0.1, 0.1)
_SHORT = ("short01", "short02", "short03", "short04")
_LONG = ("bob02", "braid01", "long01", "ponytail01")


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a person looks like, the same in all pictures of one person.

    Attributes:
        skin: Name of the picture.
        skin_look: Of head and shoulders, and of hands.
        hair: Style, "" for none.
        hair_colour: Linear RGB.
        brow: Name of the brows.
        brow_colour: Linear RGB.
        lash: Name of the lashes.
        eye: Picture of the eyes.
    """

    skin: str
    skin_look: Look
    hair: str
    hair_colour: Colour
    brow: str
    brow_colour: Colour
    lash: str
    eye: str


def sample_appearance(
    rng: np.random.Generator,
    person: Person,
    skin_colours: Mapping[str, Array],
    brows: Sequence[str],
    lashes: Sequence[str],
    eyes: Sequence[str],
) -> Appearance:
    """Draw what a person looks like.

    Args:
        rng: Random numbers.
        person: Who it is.
        skin_colours: Pictures of skins -> mean linear RGB of the face.
        brows: Names of brows.
        lashes: Names of lashes.
        eyes: Pictures of eyes.
    """
    skin = _skin(rng, person, list(skin_colours))
    hair_colour = _hair_colour(rng, person)
    dark_brow = 0.35 if max(hair_colour) < 0.3 else 0.55
    brow_colour = _times(hair_colour, rng.uniform(dark_brow, 1.0))
    light = person.ethnicity[2] > 0.55
    dark_eyes = [name for name in eyes if name.startswith("brown")] or list(eyes)
    eye = rng.choice(list(eyes) if light and rng.random() < 0.7 else dark_eyes)
    return Appearance(
        skin=skin,
        skin_look=_skin_look(rng, person, skin_colours[skin], hair_colour),
        hair=_hair(rng, person),
        hair_colour=hair_colour,
        brow=str(rng.choice(list(brows))),
        brow_colour=brow_colour,
        lash=str(rng.choice(list(lashes))),
        eye=str(eye),
    )


def _skin(rng: np.random.Generator, person: Person, names: list[str]) -> str:
    """A picture of the person's age, sex and shade, as far as there is one."""
    dark = rng.random() < person.ethnicity[0]
    male = rng.random() < person.sex
    old = person.age > 2.55
    age = "old" if old else ("middleage" if person.age > 2.2 else "young")
    wanted = (age, "darkskinned" if dark else "lightskinned", "male" if male else "female")

    def fits(name: str) -> int:
        words = name.split("_")
        weights = (2, 4, 1 if person.age < 1.5 else 3)
        return sum(w for want, w in zip(wanted, weights, strict=True) if want in words)

    best = max(fits(name) for name in names)
    return str(rng.choice([name for name in names if fits(name) >= best - (rng.random() < 0.2)]))


def _skin_look(rng: np.random.Generator, person: Person, own: Array, hair: Colour) -> Look:
    african, asian, caucasian = person.ethnicity
    place = african * rng.uniform(0.0, 1.3) + asian * rng.uniform(1.4, 2.9)
    place += caucasian * rng.uniform(1.9, 3.0)
    place = float(np.clip(place + rng.normal(0.0, 0.2), 0.0, 3.0))
    wanted = np.array([np.interp(place, range(4), _SKIN_ROADS[:, k]) for k in range(3)])
    wanted = wanted * np.clip(1.0 + rng.normal(0.0, 0.06, 3), 0.8, 1.2)
    # Brightness goes most of the way, colour less: each picture keeps something of its own.
    ratio = wanted / own
    brightness = float(wanted @ _LUMINANCE) / float(own @ _LUMINANCE)
    tint = np.clip(brightness**0.85 * (ratio / brightness) ** 0.85, 0.1, 8.0)
    return Look(
        tint=_colour(tint),
        shine=float(rng.uniform(0.15, 0.9)),
        gloss=float(rng.uniform(9.0, 28.0)),
        bumps=float(rng.uniform(2e-4, 7e-4) + 1.1e-3 * max(0.0, person.age - 2.0)),
        soft=float(rng.uniform(0.4, 1.0) * np.clip(2.5 * wanted.mean(), 0.2, 1.0)),
        beard=_beard(rng, person),
        beard_colour=_times(hair, rng.uniform(0.6, 1.0)),
        cloth=(*_muted(rng), 1.0),
        lipstick=_lipstick(rng, person),
        eyeshadow=_eyeshadow(rng, person),
    )


def _beard(rng: np.random.Generator, person: Person) -> tuple[float, float, float, float]:
    """Strength of full beard, moustache, goatee and cropped hair."""
    cropped = 0.0
    if rng.random() < 0.35:
        cropped = float(rng.uniform(0.3, 1.0))
    if person.sex < 0.6 or person.age < 1.7 or rng.random() < 0.45:
        return 0.0, 0.0, 0.0, cropped
    kind = rng.choice(_BEARDS, p=_BEARD_SHARES)
    strong = float(rng.uniform(0.6, 1.1))
    if kind == "stubble":
        return float(rng.uniform(0.2, 0.5)), 0.0, 0.0, cropped
    if kind == "full":
        return strong, strong * 0.5, 0.0, cropped
    return 0.0, strong * (kind != "goatee"), strong * (kind != "moustache"), cropped


def _lipstick(rng: np.random.Generator, person: Person) -> tuple[float, float, float, float]:
    if person.sex > 0.5 or person.age < 1.6 or rng.random() < 0.6:
        return 0.0, 0.0, 0.0, 0.0
    red = rng.uniform(0.2, 0.55)
    green = red * rng.uniform(0.05, 0.4)
    blue = green * rng.uniform(0.7, 1.5)
    return (*_colour(np.array([red, green, blue])), float(rng.uniform(0.2, 0.8)))


def _eyeshadow(rng: np.random.Generator, person: Person) -> tuple[float, float, float, float]:
    if person.sex > 0.5 or person.age < 1.6 or rng.random() < 0.75:
        return 0.0, 0.0, 0.0, 0.0
    return (*_colour(rng.uniform(0.0, 0.3, 3)), float(rng.uniform(0.15, 0.6)))


def _hair(rng: np.random.Generator, person: Person) -> str:
    bald = 0.18 * person.sex + 0.02 + 0.15 * (person.age > 2.5) * person.sex
    if rng.random() < bald:
        return ""
    is_short = rng.random() < 0.15 + 0.8 * person.sex
    return str(rng.choice(_SHORT if is_short else _LONG))


def _hair_colour(rng: np.random.Generator, person: Person) -> Colour:
    share = person.ethnicity[2] * _LIGHT_PEOPLE + (1.0 - person.ethnicity[2]) * _DARK_PEOPLE
    old = float(np.clip((person.age - 2.25) / 0.6, 0.0, 0.9))
    share = (1.0 - old) * share + old * _OLD
    colour = _HAIR_COLOURS[rng.choice(len(share), p=share / share.sum())]
    if rng.random() < 0.015:  # dyed
        colour = rng.uniform(0.02, 0.6, 3)
    tone = np.clip(1.0 + rng.normal(0.0, 0.04, 3), 0.85, 1.15) * np.exp(rng.normal(0.0, 0.2))
    return _colour(colour * tone)


def _muted(rng: np.random.Generator) -> Colour:
    """Cloth: any brightness, seldom a strong colour."""
    colour = rng.uniform(0.0, 1.0, 3) ** 2
    grey = colour.mean()
    return _colour(0.8 * (grey + (colour - grey) * rng.uniform(0.0, 1.0) ** 1.5))


def _times(colour: Colour, factor: float) -> Colour:
    return _colour(np.array(colour) * factor)


def _colour(values: Array) -> Colour:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
