"""Progress and tables: drawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from frsdk.commands import terminal
from frsdk.commands.terminal import (
    aligned_lines,
    duration,
    print_facts,
    print_table,
    progress,
)

COLUMNS, ROWS = ("what", "ms"), [["network [fp32]", "4.1"], ["a path " + "x" * 200, "12"]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_are_aligned() -> None:
    assert aligned_lines(("a", "b"), [["xx", "1"], ["y", "100"]]) == [
        "a     b",
        "xx    1",
        "y   100",
    ]


def test_a_row_is_one_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, ROWS)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_terminal_folds_long_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", shown)
    print_table(COLUMNS, ROWS)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).splitlines()
    assert max(map(len, lines)) <= 60 and len(lines) > 5
    assert "network [fp32]" in shown.getvalue()  # brackets are no markup
    assert "".join(lines).count("x") == 200  # nothing is cut off


def test_facts_are_two_columns_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = ["frsdk 1.0", "run tensorrt: no: no driver: " + "y" * 80, "run onnxruntime: yes"]
    print_facts(facts)
    assert capsys.readouterr().out.splitlines() == facts
    shown = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", shown)
    print_facts(facts)
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).split("\n")]
    assert lines[0] == "frsdk 1.0" and lines[-2] == "run onnxruntime  yes"
    assert lines[1].startswith("run tensorrt     no: no driver:")
    assert max(map(len, lines)) <= 60 and "".join(lines).count("y") == 80 + 1


def test_nothing_is_said_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("working", 3) as advance:
        advance(3, "done")
    assert capsys.readouterr().err == ""


def test_logs_get_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 4.0, 12.0, 13.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(now))
    with progress("training", 100, lines_every_s=10) as advance:
        for step in range(3):
            advance(1, f"loss {step}")
    assert capsys.readouterr().err == "training: 2 of 100, 10 min left, loss 1\n"


def test_a_terminal_gets_a_bar_with_rate_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", shown)
    with progress("training", 4) as advance:
        advance(2, "loss 1.0")
    assert "training" in shown.getvalue() and "2/4" in shown.getvalue()
    assert "/s" in shown.getvalue() and "loss 1.0" in shown.getvalue()


def test_durations() -> None:
    assert [duration(s) for s in (9, 90, 7200)] == ["9 s", "2 min", "2.0 h"]
