"""Faces by frsdk's own network."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..backends.backend import Backend
from ..backends.onnxruntime_backend import OnnxRuntimeBackend
from ..errors import BackendError
from ..imaging.face_crop import check_image, network_input
from ..installation.builtin_weights import builtin_weights
from ..specs.option_numbers import finite_number
from ..storage.path_kinds import is_file
from .box_rule import BoxRule
from .detection import Detection
from .detector_outputs import CellDecoder, Found, joined, roll_of_points
from .doubtful_faces import looked_again
from .image_tiles import Tile, level_sides, tiles_of
from .non_maximum_suppression import non_maximum_suppression
from .wrong_way_up import right_way_up

Image = NDArray[np.uint8]

_SEEN_PX = 14.0  # size in a tile of the smallest faces that are looked for by default
# The same for faces that the caller asks for: of 48 faces of 55 px in 12 megapixels all were found,
# at 14 px only 34 to 45.
_SURELY_SEEN_PX = 24.0
_ONE_LOOK = 1.25  # times the tile's side: a finest level up to this is not worth more looks
DEFAULT_MIN_FACE_PX = 24.0
_MOST_PX = 832  # longest finest level unless the caller asks for smaller faces
_BATCH = 8
_MAX_COVER = 0.75


class BuiltinDetector:
    """frsdk's network (docs/guide/detector.md): from profile to profile, with five points a face.

    A photograph is seen whole, fitted into one square of the network's size, and, when its small
    faces need it, once more at a finer scale in overlapping squares. By default faces from 24 px
    are found in photographs of up to 1400 px, and from a 1/59 of the longer side in larger ones.

    A face with a doubtful score is looked at once more by itself, and gets the mean of both scores.
    It knows faces up to 45 degrees of roll (the open one to 30): what looks more like a face when
    it is turned is left out (`TurnedCopiesDetector` finds it).

    Boxes go from the forehead to the chin and from ear to ear; a face over the image's edge has a
    box over that edge. One object may be called from several threads at once.
    """

    def __init__(
        self,
        engine: str | os.PathLike[str] | Backend | None = None,
        *,
        weights: str | None = None,
        min_score: float | None = None,
        min_face_px: float | None = None,
        threads: int = 1,
    ) -> None:
        """Load the network.

        Args:
            engine: An `.onnx` file that `frsdk-train detector` and `frsdk-export` made, or an open
                backend with such a network; None is the built-in one.
            weights: The built-in weights that it belongs to; None is the default ones.
            min_score: Leave out faces below this score, 0..1; None is the network's own default.
            min_face_px: Longer side of the smallest faces to find, image pixels: larger is faster.
                None is 24, or a 1/59 of the longer side where that is more.
            threads: Threads of one call.

        Raises:
            MissingDependencyError: ONNX Runtime is not installed.
            BackendError: The file is missing or damaged.
            SpecError: The file holds no face detector.
            InputError: A number is out of its range, or there are no weights of this name.
        """
        if min_score is not None:
            min_score = finite_number("min_score", min_score, 0, 1)
        if min_face_px is not None:
            min_face_px = finite_number("min_face_px", min_face_px, 1)
        self._backend = engine if isinstance(engine, Backend) else _opened(engine, weights, threads)
        spec = self._backend.detector_spec
        self._min_score = spec.min_score if min_score is None else min_score
        self._min_face_px = min_face_px
        self._spec, self._decode = spec, CellDecoder(spec)
        self.box_rule = BoxRule(*spec.box_rule)

    def __call__(self, image_bgr: Image, /) -> list[Detection]:
        """Find the faces of an image.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            The faces, best score first; boxes in image pixels, which may reach over its edge.

        Raises:
            InputError: The image has another shape or type.
            BackendError: The engine failed.
        """
        return self.detect_batch([image_bgr])[0]

    @property
    def min_score(self) -> float:
        """The threshold below which faces are left out."""
        return self._min_score

    def smallest_face_px(self, image_bgr: Image) -> float:
        """Longer side of the smallest faces that are looked for in an image of this size."""
        if self._min_face_px is not None:
            return self._min_face_px
        longer = float(max(image_bgr.shape[:2]))
        sides = level_sides(round(longer), self._spec.input.size, self._finest_px(image_bgr))
        return longer * _SEEN_PX / sides[-1]

    def detect_batch(self, images_bgr: Sequence[Image]) -> list[list[Detection]]:
        """Find the faces of several images, whose squares share the network's calls.

        Args:
            images_bgr: Each (H, W, 3) uint8, of any sizes.

        Returns:
            For each image its faces, best score first.

        Raises:
            InputError: An image has another shape or type.
            BackendError: The engine failed.
        """
        images = [check_image(image) for image in images_bgr]
        found: list[list[Found]] = [[] for _ in images]
        waiting: list[tuple[int, Tile]] = []
        for index, image in enumerate(images):
            for tile in tiles_of(image, self._spec.input.size, self._finest_px(image)):
                waiting.append((index, tile))
                if len(waiting) == _BATCH:
                    self._look(waiting, found)
        self._look(waiting, found)
        return [
            self._detections(joined(parts), image)
            for parts, image in zip(found, images, strict=True)
        ]

    def _finest_px(self, image: Image) -> float:
        """Longer side at which the smallest wanted faces are large enough for the network."""
        longer = float(max(image.shape[:2]))
        if self._min_face_px is None:
            return min(longer * _SEEN_PX / DEFAULT_MIN_FACE_PX, float(_MOST_PX))
        finest = longer * _SURELY_SEEN_PX / self._min_face_px
        return 0.0 if finest <= _ONE_LOOK * self._spec.input.size else finest

    def _look(self, waiting: list[tuple[int, Tile]], found: list[list[Found]]) -> None:
        """Run the network on the waiting tiles, and forget them."""
        if not waiting:
            return
        least = min(self._min_score, self._spec.second_look[0])
        seen = self._run([tile.pixels for _, tile in waiting], least)
        for (index, tile), each in zip(waiting, seen, strict=True):
            found[index].append(_in_image(tile, each))
        waiting.clear()

    def _run(self, squares: list[Image], min_score: float) -> list[Found]:
        """What the network finds in each square, before non-maximum suppression."""
        found = []
        for start in range(0, len(squares), _BATCH):
            batch = network_input(squares[start : start + _BATCH], self._spec.input)
            outputs = self._backend.run(batch)  # (n, 15, cells)
            found += [self._decode(output, min_score) for output in outputs]
        return found

    def _detections(self, found: Found, image: Image) -> list[Detection]:
        height, width = image.shape[:2]
        centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        inside = (centre > 0).all(axis=1) & (centre < (width, height)).all(axis=1)
        found = found[np.flatnonzero(inside)]  # a square's black part holds no face
        kept = non_maximum_suppression(
            found.boxes, found.scores, max_iou=self._spec.max_iou, max_cover=_MAX_COVER
        )
        spec = self._spec
        found = looked_again(image, found[kept], spec.input.size, self._run, spec.second_look)
        best_first = np.argsort(-found.scores, kind="stable")
        found = found[best_first[found.scores[best_first] >= self._min_score]]
        upright = right_way_up(image, found, spec.input.size, self._run, spec.four_looks)
        found = found[np.flatnonzero(upright)]
        rolls = roll_of_points(found.points)
        return [
            Detection(
                box_xyxy=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                score=float(score),
                roll_deg=float(roll),
                points_xy=tuple((float(x), float(y)) for x, y in points - 0.5),
            )
            for box, score, roll, points in zip(
                found.boxes, found.scores, rolls, found.points, strict=True
            )
        ]


def _in_image(tile: Tile, found: Found) -> Found:
    """A tile's own faces in image pixels."""
    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    longer = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0.0)
    own = (centre >= tile.own_xyxy[:2]).all(axis=1) & (centre < tile.own_xyxy[2:]).all(axis=1)
    found = found[np.flatnonzero(own & (longer <= tile.largest_px))]
    corners = tile.image_from_tile(found.boxes.reshape(-1, 2, 2))  # (n, 4) -> (n, 2, 2)
    points = tile.image_from_tile(found.points)
    return Found(corners.reshape(-1, 4), found.scores, points)


def _opened(path: str | os.PathLike[str] | None, weights: str | None, threads: int) -> Backend:
    if path is None:
        path = builtin_weights(weights).detector
        if not is_file(path):
            raise BackendError(
                f"{path}: the built-in detector is not in this installation: "
                "install frsdk from its wheel, or pass the path of a detector"
            )
    return OnnxRuntimeBackend(path, threads=threads)
