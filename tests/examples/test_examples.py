"""Every example runs here, or says in one line what it wants."""

from __future__ import annotations

import csv
import json
import runpy
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest

from frsdk import read_image, write_blendshape_csv

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    cv2.imwrite(str(folder / "astronaut.png"), read_image("sample:astronaut"))
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def test_the_table_names_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        if path.name != "README.md" and not path.name.startswith(("_", ".")):
            assert f"`{path.name}`" in text


def test_a_folder_becomes_a_csv(photos: Path, tmp_path: Path) -> None:
    done = run("folder_batch.py", photos, tmp_path / "faces.csv")
    assert done.returncode == 0 and "broken.jpg" in done.stderr
    with (tmp_path / "faces.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["file"] == "astronaut.png" and float(row["score"]) > 0.8
    assert abs(float(row["x30"]) - 220) < 15 and len(row) == 6 + 3 * 68


def test_a_detector_of_ones_own(photos: Path) -> None:
    done = run("own_detector.py", photos / "astronaut.png")
    assert done.returncode == 0 and done.stdout.startswith("yaw ")


def test_a_clip_is_tracked_with_one_id(photos: Path, tmp_path: Path) -> None:
    still = cv2.imread(str(photos / "astronaut.png"))
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 25, still.shape[1::-1])
    for _ in range(6):
        writer.write(still)
    writer.release()
    done = run("webcam.py", "--source", clip)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 6
    assert {line.split("face ")[1].split()[0] for line in lines} == {"0"}
    assert "no such camera or file" in run("webcam.py", "--source", tmp_path / "none.avi").stderr


@pytest.mark.ray
def test_the_service_answers_pictures_and_refuses_the_rest(photos: Path) -> None:
    pytest.importorskip("ray", reason="needs Ray (frsdk[ray])")
    command = [sys.executable, "-m", "frsdk", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().split(" at ")[1].split("/v1")[0]
            done = run(
                "ask_service.py", photos / "astronaut.png", photos / "broken.jpg", "--url", url
            )
        finally:
            server.terminate()
    assert done.returncode == 1 and done.stdout.startswith("astronaut.png: yaw ")
    assert "broken.jpg: 10 bytes: not an image" in done.stderr
    assert server.returncode == 0


def test_a_missing_service_is_named(photos: Path) -> None:
    with socket.socket() as unused:  # bound, and nobody listens
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = run("ask_service.py", photos / "astronaut.png", "--url", url)
    assert done.returncode == 1 and "start it with frsdk serve" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"oops"), (404, b'{"detail": 1}'), (200, b"{}")]
)
def test_another_service_is_told_from_ours(photos: Path, status: int, body: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *values: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = run("ask_service.py", photos / "astronaut.png", "--url", url)
        server.shutdown()
    assert done.returncode == 1
    assert done.stderr == f"{url}: what answers is not frsdk serve (HTTP {status})\n"


def test_a_missing_photograph_is_not_blamed_on_the_service(tmp_path: Path) -> None:
    done = run("ask_service.py", tmp_path / "none.jpg")
    assert done.returncode == 1 and done.stderr.endswith("none.jpg: No such file or directory\n")


def test_blender_is_named_where_it_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(b"glTF")
    done = run("blender_mesh.py", "--", tmp_path / "a.glb")
    assert done.returncode == 1 and "inside Blender" in done.stderr
    assert "no such mesh" in run("blender_mesh.py", "--", tmp_path / "b.glb").stderr


def test_a_take_for_blender_is_read_and_blender_named(tmp_path: Path) -> None:
    take, rig = tmp_path / "take.csv", tmp_path / "rig.glb"
    rig.touch()
    frames = [(k / 25.0, {"jawOpen": k / 40.0}, (10.0, 0.0, 0.0)) for k in (0, 1, 24, 26)]
    write_blendshape_csv(take, frames, fps=25.0)
    module = runpy.run_path(str(EXAMPLES / "blender_blendshapes.py"))
    rows, rate = module["read_take"](take)
    assert rate == 25 and [frame for frame, _ in rows] == [1, 2, 25, 27]
    assert [row["JawOpen"] for _, row in rows] == [0.0, 0.025, 0.6, 0.65]
    for fps in (23.976, 29.97, 60.0):
        frames = [(k / fps, {"jawOpen": 0.0}, (0.0, 0.0, 0.0)) for k in range(700)]
        write_blendshape_csv(take, frames, fps=fps)
        rows, rate = module["read_take"](take)
        assert abs(rate - fps) < 0.01 and [frame for frame, _ in rows] == list(range(1, 701))
    for times_s in ([1.2 + k / 30 for k in range(10)], [*(k / 30 for k in range(19)), 5.0, 5.5]):
        write_blendshape_csv(take, [(t, {"jawOpen": 0.0}, (0.0,) * 3) for t in times_s], fps=30.0)
        rows, rate = module["read_take"](take)
        assert rate == 30 and [f for f, _ in rows] == [round(t * 30) + 1 for t in times_s]
    if find_spec("bpy") is None:
        done = run("blender_blendshapes.py", "--", rig, take)
        assert done.returncode == 1 and "runs inside Blender" in done.stderr
    assert "not a take" in run("blender_blendshapes.py", "--", rig, EXAMPLES / "README.md").stderr


def test_the_gpu_is_named_where_it_is_missing(photos: Path) -> None:
    done = run("tensorrt_jetson.py", photos / "astronaut.png")
    if done.returncode == 0:
        assert "ms without detection" in done.stdout
    else:
        assert done.stderr.count("\n") == 1
        assert any(word in done.stderr for word in ("GPU", "tensorrt", "TensorRT"))


def test_the_notebook_s_cells_run(tmp_path: Path) -> None:
    notebook = json.loads((EXAMPLES / "face_outputs.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])  # none are committed
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "largest difference" in done.stdout and "Trimesh" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"face.glb", "frontal.glb", "scene.glb"}
