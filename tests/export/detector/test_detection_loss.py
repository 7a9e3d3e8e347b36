"""Assignment of cells to faces, and the loss."""

from __future__ import annotations

import pytest
import torch

from frsdk.export.detector.cell_assignment import assign, box_iou, cells_of, decode
from frsdk.export.detector.detection_loss import SceneTruth, detector_loss

SIDE = 128
FACES = torch.tensor([[10.0, 12.0, 32.0, 36.0], [60.0, 30.0, 120.0, 110.0]])
POINTS = torch.stack([torch.rand(5, 2, generator=torch.Generator().manual_seed(0)) * 20 + 12] * 2)


def ideal(cells_boxes: torch.Tensor) -> torch.Tensor:
    """Outputs (1, 15, c) that decode to a box of each cell, with logits of -4."""
    cells = cells_of(SIDE)
    stride = cells.strides[:, None]
    centre = (cells_boxes[:, :2] + cells_boxes[:, 2:]) / 2
    size = cells_boxes[:, 2:] - cells_boxes[:, :2]
    out = torch.zeros(1, 15, len(stride))
    out[0, 0] = -4.0
    out[0, 1:3] = ((centre - cells.centres) / stride).T
    out[0, 3:5] = (size / stride).log().T
    return out


def nearest_face() -> torch.Tensor:
    cells = cells_of(SIDE)
    middle = (FACES[:, :2] + FACES[:, 2:]) / 2
    return FACES[torch.cdist(cells.centres, middle).argmin(dim=1)]


def test_cells_cover_the_input() -> None:
    cells = cells_of(SIDE)
    assert len(cells.strides) == 16**2 + 8**2 + 4**2
    assert cells.centres[0].tolist() == [4.0, 4.0] and cells.centres[-1].tolist() == [112.0, 112.0]


def test_decoding_gives_the_boxes_back() -> None:
    wanted = nearest_face()
    boxes, points = decode(ideal(wanted).transpose(1, 2), cells_of(SIDE))
    torch.testing.assert_close(boxes[0], wanted, rtol=0, atol=1e-3)
    assert points.shape == (1, len(wanted), 5, 2)


def test_iou() -> None:
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [5.0, 5.0, 6.0, 6.0]])
    assert box_iou(boxes[:1], boxes).tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def test_each_face_gets_cells_about_its_centre_and_of_its_size() -> None:
    cells, boxes = cells_of(SIDE), nearest_face()
    cell, face, iou = assign(torch.full((len(boxes),), -4.0), boxes, FACES, cells)
    assert set(face.tolist()) == {0, 1} and (iou > 0.99).all()
    middle = ((FACES[:, :2] + FACES[:, 2:]) / 2)[face]
    assert ((cells.centres[cell] - middle).abs().amax(dim=1) <= 1.5 * cells.strides[cell]).all()
    assert (cells.strides[cell[face == 0]] == 8).all()  # 24 px
    assert (cells.strides[cell[face == 1]] >= 16).all()  # 80 px
    assert len(cell.unique()) == len(cell)


def test_a_face_whose_boxes_are_all_wrong_still_gets_one_cell() -> None:
    cells = cells_of(SIDE)
    boxes = torch.zeros(len(cells.strides), 4)
    _, face, _ = assign(torch.zeros(len(boxes)), boxes, FACES, cells)
    assert sorted(face.tolist()) == [0, 1]


def test_a_perfect_output_loses_nothing_in_box_and_points() -> None:
    truth = SceneTruth(FACES, POINTS, torch.zeros(0, 4))
    out = ideal(nearest_face())
    cells = cells_of(SIDE)
    face = torch.cdist(cells.centres, (FACES[:, :2] + FACES[:, 2:]) / 2).argmin(dim=1)
    away = (POINTS[face] - cells.centres[:, None]) / cells.strides[:, None, None]
    out[0, 5:] = away.flatten(1).T
    loss = detector_loss(out, [truth], cells)
    assert float(loss.box) == pytest.approx(0.0, abs=1e-4)
    assert float(loss.points) == pytest.approx(0.0, abs=1e-4)
    assert float(loss.score) > 0.1  # the cells of the faces say "no face"
    worse = out.clone()
    worse[0, 1] += 0.5
    assert float(detector_loss(worse, [truth], cells).box) > 0.05


def test_ignored_boxes_count_neither_way() -> None:
    cells, out = cells_of(SIDE), ideal(nearest_face())
    out[0, 0] = 3.0  # faces everywhere
    none = torch.zeros(0, 4)
    empty = SceneTruth(none, torch.zeros(0, 5, 2), none)
    everything = SceneTruth(none, torch.zeros(0, 5, 2), torch.tensor([[0.0, 0.0, 128.0, 128.0]]))
    assert float(detector_loss(out, [empty], cells).score) > 100
    assert float(detector_loss(out, [everything], cells).total) == 0.0
