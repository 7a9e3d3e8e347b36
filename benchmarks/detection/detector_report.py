"""Measures of detectors as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .run_detectors import DetectorResult


def markdown(results: Sequence[DetectorResult], environment: dict[str, str]) -> Iterator[str]:
    """Lines of a table, one column a detector.

    Args:
        results: Of at least one detector, all on the same sets.
        environment: What the figures were measured on.
    """
    yield _row("", [result.name for result in results])
    yield _row("---", ["---:"] * len(results))
    for name in results[0].sets:
        sets = [result.sets[name] for result in results]
        yield _row(f"**{name}** ({sets[0].pictures})", [""] * len(sets))
        yield _row("AP at IoU 0.4, %", [f"{each.average_precision * 100:.1f}" for each in sets])
        for place, recall in enumerate(sets[0].recalls):
            if recall.n_faces:
                cells = [f"{each.recalls[place].share * 100:.1f}" for each in sets]
                yield _row(f"recall, {recall.name} ({recall.n_faces}), %", cells)
        yield _row("false positives a picture", [f"{each.false_positives:.3f}" for each in sets])
    for name in results[0].altered:
        sets = [result.altered[name] for result in results]
        cells = [f"{each.recalls[0].share * 100:.1f}" for each in sets]
        yield _row(f"photographs, {name}, recall ({sets[0].recalls[0].n_faces}), %", cells)
        wrong = [f"{each.false_positives:.3f}" for each in sets]
        yield _row(f"photographs, {name}, false positives a picture", wrong)
    yield from _landmark_rows(results)
    for name, cells in _others(results).items():
        yield _row(name, cells)
    yield ""
    yield "Measured with " + ", ".join(f"{key} {value}" for key, value in environment.items()) + "."


def _landmark_rows(results: Sequence[DetectorResult]) -> Iterator[str]:
    for name in results[0].landmarks:
        costs = [result.landmarks[name] for result in results]
        yield _row(f"**landmarks of {name}**", [f"{each.n_faces} found" for each in costs])
        figures = {
            "NME from true squares, %": [each.true_percent for each in costs],
            "NME from its boxes, %": [each.detected_percent for each in costs],
            "NME from its boxes without roll, %": [each.upright_percent for each in costs],
        }
        for title, values in figures.items():
            yield _row(title, ["-" if each is None else f"{each:.2f}" for each in values])


def _others(results: Sequence[DetectorResult]) -> dict[str, list[str]]:
    """What is not about a set of pictures with faces: name -> one cell a detector."""
    return {
        "**false positives a picture without faces**": [
            f"{each.faceless_false_positives:.3f}" for each in results
        ],
        "threshold": [f"{each.min_score:.2f}" for each in results],
        "320 x 320 image, median ms": [f"{each.latency.median_ms:.2f}" for each in results],
        "320 x 320 image, least ms": [f"{each.latency.least_ms:.2f}" for each in results],
    }


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
