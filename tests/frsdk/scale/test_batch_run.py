"""A batch on a local cluster of two processes, some of which die: every picture has its rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import BuiltinDetector, FaceReconstructor, read_image
from frsdk.commands.cli import main
from frsdk.errors import InputError
from frsdk.scale.batch_defaults import BatchOptions
from frsdk.scale.batch_run import BatchReport, made_with, reconstruct_to_parquet
from frsdk.scale.face_columns import face_schema
from frsdk.scale.parquet_parts import ParquetParts

parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (frsdk[ray])")
SIDES = range(200, 320, 6)
KILLS_ONCE, KILLS_ALWAYS = 248, 290


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 photographs of a face, each of its own size; a broken one, and one without a face."""
    folder = tmp_path_factory.mktemp("pictures")
    face = read_image("sample:astronaut")
    for side in SIDES:
        cv2.imwrite(str(folder / f"{side}.png"), cv2.resize(face[:320, 60:380], (side, side)))
    (folder / "broken.jpg").write_bytes(b"no picture")
    cv2.imwrite(str(folder / "grey.png"), np.full((64, 64, 3), 90, np.uint8))
    return folder


def deadly_detector(folder: Path) -> Any:
    """A detector whose process dies with one picture the first time, and with another always."""
    rule = BuiltinDetector().box_rule
    once, at_once, always = folder / "died", KILLS_ONCE, KILLS_ALWAYS
    number = int(signal.SIGKILL)

    def detect(image: Any) -> Any:  # made here, so that it travels by value
        import os

        from frsdk import BuiltinDetector

        if len(image) == at_once and not once.exists():
            once.touch()
            os.kill(os.getpid(), number)
        if len(image) == always:
            os.kill(os.getpid(), number)
        return BuiltinDetector()(image)

    detect.box_rule = rule
    return detect


def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in parquet.read_table(folder).to_pylist():
        rows.setdefault(Path(row["path"]).name, []).append(row)
    return rows


@pytest.mark.ray
def test_nothing_is_lost_when_processes_die(local_ray: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = BatchOptions(actors=2, reconstructor={"detector": deadly_detector(tmp_path)})
    steps: list[int] = []

    def on_progress(done: int, report: BatchReport) -> None:
        steps.append(done)

    assert [node["NodeManagerAddress"] for node in local_ray.nodes()] == ["127.0.0.1"]
    report = reconstruct_to_parquet([str(pictures)], out, options, on_progress)
    assert (tmp_path / "died").exists()
    assert report.complete and sum(steps) == len(SIDES) + 2
    assert (report.images, report.faces, report.without_face, report.broken) == (20, 19, 1, 2)
    rows = rows_of(out)
    assert set(rows) == {path.name for path in pictures.iterdir()}
    assert {len(each) for each in rows.values()} == {1}
    assert "died, each time" in rows[f"{KILLS_ALWAYS}.png"][0]["error"]
    assert "not an image" in rows["broken.jpg"][0]["error"]
    assert rows["grey.png"][0]["face"] is rows["grey.png"][0]["error"] is None
    with FaceReconstructor() as reconstruct:
        for side in SIDES:
            if side != KILLS_ALWAYS:
                (face,) = reconstruct(read_image(pictures / f"{side}.png"))
                np.testing.assert_array_equal(rows[f"{side}.png"][0]["params"], face.params)


@pytest.mark.ray
def test_the_command_goes_on_where_it_stopped(
    local_ray: Any, pictures: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "out")
    some = [str(pictures / name) for name in ("200.png", "broken.jpg")]
    command = ["batch", "-o", out, "--actors", "1"]
    first = CliRunner().invoke(main, [*command, *some])
    assert first.exit_code == 0, first.output
    assert "1 face in 1 picture; 1 picture broken" in first.output
    again = CliRunner().invoke(main, [*command, *some, str(pictures / "206.png"), "no*.jpg"])
    assert again.exit_code == 1 and "no file matches no*.jpg" in again.output
    assert "1 face in 1 picture; 2 done before" in again.output
    assert set(rows_of(Path(out))) == {"200.png", "206.png", "broken.jpg"}
    with pytest.raises(InputError, match="other options"):
        reconstruct_to_parquet(some, out, BatchOptions(reconstructor={"max_faces": 1}))


@pytest.mark.parametrize("option", ["engine", "detector", "face_model"])
def test_a_file_that_changed_is_another_option(pictures: Path, tmp_path: Path, option: str) -> None:
    out, file = tmp_path / "out", tmp_path / "model.bin"
    options = BatchOptions(reconstructor={option: file})
    file.write_bytes(b"first")
    out.mkdir()
    parts = ParquetParts(out, made_with(options))
    picture = str((pictures / "200.png").absolute())
    parts.add(face_schema().empty_table().from_pylist([{"path": picture}], face_schema()))
    parts.flush()
    assert reconstruct_to_parquet([picture], out, options).skipped == 1
    file.write_bytes(b"other")
    with pytest.raises(InputError, match="other files behind them"):
        reconstruct_to_parquet([picture], out, options)


@pytest.mark.ray
def test_a_cluster_of_its_own_is_silent_and_leaves_nothing(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs Ray (frsdk[ray])")
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:  # short, as sockets are in it
        done = subprocess.run(
            [sys.executable, "-m", "frsdk", "batch", str(pictures / "20*.png"), "-o", "out",
             "--json"],
            env={**kept, "HOME": str(home), "TMPDIR": scratch},
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        left = list(Path(scratch).iterdir())
    assert done.returncode == 0 and all(" left" in line for line in done.stderr.splitlines())
    assert json.loads(done.stdout)["faces"] == 2  # and nothing else on stdout
    assert list(home.rglob("*")) == []
    assert left == []
