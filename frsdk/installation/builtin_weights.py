"""The weights in the wheel: which there are, their files, and what may be done with them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .asset_files import (
    FACE_DETECTOR,
    FACE_MODEL,
    NETWORK,
    OPEN_FACE_DETECTOR,
    OPEN_FACE_MODEL,
    OPEN_NETWORK,
    asset_path,
)


@dataclass(frozen=True, slots=True)
class BuiltinWeights:
    """A network in the wheel, the face model that it belongs to, and its face detector.

    Attributes:
        name: As ``weights=`` takes it.
        network_file: In ``frsdk.assets``.
        face_model_file: In ``frsdk.assets``.
        detector_file: In ``frsdk.assets``.
        card_file: Its model card, in ``frsdk.assets``.
        terms: In one line, what may be done with it.
        needs_notice: Whether copies of it go with the `NOTICE`.
    """

    name: str
    network_file: str
    face_model_file: str
    detector_file: str
    card_file: str
    terms: str
    needs_notice: bool

    @property
    def network(self) -> Path:
        """The network's file, whether the installation has it or not."""
        return asset_path(self.network_file)

    @property
    def face_model(self) -> Path:
        """The face model's file."""
        return asset_path(self.face_model_file)

    @property
    def detector(self) -> Path:
        """The face detector's file."""
        return asset_path(self.detector_file)


#: The default comes first.
BUILTIN_WEIGHTS = {
    each.name: each
    for each in (
        BuiltinWeights(
            "research",
            NETWORK,
            FACE_MODEL,
            FACE_DETECTOR,
            "MODEL_CARD.md",
            "research only: learned from pictures and labels with such terms; not for a product",
            needs_notice=False,
        ),
        BuiltinWeights(
            "open",
            OPEN_NETWORK,
            OPEN_FACE_MODEL,
            OPEN_FACE_DETECTOR,
            "MODEL_CARD_OPEN.md",
            "CC BY 4.0: learned from open sources only; a product may ship it, with its own face "
            "detector and the NOTICE",
            needs_notice=True,
        ),
    )
}
DEFAULT_WEIGHTS = next(iter(BUILTIN_WEIGHTS))
BUILTIN = "builtin"


def builtin_network(word: str) -> BuiltinWeights | None:
    """The weights that a command line calls "builtin" (the default ones) or "builtin-NAME"."""
    first, _, name = word.partition("-")
    return BUILTIN_WEIGHTS.get(name or DEFAULT_WEIGHTS) if first == BUILTIN else None


def named_weights(engine: str | os.PathLike[str] | None) -> BuiltinWeights | None:
    """The weights that an option for a network names; None where it is a file or another word."""
    named = None if engine is None else builtin_network(os.fspath(engine))
    return None if named is None or Path(engine or "").exists() else named


def builtin_weights(name: str | None) -> BuiltinWeights:
    """The built-in weights of a name; the default's for None.

    Raises:
        InputError: There are none of this name.
    """
    found = BUILTIN_WEIGHTS.get(name or DEFAULT_WEIGHTS)
    if found is None:
        raise InputError(f"expected weights {' or '.join(BUILTIN_WEIGHTS)}, got {name!r}")
    return found
