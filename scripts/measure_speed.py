#!/usr/bin/env python3
"""Measure this machine and put the result into the repository.

    scripts/measure_speed.py NAME [OPTION OF frsdk-bench ...]

Writes benchmarks/results/NAME.json, NAME.md and docs/speed.png, and the table on README's first
screen. Run it on a quiet machine: scripts/measure_speed.py xeon --engine fp32,int8
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
SHOWN = {"peer_networks": "network, batch 1", "pipelines": "whole face, 38,365 vertices"}


def main() -> None:
    """Run frsdk-bench with the peers and cut README's table out of its report."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    name, *options = sys.argv[1:]
    RESULTS.mkdir(exist_ok=True)
    report = RESULTS / f"{name}.json"
    files = ["--json", report, "--markdown", RESULTS / f"{name}.md"]
    files += ["--plot", ROOT / "docs" / "speed.png"]
    command = ["frsdk-bench", "--peers", *options, *map(str, files)]
    print("$", *command, flush=True)
    subprocess.run(command, check=True, cwd=ROOT)
    document = json.loads(report.read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, "\n".join(first_screen(document, name))), encoding="utf-8")


def first_screen(document: dict[str, Any], name: str) -> list[str]:
    """The ratios of the peers' tables, with the machine's name."""
    tables = {table["key"]: table for table in document["tables"]}
    lines = []
    for key, title in SHOWN.items():
        table = tables[key]
        at = table["columns"].index("ratio")
        lines += [f"| {title} | time |", "|---|---:|"]
        lines += [f"| {row[0]} | {row[at]:.2f} |" for row in table["rows"]]
        lines.append("")
    cpu = document["environment"]["cpu"]
    lines.append("![Latency, stages and peers](docs/speed.png)")
    lines.append("")
    lines.append(f"{cpu}, one thread, batch 1; [whole report](benchmarks/results/{name}.md).")
    return lines


def replaced(text: str, content: str) -> str:
    """README with another table between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        sys.exit(f"README.md lacks {BEGIN} or {END}: put them back")
    return f"{before}{BEGIN}\n{content.strip()}\n{END}{after}"


if __name__ == "__main__":
    main()
