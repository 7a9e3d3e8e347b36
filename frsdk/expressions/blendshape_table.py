"""The 51 named expressions at the 68 landmarks, from ICT-FaceKit."""

from __future__ import annotations

import functools
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

_FIELDS = ("names", "neutral", "displacement", "identity", "step", "grade")


@dataclass(frozen=True, slots=True, eq=False)
class BlendshapeTable:
    """What each named expression does to the landmarks of an average face.

    The frame is that of the built-in face models: x to the image's right, y up, z toward the
    camera, nominal millimetres (the outer corners of the eyes are 90 apart). Arrays are read-only.

    Attributes:
        neutral: (68, 3) average neutral face.
        displacement: (51, 68, 3) at full strength, in the order of BLENDSHAPE_NAMES.
        identity: (k, 68, 3) how neutral faces of people differ, one standard deviation each.
        grade: (51,) UNSEEN; WITH_NEUTRAL, seen where the person's neutral face is known; or
            STRONG, seen on any face.
    """

    neutral: Array = field(repr=False)
    displacement: Array = field(repr=False)
    identity: Array = field(repr=False)
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
    shapes = [arrays[key].shape for key in ("neutral", "displacement", "grade")]
    if names != BLENDSHAPE_NAMES or shapes != [(68, 3), (len(names), 68, 3), (len(names),)]:
        raise FaceModelError(
            f"{path}: expected the {len(BLENDSHAPE_NAMES)} ARKit names at 68 landmarks: make it "
            "with frsdk-export facemodel blendshapes"
        )
    step = float(arrays["step"])
    neutral, moves, people = (arrays[key].astype(np.float64) * step for key in _FIELDS[1:4])
    grade = arrays["grade"].astype(np.int64)
    for table in (neutral, moves, people, grade):
        table.setflags(write=False)
    return BlendshapeTable(neutral, moves, people, grade)


@functools.lru_cache(maxsize=1)
def builtin_blendshapes() -> BlendshapeTable:
    """The table in the wheel, read once.

    Raises:
        FaceModelError: The installation lacks it.
    """
    return read_blendshape_table(Path(__file__).parents[1] / "assets" / "blendshapes.npz")
