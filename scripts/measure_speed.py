#!/usr/bin/env python3
"""Measure this machine and put the result into the repository.

    scripts/measure_speed.py NAME [OPTION OF frsdk-bench ...]

Writes benchmarks/results/NAME.json, NAME.md, docs/pictures/speed.png and README's table of times.
Run it on a quiet machine: scripts/measure_speed.py xeon --engine fp32,int8
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any  # a report as JSON has it

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- speed: scripts/measure_speed.py -->", "<!-- end -->"
#: Pipelines of README's table, the row of their network, and what README calls them.
SHOWN = (
    ("frsdk, engine int8, int8 vertices", "engine int8", "frsdk, INT8"),
    ("frsdk, engine fp32, fp32 vertices", "engine fp32", "frsdk, FP32"),
    (
        "3DDFA_V2's pipeline, MobileNetV1 x 0.5 (3DDFA_V2)",
        "MobileNetV1 x 0.5 (3DDFA_V2)",
        "3DDFA_V2, MobileNetV1 ×0.5",
    ),
    (
        "3DDFA_V2's pipeline, MobileNetV1 x 1.0 (3DDFA_V2)",
        "MobileNetV1 x 1.0 (3DDFA_V2)",
        "3DDFA_V2, MobileNetV1 ×1.0",
    ),
)


def main() -> None:
    """Run frsdk-bench with the peers and cut README's table out of its report."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    name, *options = sys.argv[1:]
    RESULTS.mkdir(exist_ok=True)
    report = RESULTS / f"{name}.json"
    files = ["-o", report, "--markdown", RESULTS / f"{name}.md"]
    files += ["--plot", ROOT / "docs" / "pictures" / "speed.png"]
    command = ["frsdk-bench", "--peers", *options, *map(str, files)]
    print("$", *command, flush=True)
    subprocess.run(command, check=True, cwd=ROOT)
    document = json.loads(report.read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, "\n".join(first_screen(document, name))), encoding="utf-8")


def first_screen(document: dict[str, Any], name: str) -> list[str]:
    """Times of the pipelines in the report, with the machine's name."""
    tables = {table["key"]: table for table in document["tables"]}
    whole, networks = (_rows(tables[key]) for key in ("pipelines", "peer_networks"))
    lines = [
        "| one face | network, ms | crop to 38,365 vertices, ms | time, 3DDFA_V2 ×1.0 = 1 "
        "| faces/s |",
        "|---|---:|---:|---:|---:|",
    ]
    for pipeline, network, title in SHOWN:
        if pipeline in whole and network in networks:
            row, alone = whole[pipeline], networks[network]["p50 ms"]
            ms = row["p50 ms"]
            lines.append(
                f"| {title} | {alone:.1f} | {ms:.1f} | {row['ratio']:.2f} | {1000 / ms:.0f} |"
            )
    cpu = document["environment"]["cpu"]
    photo = _rows(tables["stages"])["all"]["fp32 ms"]
    frame = {row[0]: row[2] for row in tables["tracked"]["rows"] if row[1] == "tracked frame"}
    lines += [
        "",
        f"With detection a photograph takes {photo:.1f} ms ({1000 / photo:.0f}/s), a tracked 720p "
        f"frame {frame['720p']:.1f} ms ({1000 / frame['720p']:.0f} frames/s).",
        f"{cpu}, one thread, batch 1, one run: `benchmarks/results/{name}.md`.",
    ]
    return lines


def _rows(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a table by their first cell, cells by their column."""
    return {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}


def replaced(text: str, content: str) -> str:
    """README with another table between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        sys.exit(f"README.md lacks {BEGIN} or {END}: put them back")
    return f"{before}{BEGIN}\n{content.strip()}\n{END}{after}"


if __name__ == "__main__":
    main()
