"""The engines under test, opened as any user opens them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from frsdk import FaceReconstructor
from frsdk.backends.backend import Backend
from frsdk.backends.onnxruntime_session import CPU_PROVIDER
from frsdk.errors import InputError

PRECISIONS = ("fp32", "fp16", "int8")


@dataclass(frozen=True, slots=True)
class Variant:
    """One engine with one number of threads.

    Attributes:
        engine: A precision, a built-in network's name, or the path of an artefact.
        threads: Of one engine call.
        backend: Name of the backend; ``"auto"`` takes the best there is.
        vertex_precision: ``"fp32"`` or ``"int8"``, of the dense vertices.
        cuda_graph: Whether a GPU's work is recorded and replayed.
        label: Of the engine, short; empty: the engine itself.
    """

    engine: str
    threads: int
    backend: str = "auto"
    vertex_precision: str = "fp32"
    cuda_graph: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """Short, for tables."""
        engine = self.label or self.engine
        engine += ", graph" if self.cuda_graph else ""
        return engine if self.threads == 1 else f"{engine}, {self.threads} threads"


def variants_from_texts(
    engines: str,
    threads: str,
    *,
    backend: str = "auto",
    vertex_precision: str = "fp32",
    cuda_graph: bool = False,
) -> list[Variant]:
    """Every engine with every number of threads, from comma-separated lists.

    With `cuda_graph` each comes twice, the second time with recorded work.

    Raises:
        InputError: An empty or repeated entry, or threads that are not whole numbers above 0.
    """
    names = [part.strip() for part in engines.split(",")]
    counts = [part.strip() for part in threads.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise InputError(f"expected engines such as fp32,int8, each once, got {engines!r}")
    if not all(part.isdecimal() and int(part) for part in counts) or len(set(counts)) < len(counts):
        raise InputError(f"expected threads such as 1,2, each once, got {threads!r}")
    labels = _labels(names)
    return [
        Variant(name, int(count), backend, vertex_precision, graph, labels[name])
        for name in names
        for count in counts
        for graph in ((False, True) if cuda_graph else (False,))
    ]


def _labels(names: Sequence[str]) -> dict[str, str]:
    """A file's name for its path, but where two of them have the same."""
    short = {name: name if name in PRECISIONS else Path(name).name or name for name in names}
    counts = Counter(short.values())
    return {name: label if counts[label] == 1 else name for name, label in short.items()}


def runs_on_cpu(backend: Backend) -> bool:
    """Whether a network runs on this machine's CPU."""
    return backend.providers == (CPU_PROVIDER,)


def open_reconstructor(variant: Variant) -> FaceReconstructor:
    """Open one.

    Raises:
        FrsdkError: As `FaceReconstructor` raises.
    """
    return FaceReconstructor(
        engine=variant.engine,
        backend=variant.backend,
        threads=variant.threads,
        vertex_precision=variant.vertex_precision,
        cuda_graph=variant.cuda_graph,
    )


@contextmanager
def opened(variants: Sequence[Variant]) -> Iterator[dict[str, FaceReconstructor]]:
    """Open all, by name, and close them at the end."""
    with ExitStack() as stack:
        yield {each.name: stack.enter_context(open_reconstructor(each)) for each in variants}
