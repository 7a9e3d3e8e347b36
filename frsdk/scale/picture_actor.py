"""What one Ray actor does: open a reconstructor once, and turn batches of pictures into rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any  # Any: options of a reconstructor, columns by name

import cv2
import numpy as np
from numpy.typing import NDArray

from ..imaging.read_image import read_image
from .face_columns import Row, broken_row, face_rows, table_of
from .picture_chunks import Image, picture_outcomes
from .picture_uris import is_uri, read_uri
from .unfinished_attempts import Attempts

if TYPE_CHECKING:
    import pyarrow

_MOST_DEATHS = 2  # of processes that had one picture alone


class PictureActor:
    """Reconstructs batches; Ray Data makes one for each actor.

    A batch has a column `path`, and the pictures themselves as `bytes` (of a file, as
    `ray.data.read_binary_files` gives them) or `image` ((H, W, 3) uint8 RGB, as
    `ray.data.read_images` does) or not at all: then they are read from their path or URI.
    """

    def __init__(self, options: Mapping[str, Any], max_pixels: int, run: str) -> None:
        """Open the reconstructor.

        Args:
            options: Of :class:`~frsdk.FaceReconstructor`.
            max_pixels: Pictures with more pixels are refused.
            run: A name that all actors of the pool share and no others.
        """
        from ..reconstructor import FaceReconstructor

        cv2.setNumThreads(1)  # the cores belong to the other actors
        self._reconstruct = FaceReconstructor(**options)
        self._max_pixels = max_pixels
        self._attempts = Attempts(run)

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> pyarrow.Table:
        """The rows of a batch, which is not written to.

        Ray gives a batch again that a process died with: then each picture is tried alone, and one
        that two more processes die with gets a row that says so.
        """
        paths = [str(path) for path in batch["path"]]
        with self._attempts.attempt(paths) as deaths:
            rows = self._one_by_one(batch, paths) if deaths else self._rows(batch)
            return table_of(list(rows))

    def _one_by_one(self, batch: Mapping[str, NDArray[Any]], paths: list[str]) -> Iterator[Row]:
        for index, path in enumerate(paths):
            with self._attempts.attempt(["alone", path]) as deaths:
                if deaths >= _MOST_DEATHS:
                    yield broken_row(path, f"{path}: the process that read it died, each time")
                else:
                    one = {name: column[index : index + 1] for name, column in batch.items()}
                    yield from list(self._rows(one))

    def _rows(self, batch: Mapping[str, NDArray[Any]]) -> Iterator[Row]:
        paths = [str(path) for path in batch["path"]]
        readers = [partial(self._image, batch, index, path) for index, path in enumerate(paths)]
        for path, found in zip(paths, picture_outcomes(self._reconstruct, readers), strict=True):
            if found.error is not None:
                yield broken_row(path, str(found.error))
            else:
                yield from face_rows(path, found.size_wh, found.faces)

    def _image(self, batch: Mapping[str, NDArray[Any]], index: int, path: str) -> Image:
        if "bytes" in batch:
            return read_image(bytes(batch["bytes"][index]), max_pixels=self._max_pixels)
        if "image" in batch:
            rgb = np.asarray(batch["image"][index])
            grey = rgb.ndim == 2
            return np.repeat(rgb[..., None], 3, 2) if grey else np.ascontiguousarray(rgb[..., ::-1])
        if is_uri(path):
            return read_image(read_uri(path), max_pixels=self._max_pixels)
        return read_image(path, max_pixels=self._max_pixels)
