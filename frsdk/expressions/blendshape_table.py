"""The 51 named expressions at the 68 landmarks, from ICT-FaceKit and from MakeHuman's head."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError
from ..storage.npz_arrays import ArchiveError, read_npz

Array = NDArray[np.float64]

#: ARKit's names in the column order of its capture apps, ``tongueOut`` left out: a face model of
#: skin does not see it.
BLENDSHAPE_NAMES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
    "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRight",
    "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight",
)  # fmt: skip

#: How well 68 landmarks show an expression, measured with `frsdk-export facemodel blendshapes`.
UNSEEN, WITH_NEUTRAL, STRONG = 0, 1, 2

_SHAPES = ("neutral", "displacement", "identity")
_SECOND = tuple(f"second_{name}" for name in _SHAPES)
_FIELDS = ("names", *_SHAPES, *_SECOND, "step", "grade")


@dataclass(frozen=True, slots=True, eq=False)
class NamedShapes:
    """What each named expression does to the landmarks of an average face, by one source.

    The frame is that of the built-in face models: x to the image's right, y up, z toward the
    camera, nominal millimetres (the outer corners of the eyes are 90 apart). Arrays are read-only.

    Attributes:
        neutral: (68, 3) average neutral face.
        displacement: (51, 68, 3) at full strength, in the order of BLENDSHAPE_NAMES.
        identity: (k, 68, 3) how neutral faces of people differ, one standard deviation each.
    """

    neutral: Array = field(repr=False)
    displacement: Array = field(repr=False)
    identity: Array = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class BlendshapeTable(NamedShapes):
    """ICT-FaceKit's named expressions, MakeHuman's beside them, and how well landmarks show each.

    Two artists made the same expressions; how theirs differ says how those of people do.

    Attributes:
        second: The same of MakeHuman's heads.
        grade: (51,) UNSEEN; WITH_NEUTRAL, seen where the person's neutral face is known; or
            STRONG, seen on any face.
    """

    second: NamedShapes = field(repr=False)
    grade: NDArray[np.int64] = field(repr=False)

    def seen(self, *, neutral_known: bool) -> tuple[str, ...]:
        """Names that can be told of a face."""
        least = WITH_NEUTRAL if neutral_known else STRONG
        grades = zip(BLENDSHAPE_NAMES, self.grade, strict=True)
        return tuple(name for name, grade in grades if grade >= least)


def read_blendshape_table(path: Path) -> BlendshapeTable:
    """Read a table as ``frsdk-export facemodel blendshapes`` writes it.

    Raises:
        FaceModelError: It is missing, damaged or not such a table.
    """
    try:
        arrays = read_npz(path, _FIELDS)
    except ArchiveError as error:
        raise FaceModelError(
            f"{path}: not a table of blendshapes ({error}): make it with frsdk-export facemodel "
            "blendshapes"
        ) from error
    names = tuple(str(name) for name in arrays["names"])
    shapes = [arrays[key].shape for key in (*_SHAPES[:2], *_SECOND[:2], "grade")]
    wanted = [(68, 3), (len(names), 68, 3)]
    if names != BLENDSHAPE_NAMES or shapes != [*wanted, *wanted, (len(names),)]:
        raise FaceModelError(
            f"{path}: expected the {len(BLENDSHAPE_NAMES)} ARKit names at 68 landmarks: make it "
            "with frsdk-export facemodel blendshapes"
        )
    grade = arrays["grade"].astype(np.int64)
    grade.setflags(write=False)
    first = _shapes(arrays, _SHAPES)
    return BlendshapeTable(
        first.neutral, first.displacement, first.identity, _shapes(arrays, _SECOND), grade
    )


def _shapes(arrays: Mapping[str, NDArray[np.generic]], keys: Sequence[str]) -> NamedShapes:
    """Neutral, displacement and identity of one source, read-only."""
    step = float(arrays["step"].astype(np.float64))
    neutral, moves, people = (arrays[key].astype(np.float64) * step for key in keys)
    for table in (neutral, moves, people):
        table.setflags(write=False)
    return NamedShapes(neutral, moves, people)


@functools.lru_cache(maxsize=1)
def builtin_blendshapes() -> BlendshapeTable:
    """The table in the wheel, read once.

    Raises:
        FaceModelError: The installation lacks it.
    """
    return read_blendshape_table(Path(__file__).parents[1] / "assets" / "blendshapes.npz")
