"""Measure how closely systems follow expressions on crops in shards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.storage.npz_arrays import read_npz

from ..protocols.face_set import FaceSet
from ..protocols.labelled_shards import read_shards
from .compared_networks import NetworkChoice, opened_network
from .expression_scoring import (
    CLOSED,
    OPEN,
    EyesScore,
    GroupScore,
    MeasureScore,
    eyes_of_points,
    score_eyes,
    score_measures,
)
from .markdown_table import table
from .predict_faces import predict
from .read_predictions import PredictionFile, read_predictions

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SCHEMA_VERSION = 1
_YAW_BINS = ((0.0, 15.0), (15.0, 30.0), (30.0, 60.0), (60.0, 90.0))


@dataclass(frozen=True, slots=True)
class ExpressionFaces:
    """Crops with what people say of them.

    Attributes:
        faces: Pictures and where to look.
        people: (n, 68, 2) annotated landmarks, NaN where there are none.
        source: (n,) data set that each comes from.
        yaw_deg: (n,).
        closed: (n,) both eyes closed: by the source, else by annotated landmarks.
        opened: (n,) both eyes open, likewise.
    """

    faces: FaceSet
    people: Array
    source: NDArray[np.str_]
    yaw_deg: Array
    closed: Mask
    opened: Mask


@dataclass(frozen=True, slots=True)
class SystemScore:
    """A network or another system.

    Attributes:
        system: Its name.
        groups: All faces with annotated landmarks, then by source and by yaw.
        eyes: All faces known to have closed or open eyes, then by source.
    """

    system: str
    groups: tuple[GroupScore, ...]
    eyes: tuple[EyesScore, ...]


def read_expression_faces(folder: Path, subset: str = "val") -> ExpressionFaces:
    """The crops of a subset with annotated landmarks and labels of the eyes.

    Args:
        folder: Holds ``{subset}.npz`` (``eyes``, where it is there: "closed", "open" or anything
            else) and ``{subset}-NN.tar``.
        subset: Name of the label file without its suffix.

    Raises:
        InputError: A file is missing or damaged, or nothing in it says what a face does.
    """
    faces = read_shards(folder, subset)
    path = folder / f"{subset}.npz"
    try:
        arrays = read_npz(path, ("gt68", "source", "yaw_deg"), optional=("eyes",))
        people = arrays["gt68"].astype(np.float64)
        yaw = -arrays["yaw_deg"].astype(np.float64)  # the files keep 3DDFA_V2's sign
        source = arrays["source"].astype(np.str_)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not a label file of face crops: {error}") from error
    closed, opened = eyes_of_points(people)
    if "eyes" in arrays:
        said = arrays["eyes"].astype(np.str_)
        known = np.isin(said, ["closed", "open"])
        closed = np.where(known, said == "closed", closed)
        opened = np.where(known, said == "open", opened)
    if not (np.isfinite(people).all(axis=(1, 2)).any() or closed.any()):
        raise InputError(
            f"{path}: neither annotated landmarks (gt68) nor eyes: nothing says what the faces do"
        )
    return ExpressionFaces(faces, people, source, yaw, closed, opened)


def evaluate_expression(
    found: ExpressionFaces,
    networks: Sequence[NetworkChoice],
    predictions: Sequence[PredictionFile] = (),
    *,
    face_models: Sequence[MorphableModel] = (),
    threads: int = 1,
    on_progress: Callable[[], None] | None = None,
) -> list[SystemScore]:
    """Run networks over the faces, read other systems' landmarks, and score all of them.

    Raises:
        FrsdkError: A network, face model, picture or file cannot be used; the message names it.
    """
    scores = []
    for choice in networks:
        with opened_network(choice, face_models, threads=threads) as reconstruct:
            landmarks = predict(reconstruct, found.faces, on_progress=on_progress).landmarks
        scores.append(score_system(choice.name, found, landmarks))
    names = [picture.name for picture in found.faces.pictures]
    scores += [
        score_system(each.name, found, read_predictions(each.path, names)) for each in predictions
    ]
    return scores


def score_system(name: str, found: ExpressionFaces, landmarks: Array) -> SystemScore:
    """Score (n, 68, 2) landmarks in crop pixels, NaN where the system found no face."""
    annotated = np.asarray(np.isfinite(found.people).all(axis=(1, 2)), np.bool_)
    groups = tuple(
        score_measures(group, found.people[chosen], landmarks[chosen])
        for group, chosen in _groups(found, annotated)
    )
    either = found.closed | found.opened
    eyes = tuple(
        score_eyes(group, found.closed[chosen], found.opened[chosen], landmarks[chosen])
        for group, chosen in _by_source(found, either)
    )
    return SystemScore(name, groups, eyes)


def expression_json(subset: str, scores: Sequence[SystemScore]) -> str:
    """The scores for machines."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "faces": subset,
        "systems": [asdict(score) for score in scores],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def expression_markdown(subset: str, scores: Sequence[SystemScore]) -> str:
    """The scores for people: a table of each measure, and one of closed eyes."""
    lines = [
        f"# {subset}: expressions",
        "",
        "Correlation r, slope and offset (mean difference) against annotations. Eye opening "
        "is the mean eye aspect ratio; the others are shares of the outer eye corners' distance.",
    ]
    for column, measure in enumerate(scores[0].groups[0].measures if scores[0].groups else ()):
        lines += ["", f"## {measure.measure}", "", *_measure_table(scores, column)]
    if scores[0].eyes:
        note = (
            "AUC of the mean eye aspect ratio. Closed and open as the source says; else by "
            f"annotated landmarks: both eyes below {CLOSED}, both above {OPEN}."
        )
        lines += ["", "## Closed eyes", "", note, "", *_eyes_table(scores)]
    return "\n".join(lines) + "\n"


