"""Compose training scenes: labelled crops pasted onto photographs without faces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from .backgrounds import Backgrounds, Place
from .camera_noise import CameraSettings, photographed
from .detector_labels import face_boxes
from .edge_blending import face_mask, recoloured
from .face_cutouts import Pieces
from .face_stock import FaceStock
from .paste_picture import Placement, ellipse_mask, paste, rectangle_mask
from .portrait_scene import framing, surround, trimmed
from .scene_canvas import Canvas, Scene

Array = NDArray[np.float64]

_AT_PLACES = 0.45
_BESIDE, _FRAGMENT = 0.3, 0.15  # of the scenes without faces


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How scenes are composed.

    Attributes:
        faceless: Share of scenes with no face at all.
        mosaic: Share that are grids of crops and backgrounds.
        portrait: Share with one large face.
        photograph: Share that are one crop as its photograph shows it, with nothing pasted.
        most_faces: Of a scene that is none of these.
        smallest_px: Of a face box's longer side.
        roll_deg: Largest turn of most faces.
        tilted: Share of the faces that turn by up to `tilt_deg`.
        tilt_deg: Largest turn of these.
        inset: Least distance of a face's centre from the scene's edge, share of its size.
        occlusion: Share of the faces of which something covers a part.
        camera: What happens to the whole scene.
    """

    faceless: float = 0.2
    mosaic: float = 0.17
    portrait: float = 0.15
    photograph: float = 0.22
    most_faces: int = 10
    smallest_px: float = 9.0
    roll_deg: float = 18.0
    tilted: float = 0.3
    tilt_deg: float = 45.0
    inset: float = 0.35
    occlusion: float = 0.18
    camera: CameraSettings = field(default_factory=CameraSettings)


