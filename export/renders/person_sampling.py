"""Draw made-up people: ethnicity, sex, age, weight and the form of every feature."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

_ETHNICITIES = ("african", "asian", "caucasian")
_AGES = ("baby", "child", "young", "old")
#: Ends of a pair of targets that undo each other.
_OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"),
    ("compress", "uncompress"), ("concave", "convex"), ("round", "triangle"),
    ("less", "more"),
)  # fmt: skip
_SPREAD, _LIMIT = 0.22, 0.9  # of a pair's weight
_ASYMMETRY = 0.04  # between the two sides
_SINGLE_SHARE, _SINGLE_SPREAD = 0.15, 0.3
#: MakeHuman's brows lie nearer to the eyes than those of ICT-FaceKit's average face; with `_rest`
#: they lie about half way between. Toward the second of the pair.
_SHIFT = {"eyebrows/eyebrows-trans-down": 1.4}
#: Shares of the spread: of both sides apart, and of what turns odd soon.
_CALM = {"asym": 0.13, "eyebrows": 0.5, "neck": 0.5, "head": 0.7, "nose": 0.8, "ears": 0.8}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is drawn.

    Attributes:
        name: Of the person in this data set.
        sex: 0 (female) to 1 (male).
        age: 0 (baby), 1 (child), 2 (young), 3 (old).
        ethnicity: Shares of african, asian, caucasian.
        macros: Weights of the targets that follow from these.
        details: Weights of single features.
        rest: Expression targets that are part of the person: how high brows and lids rest.
    """

    name: str
    sex: float
    age: float
    ethnicity: tuple[float, float, float]
    macros: Mapping[str, float] = field(repr=False)
    details: Mapping[str, float] = field(repr=False)
    rest: Mapping[str, float] = field(repr=False)


def sample_person(rng: np.random.Generator, name: str, details: Iterable[str]) -> Person:
    """Draw one person.

    Args:
        rng: Random numbers.
        name: Of the person.
        details: Names of the detail targets that the head has.
    """
    sex = float(rng.beta(0.25, 0.25))
    age = float(rng.choice([rng.uniform(0.4, 1.2), rng.uniform(1.2, 3.0)], p=[0.12, 0.88]))
    mix = rng.dirichlet([0.35, 0.35, 0.35])
    ethnicity = (float(mix[0]), float(mix[1]), float(mix[2]))
    return Person(
        name,
        sex,
        age,
        ethnicity,
        _macros(rng, sex, age, ethnicity),
        _details(rng, details),
        _rest(rng),
    )


def _macros(
    rng: np.random.Generator, sex: float, age: float, ethnicity: tuple[float, float, float]
) -> dict[str, float]:
    """Targets of a mixture over the two nearest ages and both sexes."""
    young = min(int(age), len(_AGES) - 2)
    ages = {_AGES[young]: 1.0 - (age - young), _AGES[young + 1]: age - young}
    muscle, weight = rng.uniform(-1.0, 1.0), float(np.clip(rng.normal(0.0, 0.55), -1.0, 1.0))
    weights: dict[str, float] = {}
    for kind, of_age in ages.items():
        for gender, of_sex in (("female", 1.0 - sex), ("male", sex)):
            share = of_age * of_sex
            for people, part in zip(_ETHNICITIES, ethnicity, strict=True):
                weights[f"{people}-{gender}-{kind}"] = share * part
            for build, built in _thirds(muscle, "muscle"):
                for mass, massed in _thirds(weight, "weight"):
                    weights[f"universal-{gender}-{kind}-{build}-{mass}"] = share * built * massed
    return {name: value for name, value in weights.items() if value > 1e-3}


def _thirds(value: float, what: str) -> list[tuple[str, float]]:
    """Shares of min, average and max at -1..1."""
    end = "max" if value > 0.0 else "min"
    return [(f"average{what}", 1.0 - abs(value)), (f"{end}{what}", abs(value))]


def _rest(rng: np.random.Generator) -> dict[str, float]:
    """MakeHuman's brows hang low over wide eyes: people look angry without this."""
    brow = float(np.clip(rng.normal(1.0, 0.25), 0.4, 1.6))
    lid = float(np.clip(rng.normal(0.05, 0.05), 0.0, 0.2))
    names = {"browInnerUp": brow, "browOuterUpLeft": brow, "browOuterUpRight": brow}
    return names | {"eyeBlinkLeft": lid, "eyeBlinkRight": lid}


def _details(rng: np.random.Generator, names: Iterable[str]) -> dict[str, float]:
    chosen: dict[str, float] = {}
    shared: dict[str, float] = {}
    for name, pair in _pairs(tuple(names)):
        calm = _CALM.get(name.partition("/")[0], 1.0)
        if pair is None:
            if rng.random() < _SINGLE_SHARE:
                chosen[name] = calm * min(abs(rng.normal(0.0, _SINGLE_SPREAD)), _LIMIT)
            continue
        negative, positive = pair
        both = _without_side(negative)
        if both not in shared:
            shared[both] = float(np.clip(rng.normal(0.0, _SPREAD), -_LIMIT, _LIMIT))
        value = calm * (shared[both] + rng.normal(0.0, _ASYMMETRY) * (both != negative))
        value += _SHIFT.get(name, 0.0)
        chosen[positive if value > 0.0 else negative] = abs(value)
    return chosen


@functools.lru_cache(maxsize=2)
def _pairs(names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, str] | None], ...]:
    """Each name that stands alone, and the first of each pair with the pair."""
    known = set(names)
    found = [(name, _pair(name, known)) for name in sorted(known)]
    return tuple((name, pair) for name, pair in found if pair is None or pair[0] == name)


def _pair(name: str, known: set[str]) -> tuple[str, str] | None:
    """The two targets of a pair that this name is one of, or None."""
    stem, _, end = name.rpartition("-")
    for first, second in _OPPOSITES:
        if end in (first, second) and {f"{stem}-{first}", f"{stem}-{second}"} <= known:
            return f"{stem}-{first}", f"{stem}-{second}"
    return None


def _without_side(name: str) -> str:
    """A name that both sides of a feature share: ``eyes/l-eye-bag-in`` -> ``eyes/eye-bag-in``."""
    folder, _, rest = name.partition("/")
    return f"{folder}/{rest[2:]}" if rest[:2] in ("l-", "r-") else name
