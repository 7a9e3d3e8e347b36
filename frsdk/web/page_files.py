"""The files of the page: what `npm run build` made, and the networks beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import BackendError, OutputError
from ..installation.asset_files import FACE_DETECTOR, FACE_MODEL, NETWORK, asset_path
from ..installation.builtin_weights import BUILTIN_WEIGHTS, builtin_weights
from ..installation.notice import NOTICE, notice_text
from ..morphable.morphable_model import builtin_face_model
from ..storage.atomic_write import atomic_write
from ..storage.older_files import remove_older_files
from .half_face_model import half_face_model

ASSETS = Path(__file__).parents[1] / "assets"
BUILT_PAGE = ASSETS / "web"
INDEX = "index.html"

#: What browsers need for WASM threads, and what keeps pictures on the machine.
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page.

    Attributes:
        content_type: As a server states it.
        read: Gives its bytes.
    """

    content_type: str
    read: Callable[[], bytes]


def page_files(built: Path = BUILT_PAGE, *, weights: str | None = None) -> dict[str, PageFile]:
    """Every file of the page by its path below the page's folder, such as ``index.html``.

    The networks and the face model have the same names whichever weights they are; the model card,
    and the `NOTICE` of weights that go with it, lie beside them under their own.

    Args:
        built: What `npm run build` wrote.
        weights: The built-in weights to publish; None is the default ones.

    Raises:
        InputError: There are no weights of this name.
        BackendError: The page is not built, or a network or its `NOTICE` is not in this
            installation.
        FaceModelError: The built-in face model is missing or damaged.
    """
    published = builtin_weights(weights)
    if not (built / INDEX).is_file():
        raise BackendError(
            "the page is not in this installation: install frsdk from its wheel, or build it in a "
            "clone of the repository with: cd web && npm ci && npm run build"
        )
    files = {
        path.relative_to(built).as_posix(): PageFile(content_type(path.name), path.read_bytes)
        for path in sorted(built.rglob("*"))
        if path.is_file()
    }
    for name, path in ((NETWORK, published.network), (FACE_DETECTOR, published.detector)):
        if not path.is_file():
            raise BackendError(
                f"{path}: not in this installation: install frsdk from its wheel, or get it from "
                "a clone of the repository"
            )
        files[f"models/{name}"] = PageFile(content_type(name), path.read_bytes)
    face_model = half_face_model(builtin_face_model(weights))
    files[f"models/{FACE_MODEL}"] = PageFile(content_type(FACE_MODEL), lambda: face_model)
    card = asset_path(published.card_file)
    files[f"models/{published.card_file}"] = PageFile(_TEXT, card.read_bytes)
    if published.needs_notice:
        notice = notice_text().encode()
        files[f"models/{NOTICE}"] = PageFile(_TEXT, lambda: notice)
    return files


def content_type(name: str) -> str:
    """The media type of a file by its suffix."""
    return _TYPES.get(Path(name).suffix, "application/octet-stream")


def export_page(folder: Path, built: Path = BUILT_PAGE, *, weights: str | None = None) -> int:
    """Write the page for any static host.

    `_headers` beside it states the headers in the form that Netlify and Cloudflare Pages read; on
    other hosts they are set in their own way, and without them one thread runs.

    Args:
        folder: Where to; made if it is missing. Files of the same names are replaced; the card of
            other weights that lay there goes.
        built: What `npm run build` wrote.
        weights: The built-in weights to publish; None is the default ones.

    Returns:
        Bytes written.

    Raises:
        InputError, BackendError: As :func:`page_files`.
        OutputError: The folder cannot be made, or a file not written.
    """
    files = {name: file.read() for name, file in page_files(built, weights=weights).items()}
    lines = ["/*", *(f"  {name}: {value}" for name, value in HEADERS.items())]
    files["_headers"] = "\n".join([*lines, ""]).encode()
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be made ({error.strerror}): name another folder"
            ) from error
        atomic_write(path, content)
    terms = [NOTICE, *(each.card_file for each in BUILTIN_WEIGHTS.values())]
    pattern = "|".join(map(re.escape, terms))
    remove_older_files(folder / "models", pattern, {Path(name).name for name in files})
    return sum(map(len, files.values()))
