"""The networks that a run compares, each opened through `FaceReconstructor`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from frsdk.errors import InputError, SpecError
from frsdk.installation.builtin_weights import BUILTIN, BUILTIN_WEIGHTS, named_weights
from frsdk.installation.optional_packages import missing_package
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.reconstructor import FaceReconstructor
from frsdk.storage.path_kinds import is_file


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """A network as the command line names it.

    Attributes:
        name: In tables, legends and file names.
        path: Its file; None is the built-in one.
    """

    name: str
    path: Path | None


def choices_from_text(text: str) -> list[NetworkChoice]:
    """Networks from ``[NAME=]FILE,...``, where FILE may be ``builtin`` or ``builtin-open``.

    Raises:
        InputError: An empty entry, two of one name, or a file that is not there.
    """
    choices: list[NetworkChoice] = []
    for entry in text.split(","):
        name, file = split_name(entry.strip())
        if not file:
            raise InputError(f"expected --engine [NAME=]FILE,..., got {text!r}")
        named = named_weights(file)
        path = None if named and file == BUILTIN else named.network if named else Path(file)
        if path is not None and not is_file(path):
            raise InputError(
                f"{entry.strip()}: no such network: give a .pth, .onnx or .engine file, {BUILTIN} "
                f"or {BUILTIN}-open"
            )
        choices.append(NetworkChoice(name or (file if named else Path(file).stem), path))
    check_names_differ([choice.name for choice in choices])
    return choices


def split_name(text: str) -> tuple[str, str]:
    """Name and file of ``NAME=FILE``; the name is empty for a ``FILE``, whose path may hold ``=``.

    Args:
        text: As it was given.
    """
    if is_file(text):
        return "", text
    name, sign, file = text.partition("=")
    return (name.strip(), file.strip()) if sign else ("", text)


def file_name_part(name: str) -> str:
    """A name as it goes into file names: lower-case letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "unnamed"


def check_names_differ(names: Sequence[str]) -> None:
    """Refuse names that are the same in file names.

    Raises:
        InputError: Two of them are.
    """
    parts = [file_name_part(name) for name in names]
    repeated = [name for name, part in zip(names, parts, strict=True) if parts.count(part) > 1]
    if repeated:
        same = file_name_part(repeated[0])
        raise InputError(
            f"two are called {same} in file names ({', '.join(repeated[:2])}): give each a name of "
            "its own, NAME=FILE"
        )


@contextmanager
def opened_network(
    choice: NetworkChoice,
    face_models: Sequence[MorphableModel],
    *,
    detector: str | None = None,
    threads: int = 1,
) -> Iterator[FaceReconstructor]:
    """A network ready to run, with whichever of the face models it was trained for.

    Weights (``.pth``) are exported to a temporary ONNX file first, which `frsdk-export` checks
    against PyTorch, so that every kind of file runs through the same public interface.

    Args:
        choice: What to open.
        face_models: Tried beside the built-in one.
        detector: As :class:`FaceReconstructor` takes it.
        threads: Of one engine call.

    Raises:
        SpecError: The file has no specification, or none of the face models is its own.
        BackendError: The engine cannot be opened.
        MissingDependencyError: A package is missing that this kind of file needs.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = choice.path
        if path is not None and path.suffix.lower() == ".pth":
            path = _exported(path, Path(folder))
        reconstructor = _matched(path, face_models, detector, threads)
        try:
            yield reconstructor
        finally:
            reconstructor.close()


def _matched(
    path: Path | None, face_models: Sequence[MorphableModel], detector: str | None, threads: int
) -> FaceReconstructor:
    """The reconstructor with the face model that the network's spec accepts, surfaces first."""
    refusal: SpecError | None = None
    largest_first = sorted(face_models, key=lambda model: -model.n_vertices)
    for model in (*map(builtin_face_model, BUILTIN_WEIGHTS), *largest_first):
        try:
            return FaceReconstructor(
                engine=path, face_model=model, detector=detector, threads=threads
            )
        except SpecError as error:
            refusal = refusal or error
    if refusal is None:  # the loop ran at least once
        raise SpecError(f"{path}: no face model to try")
    raise refusal


def _exported(weights: Path, folder: Path) -> Path:
    try:
        from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
        from frsdk.export.checkpoints.onnx_export import export_onnx
    except (ImportError, OSError) as error:
        title = f"{weights}: weights need PyTorch and onnx, one of which"
        raise missing_package(
            error, getattr(error, "name", None) or "torch", "export", title=title
        ) from error
    network, spec = load_checkpoint(weights)
    return export_onnx(network, spec, folder / f"{weights.stem}.onnx").path
