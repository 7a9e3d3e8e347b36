"""The plan of an engine file by itself, for programs that are not frsdk."""

from __future__ import annotations

from pathlib import Path

from frsdk.engine_files.engine_file import read_engine
from frsdk.errors import InputError
from frsdk.storage.atomic_write import atomic_write, check_destination
from frsdk.storage.path_kinds import same_file


def write_bare_plan(engine: Path, plan: Path) -> Path:
    """Write what TensorRT itself reads, and beside it what a program has to know to use it.

    Args:
        engine: The `.engine` file.
        plan: The file for trtexec, DeepStream or C++. The header, with the specification in it, is
            written beside it as JSON under the same name with `.json` behind it.

    Returns:
        The JSON file.

    Raises:
        InputError: The plan would take the engine file's place.
        BackendError: The engine file is missing or damaged.
        OutputError: A file cannot be written.
    """
    check_destination(plan)
    if same_file(plan, engine):
        raise InputError(f"{plan}: is the engine file itself: name another file with --plan")
    found = read_engine(engine)
    described = plan.with_name(f"{plan.name}.json")
    atomic_write(described, found.header.to_json().encode("ascii"))
    atomic_write(plan, found.plan)
    return described
