"""What a TensorRT build can be asked for, and what it is by default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from frsdk.engine_files.engine_header import BatchProfile
from frsdk.errors import InputError

TARGETS = {"tensorrt": "tensorrt", "rtx": "tensorrt_rtx"}
"""Flavour of TensorRT by the target's name."""

DEFAULT_PROFILE = BatchProfile(1, 1, 8)

_CAPABILITY = re.compile(r"[1-9]\d?\.\d")
_LARGEST_BATCH = 4096


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Options of a build; one that a flavour does not have is an error when it is asked for.

    Attributes:
        profiles: Batch sizes that the engine takes: each range is tuned for its optimum.
        compute_capabilities: Target GPU architectures, such as ``"8.6"`` (TensorRT for RTX). Empty
            means the GPU of this machine.
        workspace_mib: Scratch memory that layers may use; None leaves it to TensorRT.
        timing_cache: File with measured times of earlier builds; read if it is there, and updated.
        hardware_compatible: Make the engine run on later architectures too, at some cost in speed.
        version_compatible: Make it run with later releases of the same major version too.
        dla_core: Build for this deep-learning accelerator instead of the GPU.
    """

    profiles: tuple[BatchProfile, ...] = (DEFAULT_PROFILE,)
    compute_capabilities: tuple[str, ...] = ()
    workspace_mib: int | None = None
    timing_cache: Path | None = None
    hardware_compatible: bool = False
    version_compatible: bool = False
    dla_core: int | None = None


def profile_from_text(text: str) -> BatchProfile:
    """Batch sizes from ``MIN:OPT:MAX``.

    Raises:
        InputError: Not three rising whole numbers of at least 1.
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(re.fullmatch(r"\d{1,6}", part) for part in parts):
        raise InputError(f"expected --batch MIN:OPT:MAX such as 1:1:8, got {text!r}")
    minimum, optimum, maximum = map(int, parts)
    if minimum < 1:
        raise InputError(f"expected batches of at least 1, got {text!r}: use 1:{optimum}:{maximum}")
    if not minimum <= optimum <= maximum:
        raise InputError(
            f"expected MIN <= OPT <= MAX in --batch, got {text!r}: use "
            + ":".join(map(str, sorted((minimum, optimum, maximum))))
        )
    if maximum > _LARGEST_BATCH:
        raise InputError(
            f"expected batches of at most {_LARGEST_BATCH}, got {text!r}: larger ones are split"
        )
    return BatchProfile(minimum, optimum, maximum)


def profiles_from_texts(texts: tuple[str, ...]) -> tuple[BatchProfile, ...]:
    """Batch sizes from several ``MIN:OPT:MAX``, by rising maximum.

    Raises:
        InputError: As :func:`profile_from_text`, or two end at the same maximum.
    """
    found = sorted(map(profile_from_text, texts), key=lambda each: each.maximum)
    for first, second in pairwise(found):
        if first.maximum == second.maximum:
            raise InputError(
                f"expected --batch ranges of different MAX, got two of {second.maximum}: a batch "
                "runs in the range of the least MAX that holds it"
            )
    return tuple(found)


def capabilities_from_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Compute capabilities such as ``8.6``, each once, in rising order.

    Raises:
        InputError: One has another form.
    """
    for text in texts:
        if not _CAPABILITY.fullmatch(text):
            raise InputError(f"expected a compute capability such as 8.6, got {text!r}")
    return tuple(sorted(set(texts), key=lambda text: tuple(map(int, text.split(".")))))
