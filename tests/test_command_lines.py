"""What all command lines have in common."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

PROGRAMS = {
    entry.name: entry
    for entry in importlib.metadata.distribution("frsdk").entry_points
    if entry.group == "console_scripts"
}


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and what is below it."""
    yield name, command
    for each, below in getattr(command, "commands", {}).items():
        yield from commands(f"{name} {each}", below)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_has_h_and_says_what_it_does(program: str) -> None:
    main = PROGRAMS[program].load()
    for line, _ in commands(program, main):
        done = CliRunner().invoke(main, [*line.split()[1:], "-h"], prog_name=program)
        assert done.exit_code == 0, line
        assert done.stdout.startswith(f"Usage: {line}"), line
        assert "-h, --help" in done.stdout, line


@pytest.mark.parametrize("program", PROGRAMS)
def test_json_takes_no_argument_and_output_is_o(program: str) -> None:
    for line, command in commands(program, PROGRAMS[program].load()):
        for option in command.params:
            if "--json" in option.opts:
                assert getattr(option, "is_flag", False), line
            if "--output" in option.opts:
                assert "-o" in option.opts, line


def test_json_is_all_that_stdout_holds() -> None:
    main = PROGRAMS["frsdk"].load()
    for arguments in (["doctor", "--json"], ["cache", "list", "--json"]):
        assert isinstance(json.loads(CliRunner().invoke(main, arguments).stdout), dict)


def test_every_engine_may_be_builtin(tmp_path, monkeypatch) -> None:
    from frsdk import FaceReconstructor
    from frsdk.errors import BackendError

    monkeypatch.chdir(tmp_path)
    with FaceReconstructor(engine="builtin") as named, FaceReconstructor() as default:
        assert named.engine == default.engine
    (tmp_path / "builtin").touch()  # a file of that name is that file
    with pytest.raises(BackendError, match=r"expected fp32, fp16, int8, an \.onnx"):
        FaceReconstructor(engine="builtin")
    for program in PROGRAMS:
        for line, command in commands(program, PROGRAMS[program].load()):
            for option in command.params:
                if "--engine" in option.opts:
                    text = f"{option.metavar} {getattr(option, 'help', '')} {option.default}"
                    assert "builtin" in text and "builtin-open" in text, line