class SceneComposer:
    """Makes scenes from a stock of faces and pictures without faces.

    Args:
        stock: The labelled crops.
        pictures: Photographs without faces.
        settings: How scenes are composed.
    """

    def __init__(self, stock: FaceStock, pictures: Backgrounds, settings: SceneSettings) -> None:
        self._pieces, self._pictures, self._settings = Pieces(stock), pictures, settings

    def __call__(self, side: int, rng: np.random.Generator, places: Sequence[Place] = ()) -> Scene:
        """Compose one scene.

        Args:
            side: Pixels of a side.
            rng: Source of all randomness.
            places: Where a network took a background for a face; nearly half of the scenes show
                one.
        """
        settings = self._settings
        if places and rng.random() < _AT_PLACES:
            place = places[int(rng.integers(len(places)))]
            base = self._pictures.window_at(place, (side, side), rng)
        else:
            base = self._pictures.random_window((side, side), rng)
        canvas = Canvas(base.copy(), np.zeros((side, side), np.int16))
        shares = (settings.faceless, settings.mosaic, settings.portrait, settings.photograph)
        kind = int(np.searchsorted(np.cumsum(shares), rng.random(), side="right"))
        if kind == 0:
            self._people_without_faces(canvas, rng)
            self._decoys(canvas, rng, int(rng.integers(0, 7)))
        elif kind == 1:
            self._mosaic(canvas, rng)
        elif kind == 2:
            self._face(canvas, rng, side * np.exp(rng.uniform(np.log(0.35), np.log(1.05))))
        elif kind == 3:
            self._photograph(canvas, rng)
        else:
            self._decoys(canvas, rng, int(rng.integers(0, 5)))
            self._crowd(canvas, rng)
        self._occlude(canvas, rng)
        return canvas.finished(photographed(canvas.image, rng, settings.camera))

    def _crowd(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Several faces, large ones first, each of its own size or all alike."""
        side = canvas.image.shape[0]
        count = 1 + int(rng.integers(self._settings.most_faces))
        low, high = np.log(self._settings.smallest_px), np.log(0.6 * side)
        if rng.random() < 0.4:
            middle = rng.uniform(low, np.log(0.3 * side))
            sizes = np.exp(middle + rng.uniform(-0.25, 0.25, count))
        else:
            sizes = np.exp(rng.uniform(low, high, count))
        for size in np.sort(sizes)[::-1]:
            self._face(canvas, rng, float(size))

    def _face(self, canvas: Canvas, rng: np.random.Generator, size: float) -> None:
        """One face with a box of a size, at a random place that leaves most of it in sight."""
        side = canvas.image.shape[0]
        margin = min(size * self._settings.inset, side * 0.45)
        target = rng.uniform(margin, side - margin, 2)
        boxes = [face_boxes(points[None])[0] for points in canvas.landmarks]
        if boxes:
            centres = np.array([(box[:2] + box[2:]) / 2 for box in boxes])
            reach = np.array([(box[2:] - box[:2]).max() for box in boxes])
            for _ in range(6):
                if (np.abs(centres - target).max(axis=1) > 0.45 * (reach + size)).all():
                    break
                target = rng.uniform(margin, side - margin, 2)
        self._paste_face(canvas, self._pieces.draw_row(rng), target, size, rng)

    def _paste_face(
        self,
        canvas: Canvas,
        row: int,
        target: Array,
        size: float,
        rng: np.random.Generator,
        *,
        square: bool = False,
    ) -> None:
        """Blend the face of a row in, its box's centre at a target; `square` keeps its corners."""
        crop, landmarks, content, neighbours = self._pieces.face(row, rng)
        box = face_boxes(landmarks[None])[0]
        scale = size / float((box[2:] - box[:2]).max())
        roll = 0.0 if square else self._roll(rng)
        x0, y0, x1, y1 = content
        corner = np.array([x0, y0], np.float64)
        piece = recoloured(np.ascontiguousarray(crop[y0:y1, x0:x1]), canvas.image, target, rng)
        mask = (
            rectangle_mask((x1 - x0, y1 - y0), 0.0)
            if square
            else face_mask((x1 - x0, y1 - y0), box - np.tile(corner, 2), scale, rng)
        )
        centre = (box[:2] + box[2:]) / 2 - corner
        placement = Placement.about(centre, target, scale, roll)
        canvas.add(row, piece, mask, placement, landmarks - corner, neighbours - np.tile(corner, 2))

    def _photograph(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """One crop as a photograph by itself: whole, trimmed, or with what its edges go on as."""
        row = self._pieces.draw_photograph(rng)
        crop, landmarks, content, neighbours = self._pieces.face(row, rng)
        x0, y0, x1, y1 = trimmed(content, face_boxes(landmarks[None])[0], rng)
        piece = np.ascontiguousarray(crop[y0:y1, x0:x1])
        roll = self._roll(rng) if rng.random() < 0.5 else 0.0
        placement = framing((x1 - x0, y1 - y0), canvas.image.shape[0], roll, rng)
        surround(canvas.image, piece, placement, rng)
        mask = rectangle_mask((x1 - x0, y1 - y0), 0.0)
        corner = np.array([x0, y0], np.float64)
        canvas.add(row, piece, mask, placement, landmarks - corner, neighbours - np.tile(corner, 2))

    def _roll(self, rng: np.random.Generator) -> float:
        settings = self._settings
        most = settings.tilt_deg if rng.random() < settings.tilted else settings.roll_deg
        return float(np.radians(rng.uniform(-most, most)))

    def _mosaic(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """A grid of unequal cells, three in four with a face, each with hard edges."""
        side = canvas.image.shape[0]
        count = int(rng.integers(2, 6))
        for y0, y1 in _cuts(side, count, rng):
            for x0, x1 in _cuts(side, count, rng):
                cell = Canvas(
                    self._pictures.random_window((x1 - x0, y1 - y0), rng),
                    np.zeros((y1 - y0, x1 - x0), np.int16),
                )
                if rng.random() < 0.75:
                    size = max(x1 - x0, y1 - y0) * rng.uniform(0.5, 0.85)
                    middle = np.array([x1 - x0, y1 - y0]) * rng.uniform(0.42, 0.58, 2)
                    alike = bool(rng.random() < 0.5)
                    self._paste_face(
                        cell, self._pieces.draw_row(rng), middle, size, rng, square=alike
                    )
                canvas.place(cell, x0, y0)

    def _decoys(self, canvas: Canvas, rng: np.random.Generator, count: int) -> None:
        """Pieces without a face pasted just as faces are, so that a seam says nothing.

        Half are parts of backgrounds, half are what lies beside the face in a crop: hair, ears,
        neck, shoulders and clothes.
        """
        side = canvas.image.shape[0]
        for _ in range(count):
            piece = self._pieces.beside_a_face(rng) if rng.random() < 0.5 else None
            if piece is None:
                piece = self._pictures.random_window((96, 96), rng)
            size = np.array(piece.shape[1::-1], np.float64)
            scale = side / size.max() * float(np.exp(rng.uniform(np.log(0.08), np.log(0.7))))
            box = np.concatenate([size * 0.25, size * 0.8])
            mask = face_mask((piece.shape[1], piece.shape[0]), box, scale, rng)
            target = rng.uniform(0, side, 2)
            placement = Placement.about(size / 2, target, scale, self._roll(rng))
            paste(canvas.image, canvas.owner, piece, mask, placement, 0)

    def _people_without_faces(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Sometimes fill a scene with what lies beside a face, or with a small part of one.

        The latter is what a detector sees of a large face when it looks for small ones.
        """
        draw = rng.random()
        if draw < _BESIDE:
            piece = self._pieces.beside_a_face(rng)
        elif draw < _BESIDE + _FRAGMENT:
            piece = self._pieces.fragment(rng)
        else:
            return
        if piece is not None:
            size = canvas.image.shape[1::-1]
            canvas.image[:] = cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC)

    def _occlude(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Cover a part of some faces: by a piece of a background or a flat colour."""
        for points in canvas.landmarks:
            if rng.random() >= self._settings.occlusion:
                continue
            box = face_boxes(points[None])[0]
            size = box[2:] - box[:2]
            piece = self._pictures.random_window((48, 48), rng)
            if rng.random() < 0.4:
                piece[:] = rng.integers(0, 256, 3)
            scale = float(size.max()) / 48 * rng.uniform(0.2, 0.6)
            target = box[:2] + size * rng.uniform(-0.05, 1.05, 2)
            mask = (
                rectangle_mask((48, 48), 1.0)
                if rng.random() < 0.5
                else ellipse_mask((48, 48), np.full(2, 24.0), rng.uniform(12, 23, 2), 0.0, 0.1)
            )
            placement = Placement.about(np.full(2, 24.0), target, scale, rng.uniform(-0.8, 0.8))
            paste(canvas.image, canvas.owner, piece, mask, placement, -1)


def _cuts(side: int, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """A side cut into parts of unlike length."""
    parts = rng.uniform(0.7, 1.3, count)
    ends = np.rint(np.concatenate([[0.0], np.cumsum(parts) / parts.sum()]) * side).astype(int)
    return [(int(a), int(b)) for a, b in itertools.pairwise(ends)]
