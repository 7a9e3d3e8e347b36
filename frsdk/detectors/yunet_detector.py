"""Faces by a YuNet network in an ONNX file."""

from __future__ import annotations

import os
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backends.onnxruntime_session import open_session
from ..errors import BackendError
from ..imaging.face_crop import check_image
from .box_rule import DEFAULT_BOX_RULE
from .detection import Detection
from .non_maximum_suppression import non_maximum_suppression

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

# Fitted by benchmarks/detection/fit_box_rules.py on 349 val faces, all found: n (1.108, 0.003,
# 0.115) and s (1.136, 0.004, 0.120); this is between. Left over, in shares of the square's side:
# side 0.064 and 0.053, centre x 0.027 and 0.027, y 0.021 and 0.018.
BOX_RULE = DEFAULT_BOX_RULE
DEFAULT_MIN_SCORE = 0.6

_STRIDES = (8, 16, 32)
_MAX_IOU = 0.4
_FIELDS = {"cls": 1, "obj": 1, "bbox": 4}


class YuNetDetector:
    """YuNet (Wu et al., Machine Intelligence Research 2023) at its fixed input size.

    The photograph is fitted into the network's square by its longer side, so faces below about
    1/25 of that side are missed. Boxes go from the forehead to the chin.
    """

    box_rule = BOX_RULE

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        min_score: float = DEFAULT_MIN_SCORE,
        threads: int = 1,
    ) -> None:
        """Load the network.

        Args:
            path: An ONNX file with one input (1, 3, s, s), BGR 0..255, and the outputs `cls`,
                `obj` and `bbox` at strides 8, 16 and 32 (`cls_8`, ...).
            min_score: Leave out faces below this score, 0..1.
            threads: Threads of one call.

        Raises:
            MissingDependencyError: ONNX Runtime is not installed.
            BackendError: The file is missing, damaged or not a YuNet network.
        """
        self._session = open_session(path, threads=threads)
        (entry, *others) = self._session.get_inputs()
        outputs = [output.name for output in self._session.get_outputs()]
        self._names = [f"{field}_{stride}" for stride in _STRIDES for field in _FIELDS]
        size = entry.shape[-1]
        square = isinstance(size, int) and list(entry.shape) == [1, 3, size, size]
        if others or not square or size % _STRIDES[-1] or not set(self._names) <= set(outputs):
            raise BackendError(
                f"{path}: not a YuNet network (input {entry.shape}, outputs {', '.join(outputs)}): "
                "expected (1, 3, s, s) with cls_8 ... bbox_32"
            )
        self._input_name, self._size, self._min_score = entry.name, int(size), min_score

    @property
    def min_score(self) -> float:
        """The threshold below which faces are left out."""
        return self._min_score

    def __call__(self, image_bgr: Image, /) -> list[Detection]:
        """Find the faces of an image.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            The faces, best score first; boxes in image pixels, which may reach over its edge.

        Raises:
            InputError: The image has another shape or type.
        """
        canvas, scale_xy = self._letterbox(check_image(image_bgr))
        batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)  # (s, s, 3) -> (1, 3, s, s)
        values = self._session.run(self._names, {self._input_name: batch})
        boxes, scores = self._decode(dict(zip(self._names, values, strict=True)))
        likely = scores >= self._min_score
        boxes, scores = boxes[likely], scores[likely]
        boxes = boxes / np.tile(scale_xy, 2)
        height, width = image_bgr.shape[:2]
        inside = (boxes[:, 2:] > 0).all(axis=1) & (boxes[:, :2] < (width, height)).all(axis=1)
        boxes, scores = boxes[inside], scores[inside]  # the square's black part holds no face
        kept = non_maximum_suppression(boxes, scores, max_iou=_MAX_IOU)
        return [
            Detection((float(x0), float(y0), float(x1), float(y1)), float(score))
            for (x0, y0, x1, y1), score in zip(boxes[kept], scores[kept], strict=True)
        ]

    def _letterbox(self, image: Image) -> tuple[Image, FloatArray]:
        """The image in the top left corner of a black square, and canvas / image size (2,)."""
        height, width = image.shape[:2]
        scale = self._size / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas = np.zeros((self._size, self._size, 3), np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=way)
        return canvas, np.array([size[0] / width, size[1] / height])

    def _decode(self, values: Mapping[str, NDArray[np.float32]]) -> tuple[FloatArray, FloatArray]:
        """Boxes (n, 4) xyxy in canvas pixels, and scores sqrt(cls * obj) (n,), of all cells.

        A cell's box is (dx, dy, log w, log h) in strides, from the cell's top left corner.
        """
        boxes: list[FloatArray] = []
        scores: list[FloatArray] = []
        for stride in _STRIDES:
            field = {
                name: values[f"{name}_{stride}"].reshape(-1, width).astype(np.float64)
                for name, width in _FIELDS.items()
            }
            cells = self._size // stride
            row, column = np.divmod(np.arange(cells * cells), cells)
            centre = (field["bbox"][:, :2] + np.stack([column, row], axis=1)) * stride
            half = np.exp(field["bbox"][:, 2:]) * stride / 2
            boxes.append(np.concatenate([centre - half, centre + half], axis=1))
            product = np.clip(field["cls"], 0, 1) * np.clip(field["obj"], 0, 1)
            scores.append(np.sqrt(product[:, 0]))
        return np.concatenate(boxes), np.concatenate(scores)
