"""A training scene in the making."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .detector_labels import N_POINTS, face_boxes, five_points
from .paste_picture import Image, Mask, Placement, paste

Array = NDArray[np.float64]

_VISIBLE = 0.55  # with less of its middle in sight, a face is neither right nor wrong
_TOO_SMALL_PX = 9.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with labels on its continuous plane.

    Attributes:
        image: (s, s, 3) uint8 BGR.
        boxes: (k, 4) xyxy of the faces to find.
        points: (k, 5, 2).
        ignored: (m, 4) boxes in which a detection is neither right nor wrong.
        rows: (k,) row of each face in the stock.
        landmarks: (k, 68, 2).
    """

    image: Image
    boxes: Array
    points: Array
    ignored: Array
    rows: NDArray[np.int64]
    landmarks: Array


@dataclass(slots=True)
class Canvas:
    """A scene in the making.

    Attributes:
        image: (h, w, 3) uint8 BGR, drawn on.
        owner: (h, w) number of the face that a pixel belongs to, from 1; 0 for none, negative where
            something covers a face.
        rows: Row of each face in the stock.
        landmarks: (68, 2) of each.
        ignored: (4,) boxes of faces that are not labelled.
    """

    image: Image
    owner: NDArray[np.int16]
    rows: list[int] = field(default_factory=list)
    landmarks: list[Array] = field(default_factory=list)
    ignored: list[Array] = field(default_factory=list)

    def add(
        self,
        row: int,
        piece: Image,
        mask: Mask,
        placement: Placement,
        landmarks: Array,
        neighbours: Array,
    ) -> None:
        """Blend a piece with a face in; landmarks and neighbours are on the piece's plane."""
        self.rows.append(row)
        self.landmarks.append(placement.moved(landmarks))
        paste(self.image, self.owner, piece, mask, placement, len(self.rows))
        for other in neighbours:
            corners = np.array([(x, y) for x in other[::2] for y in other[1::2]])
            there = placement.moved(corners)
            self.ignored.append(np.concatenate([there.min(axis=0), there.max(axis=0)]))

    def place(self, cell: Canvas, x0: int, y0: int) -> None:
        """Take over another scene with its upper left corner at a pixel of this one."""
        height, width = cell.owner.shape
        window = (slice(y0, y0 + height), slice(x0, x0 + width))
        self.image[window] = cell.image
        self.owner[window] = np.where(cell.owner > 0, cell.owner + len(self.rows), 0)
        self.rows += cell.rows
        self.landmarks += [points + np.array([x0, y0]) for points in cell.landmarks]
        self.ignored += [box + np.array([x0, y0, x0, y0]) for box in cell.ignored]

    def finished(self, image: Image) -> Scene:
        """The scene with labels of the faces that are in sight; `image` is how it looks now."""
        landmarks = np.array(self.landmarks).reshape(-1, 68, 2)
        boxes = face_boxes(landmarks) if len(landmarks) else np.zeros((0, 4))
        seen = [_visible(self.owner, box, i + 1) for i, box in enumerate(boxes)]
        longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) if len(boxes) else np.zeros(0)
        good = (np.array(seen) >= _VISIBLE) & (longer >= _TOO_SMALL_PX)
        ignored = [*boxes[~good], *self.ignored]
        points = five_points(landmarks) if len(landmarks) else np.zeros((0, N_POINTS, 2))
        return Scene(
            image=image,
            boxes=boxes[good],
            points=points[good],
            ignored=np.array(ignored).reshape(-1, 4),
            rows=np.array(self.rows, np.int64).reshape(-1)[good],
            landmarks=landmarks[good],
        )


def _visible(owner: NDArray[np.int16], box: Array, identity: int) -> float:
    """Share of the middle of a box that its own piece covers in the scene."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * 0.35
    low, high = np.rint(centre - half).astype(int), np.rint(centre + half).astype(int)
    area = max(1, int((high - low).prod()))
    y0, x0 = max(0, int(low[1])), max(0, int(low[0]))
    part = owner[y0 : max(0, int(high[1])), x0 : max(0, int(high[0]))]
    return float((part == identity).sum()) / area
