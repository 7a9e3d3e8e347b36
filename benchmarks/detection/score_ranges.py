"""What right and wrong finds score: the figures behind a detector's thresholds.

Run: `python -m frsdk.benchmarks.detection.score_ranges FACES BACKGROUNDS --detector FILE.onnx`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from frsdk import BuiltinDetector, Detector
from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.commands.console_errors import reports_errors
from frsdk.specs.detector_spec import DetectorSpec

from .held_out_scenes import Picture, alone, faceless, portraits
from .match_detections import match

Array = NDArray[np.float64]

_LEAST = 0.25
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5)


class _RawBackend(OnnxRuntimeBackend):
    """A detector's file whose scores are as the network gives them: nothing is looked at again."""

    @property
    def detector_spec(self) -> DetectorSpec:
        """The file's, without looks."""
        return super().detector_spec.replace(second_look=(2.0, 2.0), four_looks=(0.0, 0.0))


def scores_of(detect: Detector, pictures: Iterable[Picture]) -> tuple[Array, Array, int]:
    """Scores of the faces found, 0 for a missed one, of all other finds, and the picture count."""
    right: list[float] = []
    wrong: list[float] = []
    count = 0
    for picture in pictures:
        found = match(detect(picture.image), picture.faces, picture.ignored)
        best = np.zeros(found.n_faces)
        np.maximum.at(best, found.face[found.face >= 0], found.scores[found.face >= 0])
        right += best.tolist()
        wrong += found.scores[found.face < 0].tolist()
        count += 1
    return np.array(right), np.array(wrong), count


def upside_down(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The same pictures turned by 180 degrees, in which no find is right."""
    for picture in pictures:
        nothing = np.zeros((0, 4))
        image = np.ascontiguousarray(picture.image[::-1, ::-1])
        yield replace(picture, image=image, faces=nothing, ignored=nothing)


@click.command()
@click.argument("faces", type=click.Path(path_type=Path, file_okay=False))
@click.argument("backgrounds", type=click.Path(path_type=Path, file_okay=False))
@click.option("--detector", type=click.Path(path_type=Path), required=True)
@click.option("--most", type=int, default=200, show_default=True, help="Faces.")
@click.option("--pictures", type=int, default=160, show_default=True, help="Without faces.")
@reports_errors
def main(faces: Path, backgrounds: Path, detector: Path, most: int, pictures: int) -> None:
    """Print scores with and without further looks, and what each threshold gives."""
    empty = [
        Picture(
            str(k), image, np.zeros((0, 4)), np.zeros((0, 4)), np.zeros(0), np.zeros((0, 68, 2))
        )
        for k, image in enumerate(faceless(backgrounds)[:pictures])
    ]
    sets = {
        "portraits": list(portraits(faces, most)),
        "alone": list(alone(faces, backgrounds, most, repeats=1)),
        "without faces": empty,
    }
    sets["portraits upside down"] = list(upside_down(sets["portraits"]))
    for title, engine in (
        ("as the network gives them", _RawBackend(detector)),
        ("shipped", detector),
    ):
        detect = BuiltinDetector(engine, min_score=_LEAST)
        for name, shown in sets.items():
            right, wrong, count = scores_of(detect, shown)
            line = [f"{title}, {name}:"]
            if len(right):
                cells = [f"{each:.2f}" for each in np.quantile(right, _QUANTILES)]
                line.append(f"right ones' quantiles {_QUANTILES}: {' '.join(cells)};")
            line.append(f"{len(wrong)} others, highest {wrong.max(initial=0.0):.2f}")
            click.echo(" ".join(line))
            for least in _THRESHOLDS:
                found = f"{100 * (right >= least).mean():.1f} % found, " if len(right) else ""
                click.echo(
                    f"  {least:.2f}: {found}{(wrong >= least).sum() / count:.3f} others a picture"
                )


if __name__ == "__main__":
    main()
