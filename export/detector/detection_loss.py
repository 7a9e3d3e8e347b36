"""The detector's loss: score, box and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from .cell_assignment import Cells, assign, box_iou, decode
from .scene_canvas import Scene

BOX_WEIGHT = 2.0
POINTS_WEIGHT = 3.0
_FOCUS = 2.0


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """The labels of one scene as tensors: boxes (k, 4), points (k, 5, 2), ignored (m, 4)."""

    boxes: torch.Tensor
    points: torch.Tensor
    ignored: torch.Tensor


@dataclass(frozen=True, slots=True)
class DetectorLoss:
    """The parts of the loss, each a scalar per found face."""

    score: torch.Tensor
    box: torch.Tensor
    points: torch.Tensor

    @property
    def total(self) -> torch.Tensor:
        """What is minimised."""
        return self.score + BOX_WEIGHT * self.box + POINTS_WEIGHT * self.points


def truth_of(scene: Scene) -> SceneTruth:
    """A scene's labels as tensors."""
    arrays = (scene.boxes, scene.points, scene.ignored)
    return SceneTruth(*(torch.from_numpy(np.asarray(each, np.float32)) for each in arrays))


def detector_loss(
    outputs: torch.Tensor, truths: Sequence[SceneTruth], cells: Cells
) -> DetectorLoss:
    """Loss of a batch.

    The score is a quality focal loss (Li et al., 2020): its target is 0.5 + IoU / 2 where a cell
    has a face and 0 elsewhere, weighted by the squared error. The box is 1 - GIoU (Rezatofighi
    et al., 2019); the points are smooth-L1 distances in shares of the box's size.

    Args:
        outputs: (n, 15, c) as the network gives them.
        truths: Labels of the n scenes.
        cells: The c cells.
    """
    outputs = outputs.transpose(1, 2)  # (n, 15, c) -> (n, c, 15)
    boxes, points = decode(outputs, cells)
    logits = outputs[..., 0]
    target = torch.zeros_like(logits)
    counted = torch.ones_like(logits)
    images, places, faces, found_points = [], [], [], []
    for index, truth in enumerate(truths):
        counted[index] = _not_ignored(cells, truth.ignored)
        if not len(truth.boxes):
            continue
        cell, face, iou = assign(logits[index].detach(), boxes[index].detach(), truth.boxes, cells)
        target[index, cell] = 0.5 + iou / 2
        counted[index, cell] = 1.0
        images.append(torch.full_like(cell, index))
        places.append(cell)
        faces.append(truth.boxes[face])
        found_points.append(truth.points[face])
    number = max(1, sum(len(each) for each in places))
    error = (target - logits.sigmoid()).abs() ** _FOCUS
    cross = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    score = (error * cross * counted).sum() / number
    if not places:
        return DetectorLoss(score, score.new_zeros(()), score.new_zeros(()))
    row, cell = torch.cat(images), torch.cat(places)
    wanted = torch.cat(faces)  # (p, 4)
    size = (wanted[:, 2:] - wanted[:, :2]).amax(dim=1)[:, None, None]
    away = (points[row, cell] - torch.cat(found_points)) / size  # (p, 5, 2)
    smooth = functional.smooth_l1_loss(away, torch.zeros_like(away), beta=0.05, reduction="none")
    box = (1.0 - _giou(boxes[row, cell], wanted)).sum() / number
    return DetectorLoss(score, box, smooth.sum(dim=(1, 2)).sum() / number)


def _not_ignored(cells: Cells, ignored: torch.Tensor) -> torch.Tensor:
    """(c,) 0 where a cell's centre lies in a box that counts neither way, 1 elsewhere."""
    above = (cells.centres[None] >= ignored[:, None, :2]).all(dim=-1)
    below = (cells.centres[None] <= ignored[:, None, 2:]).all(dim=-1)
    return 1.0 - (above & below).any(dim=0).float()


def _giou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    hull = torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])
    hull_area = hull.clamp(min=0.0).prod(dim=1).clamp(min=1e-6)
    iou = box_iou(first, second)
    areas = sum((b[:, 2:] - b[:, :2]).clamp(min=0.0).prod(dim=1) for b in (first, second))
    union = areas / (1.0 + iou)  # intersection = iou * union
    return iou - (hull_area - union) / hull_area
