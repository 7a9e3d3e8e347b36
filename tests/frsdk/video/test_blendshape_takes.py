"""A video's people, a file of named expressions each."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, builtin_blendshapes
from frsdk.video.blendshape_takes import BlendshapeTakes, PeopleByName


def person(number: int, jaw: float, yaw: float = 0.0) -> SimpleNamespace:
    table = builtin_blendshapes()
    shape = table.neutral + jaw * table.displacement[BLENDSHAPE_NAMES.index("jawOpen")]
    pose = SimpleNamespace(yaw_deg=yaw, pitch_deg=1.0, roll_deg=-2.0)
    landmarks = (shape * (1.0, -1.0, 1.0)).astype(np.float32)
    return SimpleNamespace(id=number, landmarks=landmarks, pose=pose)


def test_each_person_has_a_file(tmp_path: Path) -> None:
    takes = BlendshapeTakes(tmp_path / "a.faces.csv")
    for k in range(20):
        faces = [person(0, k / 19.0)] + ([person(4, 0.0, yaw=90.0)] if k > 10 else [])
        takes.write(k / 25.0, faces)
    takes.finish()
    takes.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.faces.blendshapes.0.csv",
        "a.faces.blendshapes.4.csv",
    ]
    assert BlendshapeTakes.pattern(tmp_path / "a.faces.csv").endswith("a.faces.blendshapes.*.csv")
    with takes.path(0).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and rows[-1]["Timecode"] == "00:00:00:19.000"  # 25 a second
    jaw = [float(row["JawOpen"]) for row in rows]
    assert jaw == sorted(jaw) and jaw[0] < 0.05 and jaw[-1] > 0.7
    with takes.path(4).open(newline="") as file:
        turned = list(csv.DictReader(file))
    assert len(turned) == 9
    assert float(turned[0]["HeadYaw"]) == pytest.approx(np.pi / 2.0, abs=1e-5)


def test_a_frame_that_is_no_face_teaches_nothing() -> None:
    people = PeopleByName()
    people.blendshapes(person(0, 0.2))
    wild = person(0, 0.2)
    wild.landmarks = np.random.default_rng(0).normal(0, 60, (68, 3)).astype(np.float32)
    people.blendshapes(wild)  # the stream goes on
    assert people.blendshapes(person(0, 0.8))["jawOpen"] > 0.5


def test_people_of_an_earlier_run_go(tmp_path: Path) -> None:
    (tmp_path / "a.faces.blendshapes.notes.csv").touch()
    for people in ([0, 1, 2], [1]):
        takes = BlendshapeTakes(tmp_path / "a.faces.csv")
        for k in range(3):
            takes.write(k / 25.0, [person(number, 0.5) for number in people])
        takes.finish()
        takes.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.faces.blendshapes.1.csv",
        "a.faces.blendshapes.notes.csv",
    ]


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    takes, face = BlendshapeTakes(tmp_path / "faces.csv"), person(0, 0.5)
    for k in range(50):
        takes.write(k / 25.0, [face])
    tracemalloc.start()
    try:
        for k in range(50, 450):
            takes.write(k / 25.0, [face])
        assert tracemalloc.get_traced_memory()[0] < 400 * 60  # bytes a frame
    finally:
        tracemalloc.stop()
    takes.finish()
    takes.publish()
    assert len(takes.path(0).read_text().splitlines()) == 451


def test_what_is_discarded_is_not_written(tmp_path: Path) -> None:
    takes = BlendshapeTakes(tmp_path / "faces.csv")
    takes.write(0.0, [person(0, 1.0)])
    takes.discard()
    takes.publish()
    assert not list(tmp_path.iterdir())


def test_a_person_seen_long_enough_has_more_names() -> None:
    people, table = PeopleByName(), builtin_blendshapes()
    told = [people.blendshapes(person(1, 0.1)) for _ in range(16)]
    assert tuple(told[0]) == table.seen(neutral_known=False)
    assert tuple(told[-1]) == table.seen(neutral_known=True)
    turned = [people.blendshapes(person(2, 0.1, yaw=60.0)) for _ in range(16)]
    assert tuple(turned[-1]) == table.seen(neutral_known=False)  # nothing was learned
