"""What one Ray actor does: open a reconstructor once, and turn batches of pictures into rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any  # Any: options of a reconstructor, columns by name

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import FrsdkError
from ..imaging.read_image import read_image
from .attempts import Attempts
from .face_columns import Row, broken_row, face_rows, table_of
from .picture_places import is_uri, read_uri

if TYPE_CHECKING:
    import pyarrow

Image = NDArray[np.uint8]

# Pictures of a chunk are decoded and in memory at once: so many, and pixels.
_CHUNK = 16
_CHUNK_PIXELS = 32_000_000
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
        waiting: list[tuple[str, Image]] = []
        for index, path in enumerate(batch["path"]):
            try:
                image = self._image(batch, index, str(path))
            except FrsdkError as error:
                yield broken_row(str(path), str(error))
                continue
            pixels = sum(each.shape[0] * each.shape[1] for _, each in waiting)
            if len(waiting) == _CHUNK or pixels + image.size // 3 > _CHUNK_PIXELS:
                yield from self._reconstructed(waiting)
                waiting = []
            waiting.append((str(path), image))
        yield from self._reconstructed(waiting)

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

    def _reconstructed(self, pictures: list[tuple[str, Image]]) -> Iterator[Row]:
        """Rows of a chunk by shared calls of the engine, or one by one where those fail."""
        if not pictures:
            return
        try:
            found = self._reconstruct.batch([image for _, image in pictures])
        except FrsdkError as error:
            if len(pictures) == 1:
                yield broken_row(pictures[0][0], str(error))
                return
            for each in pictures:
                yield from self._reconstructed([each])
            return
        for (path, image), faces in zip(pictures, found, strict=True):
            yield from face_rows(path, (image.shape[1], image.shape[0]), faces)
