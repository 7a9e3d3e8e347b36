"""Pictures in, faces out: several at once within bounds of memory, each with its own failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import FrsdkError

if TYPE_CHECKING:
    from ..face import Face
    from ..reconstructor import FaceReconstructor

Image = NDArray[np.uint8]

# Pictures of a chunk are in memory at once: so many, and pixels.
_CHUNK = 16
_CHUNK_PIXELS = 32_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture: its pixels and faces, or why there are none.

    Attributes:
        size_wh: Width, height; (0, 0) of a picture that was not read.
        faces: Largest first.
        error: Why it gave nothing; None where it was read.
    """

    size_wh: tuple[int, int] = (0, 0)
    faces: Sequence[Face] = ()
    error: FrsdkError | None = None


def picture_outcomes(
    reconstruct: FaceReconstructor, readers: Iterable[Callable[[], Image]]
) -> list[Outcome]:
    """Reconstruct pictures by shared calls of the engine.

    Args:
        reconstruct: Finds the faces.
        readers: Functions that give (H, W, 3) uint8 BGR, or raise `FrsdkError`.

    Returns:
        One outcome a reader, in their order.
    """
    outcomes: dict[int, Outcome] = {}
    waiting: dict[int, Image] = {}
    for index, read in enumerate(readers):
        try:
            image = read()
        except FrsdkError as error:
            outcomes[index] = Outcome(error=error)
            continue
        pixels = sum(each.shape[0] * each.shape[1] for each in waiting.values())
        if len(waiting) == _CHUNK or pixels + image.size // 3 > _CHUNK_PIXELS:
            outcomes.update(_chunk(reconstruct, waiting))
            waiting = {}
        waiting[index] = image
    outcomes.update(_chunk(reconstruct, waiting))
    return [outcome for _, outcome in sorted(outcomes.items())]


def _chunk(reconstruct: FaceReconstructor, images: dict[int, Image]) -> dict[int, Outcome]:
    """By one call, or one by one where that fails."""
    if not images:
        return {}
    try:
        found = reconstruct.batch(list(images.values()))
    except FrsdkError as error:
        if len(images) == 1:
            return {index: Outcome(error=error) for index in images}
        parts = [_chunk(reconstruct, {index: image}) for index, image in images.items()]
        return {index: outcome for part in parts for index, outcome in part.items()}
    return {
        index: Outcome((image.shape[1], image.shape[0]), faces)
        for (index, image), faces in zip(images.items(), found, strict=True)
    }
