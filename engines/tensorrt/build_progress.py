"""How far a TensorRT build has come, and its end by a signal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any  # TensorRT's classes have no types

_SIGNALS: list[int] = [signal.SIGINT, signal.SIGTERM]
if sys.platform != "win32":
    _SIGNALS += [signal.SIGHUP]
ReportProgress = Callable[[float, str], None]
"""Takes the part that is done, 0..1 and never falling, and the phase in TensorRT's words."""


@dataclass
class _Phase:
    name: str
    parent: str | None
    steps: int
    done: int = 0


@dataclass
class BuildProgress:
    """Turns TensorRT's nested phases into one rising number.

    A phase's step counts when it is complete; a phase inside another counts as a part of one step.
    TensorRT may call from several threads.
    """

    report: ReportProgress
    cancelled: threading.Event = field(default_factory=threading.Event)
    _phases: dict[str, _Phase] = field(default_factory=dict)
    _done: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase begins."""
        with self._lock:
            self._phases[name] = _Phase(name, parent, max(steps, 1))
            self._tell(name)

    def step(self, name: str, step: int) -> bool:
        """A step of a phase is complete; returns whether the build shall go on."""
        with self._lock:
            phase = self._phases.get(name)
            if phase is not None:
                phase.done = min(max(phase.done, step + 1), phase.steps)
                self._tell(name)
        return not self.cancelled.is_set()

    def finish(self, name: str) -> None:
        """A phase ends, perhaps before its last step."""
        with self._lock:
            self._phases.pop(name, None)
            if not self._phases and not self.cancelled.is_set():
                self._tell(name, 1.0)

    def _tell(self, name: str, done: float | None = None) -> None:
        self._done = max(self._done, self._fraction(name) if done is None else done)
        self.report(self._done, name)

    def _fraction(self, name: str) -> float:
        """The part done: each phase's share is one step of its parent."""
        done, phase = 0.0, self._phases.get(name)
        for _ in range(len(self._phases)):
            if phase is None:
                break
            done = (phase.done + (done if phase.done < phase.steps else 0.0)) / phase.steps
            phase = self._phases.get(phase.parent or "")
        return min(done, 1.0)


def build_monitor(trt: Any, progress: BuildProgress) -> Any:
    """TensorRT's progress monitor that feeds a :class:`BuildProgress`.

    Args:
        trt: The module of a flavour.
        progress: What is told; its `cancelled` ends the build at the next step.

    Returns:
        An `IProgressMonitor`, to be kept for as long as the builder's configuration.
    """

    class BuildMonitor(trt.IProgressMonitor):  # type: ignore[misc]  # its base has no types
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            progress.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return progress.step(phase_name, step)

        def phase_finish(self, phase_name: str) -> None:
            progress.finish(phase_name)

    return BuildMonitor()


@contextmanager
def cancelled_by_signals(cancelled: threading.Event) -> Iterator[None]:
    """Make Ctrl-C, SIGTERM and SIGHUP set a flag: no exception can pass through TensorRT.

    When the block ends after that, however it ends, what the signal did before is done: Ctrl-C
    raises `KeyboardInterrupt`; one that would have ended the process raises `SystemExit` with 128 +
    its number. A second signal acts at once. In another thread than the main one, which gets no
    signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def cancel(number: int, frame: FrameType | None) -> None:
        came.append(number)
        cancelled.set()
        restore()

    # None: a handler that C code installed, which Python cannot put back. An ignored signal stays
    # ignored.
    known = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {n: each for n, each in known.items() if each not in (None, signal.SIG_IGN)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, cancel)
    try:
        yield
    finally:
        restore()
        if came and before[came[0]] == signal.SIG_DFL:
            raise SystemExit(128 + came[0])  # so that what stands around the block cleans up
        if came:
            signal.raise_signal(came[0])
