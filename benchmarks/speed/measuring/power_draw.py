"""Power while an engine runs, where the machine tells it: Jetson boards and NVIDIA GPUs."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any  # jetson-stats and NVML have no types

from .interleaved_timing import Case

_SECONDS = 3.0
_EVERY_SECONDS = 0.1

ReadWatts = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Power:
    """Mean power during back-to-back calls, and energy of one call.

    Attributes:
        source: What was read.
        watts: Mean power.
        joules_per_call: Power times the time of a call.
    """

    source: str
    watts: float
    joules_per_call: float


def measure_power(case: Case, *, on_gpu: bool, seconds: float = _SECONDS) -> Power | None:
    """Call a case for some seconds and read the power meter meanwhile.

    Args:
        case: What to call.
        on_gpu: Whether it runs on the GPU, whose power NVML tells.
        seconds: How long.

    Returns:
        None where no meter tells: neither jetson-stats (`jtop`) nor, for a GPU, NVML (`pynvml`) is
        installed, or what is installed has no reading here.
    """
    meters = [("jtop", _jetson), *([("pynvml", _nvml)] if on_gpu else [])]
    for name, meter in meters:
        if find_spec(name) is None:
            continue
        with ExitStack() as stack:
            try:
                source, read = stack.enter_context(meter())
                read()
            except Exception:  # the meters raise what they like; another may tell
                continue
            return _measure(case, source, read, seconds)
    return None


def _measure(case: Case, source: str, read: ReadWatts, seconds: float) -> Power:
    readings: list[float] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(_EVERY_SECONDS):
            with suppress(Exception):  # a reading that fails is left out
                readings.append(read())

    thread = threading.Thread(target=sample, daemon=True)
    begin, calls = time.perf_counter(), 0
    thread.start()
    try:
        while (spent := time.perf_counter() - begin) < seconds or not calls:
            case()
            calls += 1
    finally:
        done.set()
        thread.join()
    watts = statistics.mean(readings or [read()])  # none came where no reading went well
    return Power(source, watts, watts * spent / calls)


@contextmanager
def _jetson() -> Iterator[tuple[str, ReadWatts]]:
    jtop: Any = import_module("jtop")
    with jtop.jtop() as board:
        yield "jetson-stats, whole board", lambda: float(board.power["tot"]["power"]) / 1e3


@contextmanager
def _nvml() -> Iterator[tuple[str, ReadWatts]]:
    nvml: Any = import_module("pynvml")
    nvml.nvmlInit()
    try:
        device = nvml.nvmlDeviceGetHandleByIndex(0)
        yield "NVML, first GPU", lambda: float(nvml.nvmlDeviceGetPowerUsage(device)) / 1e3
    finally:
        nvml.nvmlShutdown()
