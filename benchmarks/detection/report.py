"""Measures of detectors as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .run import DetectorResult


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
    rest = {
        "**false positives a picture without faces**": lambda r: f"{r.faceless_false_positives:.3f}",
        "threshold": lambda r: f"{r.min_score:.2f}",
        "NME from true squares, %": lambda r: f"{r.landmarks.true_percent:.2f}",
        "NME from its boxes, %": lambda r: f"{r.landmarks.detected_percent:.2f}",
        "NME from its boxes without roll, %": lambda r: f"{r.landmarks.upright_percent:.2f}",
        "faces of that comparison": lambda r: str(r.landmarks.n_faces),
        "320 x 320 image, median ms": lambda r: f"{r.latency.median_ms:.2f}",
        "320 x 320 image, least ms": lambda r: f"{r.latency.least_ms:.2f}",
    }
    for name, cell in rest.items():
        yield _row(name, [cell(result) for result in results])
    yield ""
    yield "Measured with " + ", ".join(f"{key} {value}" for key, value in environment.items()) + "."


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
