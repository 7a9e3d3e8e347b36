import json

import pytest

from frsdk.benchmarks.speed.reporting.compare_runs import compare_table, read_report
from frsdk.benchmarks.speed.reporting.report_tables import Table, markdown_lines, print_tables
from frsdk.errors import InputError

LATENCY = Table(
    "latency",
    "Latency",
    ("engine", "batch", "p50 ms", "ratio"),
    [("fp32", 1, 4.1234, 1.0), ("int8", 1, 2.5, 0.606), ("a|b", 64, 1234.5, None)],
    "A note.",
)


def test_text_is_aligned_and_rounded(capsys):
    print_tables([LATENCY])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Latency" and lines[-2:] == ["A note.", ""]
    assert lines[2].split() == ["engine", "batch", "p50", "ms", "ratio"]
    assert lines[3].split() == ["fp32", "1", "4.12", "1"]
    assert lines[5].split() == ["a|b", "64", "1234", "-"]
    assert len({len(line) for line in lines[2:6]}) == 1


def test_markdown_keeps_bars_out_of_the_columns():
    lines = markdown_lines([LATENCY])
    assert lines[0] == "## Latency"
    assert lines[3] == "| --- | ---: | ---: | ---: |"
    assert lines[6] == "| a\\|b | 64 | 1234 | - |"


def report(tmp_path, ratio):
    table = Table(**{**LATENCY.to_dict(), "rows": [("fp32", 1, 9.0, 1.0), ("int8", 1, 5.0, ratio)]})
    path = tmp_path / "earlier.json"
    path.write_text(json.dumps({"tables": [table.to_dict()]}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "verdict"), [(0.606, "repeats"), (0.58, "repeats"), (0.5, "differs")]
)
def test_compare_sets_ratios_beside_each_other(tmp_path, before, verdict):
    path = report(tmp_path, before)
    table = compare_table([LATENCY], read_report(path), str(path))
    fp32, int8 = table.rows
    assert fp32 == ("latency: fp32, 1", 1.0, 1.0, 0.0, "repeats")
    assert int8[:3] == ("latency: int8, 1", before, 0.606)
    assert int8[3] == pytest.approx((0.606 / before - 1) * 100) and int8[4] == verdict


def test_bad_earlier_reports_are_one_line(tmp_path):
    for content, message in (
        ("{", "not JSON"),
        ("[]", "not a report"),
        ('{"tables": 3}', "report"),
    ):
        path = tmp_path / "bad.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=message) as caught:
            read_report(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_report(tmp_path / "none.json")
    with pytest.raises(InputError, match="no ratio in common"):
        compare_table([LATENCY], {"tables": []}, "other.json")
