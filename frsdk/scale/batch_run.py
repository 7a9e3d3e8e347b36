"""Pictures of folders and buckets into Parquet, so that nothing is lost when it is cut short."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any  # Ray is optional; options of a reconstructor

from .._version import __version__
from ..errors import BackendError, FrsdkError, InputError
from ..storage.atomic_write import make_folder
from ..storage.file_lock import file_lock
from ..storage.path_kinds import is_file
from .batch_defaults import BatchOptions
from .face_columns import load_pyarrow
from .parquet_parts import ParquetParts
from .picture_uris import find_pictures
from .ray_cluster import ray_cluster
from .ray_dataset import reconstruct_dataset

if TYPE_CHECKING:
    import pyarrow

_LOCK = ".frsdk-batch.lock"
_BLOCK = 64  # pictures of one task at most: what a dying actor does again
_BLOCKS_AN_ACTOR = 8
_FILES = ("engine", "detector", "face_model")


@dataclass(slots=True)
class BatchReport:
    """Sums over a batch.

    Attributes:
        output: The folder of the Parquet files.
        skipped: Pictures that an earlier run had done.
        images: Pictures that were read.
        faces: Faces in them.
        without_face: Pictures without a face.
        broken: Pictures with a row that says why they gave nothing.
        problems: (input, why) of inputs that name nothing; no row is about them.
        complete: False while it runs, and when it was cut short.
    """

    output: str
    skipped: int = 0
    images: int = 0
    faces: int = 0
    without_face: int = 0
    broken: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = False

    def to_dict(self) -> dict[str, object]:
        """The report, ready for JSON."""
        problems = [{"input": name, "error": why} for name, why in self.problems]
        return {**asdict(self), "problems": problems}


def reconstruct_to_parquet(
    inputs: Sequence[str],
    out_dir: str | os.PathLike[str],
    options: BatchOptions | None = None,
    on_progress: Callable[[int, BatchReport], None] = lambda done, report: None,
    on_total: Callable[[int], None] = lambda total: None,
) -> BatchReport:
    """Reconstruct the faces of many pictures on Ray into Parquet files.

    The folder receives `part-00000.parquet` and so on, with the columns of
    :func:`~frsdk.scale.face_schema`. A run goes on where an earlier one in the same folder stopped,
    however that ended: what the parts hold is not done again. A picture that cannot be read is a
    row with its reason. The pictures of a process that dies are done by another one; one with which
    processes die again and again is found, and gets a row.

    Args:
        inputs: Files, folders, globs, or URIs (`s3://bucket/folder`) that pyarrow opens.
        out_dir: Made if it does not exist.
        options: How it runs.
        on_progress: Called with the number of pictures that were done since, and the sums.
        on_total: Called once with the number of pictures to do.

    Returns:
        The sums of this run.

    Raises:
        InputError: Another run is in the folder, or its parts were made with other options or
            with other files behind them.
        OutputError: The folder cannot be written.
        BackendError: Ray failed.
        MissingDependencyError: Ray is not installed.
        FrsdkError: As :class:`~frsdk.FaceReconstructor` raises.
    """
    options = options or BatchOptions()
    folder = make_folder(out_dir)
    report = BatchReport(output=os.fspath(out_dir))
    with file_lock(folder / _LOCK, wait=False) as held:
        if not held:
            raise InputError(f"{folder}: another frsdk batch writes here: wait for it")
        parts = ParquetParts(folder, made_with(options))
        places, report.problems = find_pictures(inputs)
        recorded = parts.recorded()
        waiting = dict.fromkeys(place for place in places if place not in recorded)
        report.skipped = len(places) - len(waiting)
        on_total(len(waiting))
        if waiting:
            if not options.num_gpus and options.address is None:
                _try_options(options)  # what is wrong is said at once and once
            try:
                with ray_cluster(options.address) as ray, _ray_errors(ray):
                    _run(ray, waiting, options, parts, report, on_progress)
            finally:
                parts.flush()
        report.complete = not waiting
    return report


def _run(
    ray: Any,
    waiting: dict[str, None],
    options: BatchOptions,
    parts: ParquetParts,
    report: BatchReport,
    on_progress: Callable[[int, BatchReport], None],
) -> None:
    for table in _tables(ray, list(waiting), options):
        parts.add(table)
        done = _count(table, report)
        for path in done:
            waiting.pop(path, None)
        on_progress(len(done), report)


def _tables(ray: Any, places: list[str], options: BatchOptions) -> Iterator[pyarrow.Table]:
    """Rows as they come."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    actors = options.actors or max(1, int(ray.cluster_resources().get("CPU", 1)))
    size = max(1, min(_BLOCK, len(places) // (actors * _BLOCKS_AN_ACTOR)))
    arrow = load_pyarrow()
    blocks = [arrow.table({"path": places[at : at + size]}) for at in range(0, len(places), size)]
    faces = reconstruct_dataset(
        ray.data.from_arrow(blocks),
        reconstructor=_absolute(options.reconstructor),
        actors=options.actors,
        num_cpus=options.num_cpus,
        num_gpus=options.num_gpus,
        batch_size=options.batch_size,
        max_pixels=options.max_pixels,
    )
    yield from faces.iter_batches(batch_size=None, batch_format="pyarrow")


def _count(table: pyarrow.Table, report: BatchReport) -> set[str]:
    """Add a table to the sums; returns the paths of its pictures."""
    paths, errors = table.column("path").to_pylist(), table.column("error").to_pylist()
    numbers = table.column("face").to_pylist()
    done = set(paths)
    broken = sum(error is not None for error in errors)
    faces = sum(number is not None for number in numbers)
    report.broken += broken
    report.faces += faces
    report.images += len(done) - broken
    report.without_face += len(paths) - broken - faces
    return done


def made_with(options: BatchOptions) -> dict[str, object]:
    """What the rows depend on, ready for JSON: options, and what the files that they name hold.

    Raises:
        InputError: A file cannot be read.
    """
    named = {name: str(value) for name, value in sorted(_absolute(options.reconstructor).items())}
    files = {name: _digest(Path(named[name])) for name in _files_in(options.reconstructor)}
    return {
        "frsdk": __version__,
        "reconstructor": named,
        "files_sha256": files,
        "max_pixels": options.max_pixels,
    }


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}): give another file"
        ) from error


def _files_in(options: Mapping[str, Any]) -> list[str]:
    """The options of a reconstructor that name a file."""
    given = {name: options[name] for name in _FILES if name in options}
    paths = {name: each for name, each in given.items() if isinstance(each, str | os.PathLike)}
    return [name for name, each in paths.items() if is_file(each)]


def _absolute(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a reconstructor, files by absolute paths: actors have folders of their own."""
    files = {name: str(Path(options[name]).absolute()) for name in _files_in(options)}
    return {**options, **files}


def _try_options(options: BatchOptions) -> None:
    from ..reconstructor import FaceReconstructor

    FaceReconstructor(**options.reconstructor).close()


@contextmanager
def _ray_errors(ray: Any) -> Iterator[None]:
    try:
        yield
    except ray.exceptions.RayError as error:
        cause: BaseException = error
        while True:  # what an actor raised is the innermost
            inner = getattr(cause, "cause", None) or cause.__cause__
            if inner is None:
                break
            cause = inner
        if isinstance(cause, FrsdkError):
            raise cause from error
        lines = str(cause).strip().splitlines()
        reason = f"{type(cause).__name__}: {lines[-1].strip()[:300] if lines else ''}"
        raise BackendError(f"Ray failed ({reason}): what was done is kept, run it again") from error
