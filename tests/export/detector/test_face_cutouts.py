"""What is cut out of labelled crops for the detector's scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frsdk.export.detector.detector_labels import face_boxes
from frsdk.export.detector.face_cutouts import Pieces
from frsdk.export.detector.face_stock import FaceStock


def test_a_chip_that_ends_at_its_face_is_seldom_a_photograph(stock: FaceStock) -> None:
    left, top, right, bottom = face_boxes(stock.landmarks)[0].astype(int)
    content = stock.content.copy()
    content[::2] = (left + 2, top, right, bottom)  # every other crop is a chip
    pieces = Pieces(replace(stock, content=content))
    rng = np.random.default_rng(0)
    rows = np.array([pieces.draw_photograph(rng) for _ in range(2000)])
    assert abs((rows % 2 == 0).mean() - 0.5**3) < 0.03
    faces = np.array([pieces.draw_row(rng) for _ in range(2000)])
    assert abs((faces % 2 == 0).mean() - 0.5) < 0.04