def expression_summary(scores: Sequence[SystemScore]) -> str:
    """All faces alone, in one table: r and slope of each measure, and closed eyes."""
    measures = scores[0].groups[0].measures if scores[0].groups else ()
    head = ["system", *(f"{each.measure}, r, slope" for each in measures)]
    if scores[0].eyes:
        head += ["closed, open", "AUC", "median closed", "median open"]
    rows = [[score.system, *_summary_cells(score)] for score in scores]
    return "\n".join(table(head, rows)) + "\n"


def _summary_cells(score: SystemScore) -> list[str]:
    measures = score.groups[0].measures if score.groups else ()
    cells = [f"{_number(each.correlation, 2)}, {_number(each.slope, 2)}" for each in measures]
    if score.eyes:
        eyes = score.eyes[0]
        cells += [f"{eyes.closed}, {eyes.open}", _number(eyes.auc, 3)]
        cells += [_number(eyes.closed_median, 2), _number(eyes.open_median, 2)]
    return cells


def _measure_table(scores: Sequence[SystemScore], column: int) -> list[str]:
    rows = [
        [
            group.group,
            score.system,
            f"{group.count}",
            f"{group.missed}",
            *_measure_cells(group.measures[column]),
        ]
        for index in range(len(scores[0].groups))
        for score in scores
        for group in (score.groups[index],)
    ]
    return table(["faces", "system", "count", "missed", "r", "slope", "offset"], rows)


def _measure_cells(score: MeasureScore) -> list[str]:
    offset = "-" if score.offset is None else f"{score.offset:+.3f}"
    return [_number(score.correlation, 2), _number(score.slope, 2), offset]


def _eyes_table(scores: Sequence[SystemScore]) -> list[str]:
    rows = [
        [
            eyes.group,
            score.system,
            f"{eyes.closed}",
            f"{eyes.open}",
            f"{eyes.missed}",
            _number(eyes.auc, 3),
            _number(eyes.closed_median, 2),
            _number(eyes.open_median, 2),
        ]
        for index in range(len(scores[0].eyes))
        for score in scores
        for eyes in (score.eyes[index],)
    ]
    head = ["faces", "system", "closed", "open", "missed", "AUC", "median closed", "median open"]
    return table(head, rows)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _groups(found: ExpressionFaces, chosen: Mask) -> Iterator[tuple[str, Mask]]:
    """All of the chosen faces, then by source and by yaw."""
    yield from _by_source(found, chosen)
    if chosen.any():
        size = np.abs(found.yaw_deg)
        for low, high in _YAW_BINS:
            inside = chosen & (size <= high) & ((size > low) | (low == 0.0))
            if inside.any():
                yield f"{low:.0f}-{high:.0f}°", inside


def _by_source(found: ExpressionFaces, chosen: Mask) -> Iterator[tuple[str, Mask]]:
    if not chosen.any():
        return
    yield "all", chosen
    for source in np.unique(found.source[chosen]):
        yield str(source), chosen & (found.source == source)
