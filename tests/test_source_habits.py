"""Habits of the source that no linter knows: length, names, reasons, files that are spoken of."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("frsdk", "export", "engines", "benchmarks")
# Names that several files may have: packages, and the commands of which each package has one.
SHARED_NAMES = {"__init__", "cli"}
VAGUE_NAMES = {"utils", "common", "helpers", "core", "misc", "tools", "base", "types", "stuff"}
_IGNORED = re.compile(r"#\s*type: ignore(?P<code>\[[\w, -]+\])?(?P<reason>\s+# \w.*)?$")
# A file of this repository where a text, a docstring or a comment speaks of one.
_SPOKEN_OF = re.compile(
    r"(?<![\w./-])(?:docs|tests|scripts|examples|weights|web/src|export|engines|benchmarks|frsdk)"
    r"/[\w./-]+\.(?:md|py|ts|npz|pth)\b"
)
_OF_THE_PAST = {"CHANGELOG.md"}  # it may speak of what is gone


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_no_two_files_of_different_jobs_share_a_name() -> None:
    places = defaultdict(list)
    for path in sources(*PACKAGES, "scripts", "examples"):
        places[path.stem].append(str(path.relative_to(ROOT)))
    shared = {name: files for name, files in places.items() if len(files) > 1}
    assert set(shared) == SHARED_NAMES, shared
    assert not VAGUE_NAMES & set(places)


def test_files_have_at_most_300_lines() -> None:
    found = {}
    for path in sources(*PACKAGES, "scripts", "examples", "tests"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 300:
            found[str(path.relative_to(ROOT))] = lines
    assert not found


def test_what_the_type_checker_shall_not_see_has_a_reason() -> None:
    bare = []
    for path in sources(*PACKAGES):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "type: ignore" in line:
                match = _IGNORED.search(line)
                if not (match and match["code"] and match["reason"]):
                    bare.append(f"{path.relative_to(ROOT)}:{number}")
    assert not bare


def test_files_that_are_spoken_of_exist() -> None:
    gone = []
    texts = [*sources(*PACKAGES, "scripts", "examples", "tests"), *ROOT.glob("*.md")]
    for folder in ("docs", "weights", "benchmarks", "examples", "frsdk/assets"):
        texts += (ROOT / folder).rglob("*.md")
    for path in texts:
        for found in _SPOKEN_OF.findall(path.read_text(encoding="utf-8")):
            if path.name not in _OF_THE_PAST and not (ROOT / found).is_file():
                gone.append(f"{path.relative_to(ROOT)}: {found}")
    assert not gone
