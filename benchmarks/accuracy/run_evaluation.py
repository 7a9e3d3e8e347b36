"""Evaluate networks on a set of faces, and write what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError, OutputError
from frsdk.reconstructor import FaceReconstructor
from frsdk.storage.atomic_write import atomic_write, make_folder

from ..protocols.face_set import FaceSet, Truth
from .accuracy_report import Report, json_text, markdown_text
from .compared_networks import NetworkChoice, file_name_part, opened_network
from .error_distribution_plot import Line, ced_plot
from .evaluation_defaults import EvaluationOptions
from .group_figures import GroupRow, group_rows, read_groups
from .network_score import NetworkScore, TruthScore, score
from .predict_faces import Prediction, predict
from .read_predictions import PredictionFile, read_predictions
from .worst_faces_sheet import Case, contact_sheet

Array = NDArray[np.float64]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report and what its pictures are drawn from."""

    report: Report
    faces: FaceSet
    predictions: tuple[Prediction, ...]
    options: EvaluationOptions


def evaluate(
    faces: FaceSet, options: EvaluationOptions, on_progress: Callable[[], None] | None = None
) -> Evaluation:
    """Run every network over a set, one network after the other.

    Args:
        faces: The set.
        options: How to measure.
        on_progress: Called after each picture of each network.

    Raises:
        FrsdkError: A network, face model or picture cannot be used; the message names it.
    """
    if options.truth_model is not None and faces.surface_params is None:
        raise InputError(
            f"{faces.name}: its labels hold no parameters of a surface: leave the truth model out"
        )
    groups = (
        None
        if options.groups is None
        else read_groups(options.groups, [picture.name for picture in faces.pictures])
    )
    predictions: list[Prediction] = []
    scores: list[NetworkScore] = []
    for choice in options.networks:
        with opened_network(
            choice, options.face_models, detector=options.detector, threads=options.threads
        ) as reconstruct:
            prediction = predict(
                reconstruct,
                faces,
                detect=options.detector is not None,
                truth_model=options.truth_model,
                on_progress=on_progress,
            )
            predictions.append(prediction)
            scores.append(
                score(
                    choice.name,
                    _described(choice, reconstruct),
                    reconstruct.face_model.name,
                    prediction,
                    faces,
                    options.threshold_percent,
                )
            )
    for file in options.predictions:
        prediction = _prediction_of(file, faces)
        predictions.append(prediction)
        scores.append(
            score(file.name, f"landmarks of {file.path}", "-", prediction, faces,
                  options.threshold_percent)
        )  # fmt: skip
    boxes = "truth" if options.detector is None else f"detector ({options.detector})"
    by_group = [] if groups is None else _by_group(scores, faces, groups)
    report = Report(faces.name, boxes, len(faces.pictures), scores, faces.notes, by_group)
    return Evaluation(report, faces, tuple(predictions), options)


def _by_group(
    scores: Sequence[NetworkScore], faces: FaceSet, groups: Mapping[str, Sequence[str]]
) -> list[GroupRow]:
    """Every network's figures against every kind of labels, by group."""
    rows = []
    for network in scores:
        for truth, scored in zip(faces.truths, network.truths, strict=True):
            own = {name: [values[row] for row in truth.rows] for name, values in groups.items()}
            rows += group_rows(network.network, truth.name, scored.errors_percent, own)
    return rows


def _prediction_of(file: PredictionFile, faces: FaceSet) -> Prediction:
    """Another system's landmarks, which say nothing of angles or surfaces."""
    landmarks = read_predictions(file.path, [picture.name for picture in faces.pictures])
    unknown = np.full((len(landmarks), 3), np.nan)
    return Prediction(landmarks, unknown, unknown[:, 0], "68 landmarks")


def write_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write report.json, report.md, a curve for each kind of labels and sheets of worst cases.

    Everything is made before the first file is written, and each file is whole or not there.

    Raises:
        OutputError: The folder or a file cannot be written.
        ImageFileError: A picture of a worst case can no longer be read.
    """
    content: dict[str, bytes] = {
        "report.json": json_text(evaluation.report).encode(),
        "report.md": markdown_text(evaluation.report).encode(),
    }
    for index, truth in enumerate(evaluation.faces.truths):
        content[f"ced-{file_name_part(truth.name)}.png"] = _png(_curves(evaluation, index))
        if evaluation.options.worst:
            for network, prediction in zip(
                evaluation.report.scores, evaluation.predictions, strict=True
            ):
                sheet = _worst(evaluation, network, prediction, index)
                content[
                    f"worst-{file_name_part(network.network)}-{file_name_part(truth.name)}.png"
                ] = _png(sheet)
    make_folder(folder)
    for name, data in content.items():
        atomic_write(folder / name, data)
    return [folder / name for name in content]


def _described(choice: NetworkChoice, reconstruct: FaceReconstructor) -> str:
    """The engine in one line, with the weights' own path where they were exported for the run."""
    if choice.path is not None and choice.path.suffix.lower() == ".pth":
        return f"weights {choice.path}, exported to ONNX for this run"
    return reconstruct.engine


def _curves(evaluation: Evaluation, index: int) -> Image:
    lines = [
        Line(network.network, network.truths[index].errors_percent)
        for network in evaluation.report.scores
    ]
    title = f"{evaluation.faces.name}: {evaluation.faces.truths[index].name}"
    return ced_plot(title, lines, evaluation.options.threshold_percent)


def _worst(
    evaluation: Evaluation, network: NetworkScore, prediction: Prediction, index: int
) -> Image:
    truth, scored = evaluation.faces.truths[index], network.truths[index]
    cases = _worst_cases(evaluation.faces, truth, scored, prediction, evaluation.options.worst)
    title = f"{network.network}: the {len(cases)} worst of {scored.faces}, {truth.name}"
    return contact_sheet(title, cases)


def _worst_cases(
    faces: FaceSet, truth: Truth, scored: TruthScore, prediction: Prediction, count: int
) -> list[Case]:
    """The faces with the largest errors, missed ones first."""
    errors = np.where(np.isnan(scored.errors_percent), np.inf, scored.errors_percent)
    cases = []
    for row in np.argsort(-errors, kind="stable")[:count]:
        picture = int(truth.rows[row])
        found = prediction.landmarks[picture]
        cases.append(
            Case(
                picture=faces.pictures[picture],
                error_percent=float(scored.errors_percent[row]),
                yaw_deg=float(truth.yaw_deg[row]),
                truth=truth.points[row],
                found=found if truth.weights is None else truth.weights @ found,
            )
        )
    return cases


def _png(image: Image) -> bytes:
    done, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise OutputError(f"OpenCV cannot encode an image of shape {image.shape} as PNG")
    return content.tobytes()
