"""The Dockerfiles name what exists; no container engine is needed."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from frsdk.commands.cli import main

ROOT = Path(__file__).resolve().parents[1]
FILES = ("Dockerfile", "Dockerfile.tensorrt")
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
         "ENV", "VOLUME"}  # fmt: skip


def instructions(name: str) -> list[tuple[str, str]]:
    """(instruction, its text) of a file, continued lines joined."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1].strip()) for line in lines]


@pytest.mark.parametrize("name", FILES)
def test_it_ends_as_a_user_without_rights(name: str) -> None:
    steps = instructions(name)
    assert {step for step, _ in steps} <= KNOWN
    stages = [index for index, (step, _) in enumerate(steps) if step == "FROM"]
    last = steps[stages[-1] :]
    assert [text for step, text in last if step == "USER"] == ["10001"]
    user = [step for step, _ in last].index("USER")
    assert not any(step in ("RUN", "COPY") for step, _ in last[user:])
    for _, text in (steps[index] for index in stages):
        tag = text.split()[0].partition(":")[2]
        assert tag and tag != "latest"
    for step, text in steps:
        if step == "COPY" and not text.startswith("--from"):
            assert (ROOT / text.split()[0]).exists()


@pytest.mark.parametrize("name", FILES)
def test_its_extras_and_options_exist(name: str) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    steps = dict(instructions(name))
    (extras,) = re.findall(r'"\$1\[([a-z,]+)\]"', steps["RUN"])
    assert set(extras.split(",")) <= set(config["options.extras_require"])
    assert json.loads(steps["ENTRYPOINT"]) == ["frsdk"]
    command, *arguments = json.loads(steps["CMD"])
    context = main.commands[command].make_context(command, list(arguments))
    assert context.params["host"] == "0.0.0.0" and context.params["port"] == 8000
    check = json.loads(steps["HEALTHCHECK"].split("CMD", 1)[1])
    assert check[:2] == ["python", "-c"] and "127.0.0.1:8000/readyz" in check[2]
    compile(check[2], name, "exec")


@pytest.mark.parametrize("name", FILES)
def test_the_linter_finds_nothing(name: str) -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or "hadolint"
    if shutil.which(linter) is None:
        pytest.skip("needs hadolint (frsdk[test])")
    done = subprocess.run([linter, ROOT / name], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", FILES)
def test_the_healthcheck_tells_ready_from_not_yet(name: str) -> None:
    class Readiness(BaseHTTPRequestHandler):
        status = 503

        def do_GET(self) -> None:
            self.send_response(self.status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    check = json.loads(dict(instructions(name))["HEALTHCHECK"].split("CMD", 1)[1])
    with HTTPServer(("127.0.0.1", 0), Readiness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        code = check[2].replace(":8000/", f":{server.server_port}/")
        found = []
        for Readiness.status in (503, 200):
            done = subprocess.run([sys.executable, "-c", code], capture_output=True)
            found.append(done.returncode == 0)
        server.shutdown()
        thread.join()
    assert found == [False, True]
