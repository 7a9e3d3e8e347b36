"""Which cells of the network are to find which face."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..networks.detector_network import STRIDES

# Longer side of a box, pixels, that each stride may take on.
_RANGES = {8: (0.0, 72.0), 16: (28.0, 176.0), 32: (80.0, 1e9)}
_RADIUS = 1.5  # strides from a face's centre
_IOU_WEIGHT = 3.0
_MOST_CELLS = 8
_FAR = 1e6


@dataclass(frozen=True, slots=True)
class Cells:
    """All cells of a square input, stride after stride, row by row.

    Attributes:
        centres: (c, 2) on the continuous plane.
        strides: (c,) pixels.
        smallest: (c,) shortest longer side of a box that the cell may take on.
        largest: (c,) longest.
    """

    centres: torch.Tensor
    strides: torch.Tensor
    smallest: torch.Tensor
    largest: torch.Tensor


def cells_of(side: int) -> Cells:
    """The cells of an input of side x side pixels, a multiple of 32."""
    parts = [_cells_of_stride(side, stride) for stride in STRIDES]
    return Cells(
        centres=torch.cat([part.centres for part in parts]),
        strides=torch.cat([part.strides for part in parts]),
        smallest=torch.cat([part.smallest for part in parts]),
        largest=torch.cat([part.largest for part in parts]),
    )


def _cells_of_stride(side: int, stride: int) -> Cells:
    axis = (torch.arange(side // stride) + 0.5) * stride
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    centres = torch.stack([x, y], dim=-1).reshape(-1, 2)  # (h, w, 2) -> (h * w, 2)
    low, high = _RANGES[stride]
    each = torch.ones(len(centres))
    return Cells(centres, each * stride, each * low, each * high)


def decode(outputs: torch.Tensor, cells: Cells) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes and points of undecoded outputs.

    Args:
        outputs: (n, c, 15) score logit, centre (2) and log size (2) of the box, points (10).
        cells: The c cells.

    Returns:
        (n, c, 4) xyxy and (n, c, 5, 2), pixels of the continuous plane.
    """
    stride = cells.strides[:, None]
    centre = cells.centres + outputs[..., 1:3] * stride
    half = outputs[..., 3:5].clamp(-4.0, 5.0).exp() * stride / 2
    points = (
        outputs[..., 5:].reshape(*outputs.shape[:-1], 5, 2) * stride[:, None]
        + cells.centres[:, None]
    )
    return torch.cat([centre - half, centre + half], dim=-1), points


def box_iou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Intersection over union of boxes (..., 4) xyxy that broadcast."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0.0).prod(dim=-1)
    areas = _area(first) + _area(second)
    return shared / (areas - shared).clamp(min=1e-6)


def _area(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0.0).prod(dim=-1)


@torch.no_grad()
def assign(
    logits: torch.Tensor, boxes: torch.Tensor, truth: torch.Tensor, cells: Cells
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give each face the cells that find it best so far.

    A simplified form of SimOTA (Ge et al., YOLOX, 2021): the cost of a cell for a face is its score
    loss + 3 x its -log IoU, only cells about the face's centre and of a fitting stride are
    candidates, and a face gets as many cells as its ten best IoUs add up to, at least one.

    Args:
        logits: (c,) scores of one image.
        boxes: (c, 4) predicted boxes.
        truth: (k, 4) faces, k >= 1.
        cells: The c cells.

    Returns:
        (p,) cells, (p,) the face of each and (p,) their IoU.
    """
    longer = (truth[:, 2:] - truth[:, :2]).amax(dim=1)[:, None]  # (k, 1)
    centre = (truth[:, :2] + truth[:, 2:]) / 2
    away = (cells.centres[None] - centre[:, None]).abs().amax(dim=-1)  # (k, c)
    fits = (longer >= cells.smallest) & (longer <= cells.largest)
    candidate = fits & (away <= _RADIUS * cells.strides)
    iou = box_iou(boxes[None], truth[:, None])  # (k, c)
    missed = torch.nn.functional.softplus(-logits)[None]
    cost = missed - _IOU_WEIGHT * (iou + 1e-4).log()
    cost = torch.where(candidate, cost, _FAR + away)
    best = iou.where(candidate, torch.zeros(())).topk(10, dim=1).values.sum(dim=1)
    count = best.int().clamp(1, _MOST_CELLS)
    order = cost.topk(_MOST_CELLS, dim=1, largest=False)
    rank = torch.arange(_MOST_CELLS)[None]
    # Beyond its first cell a face takes candidates only.
    chosen = (rank < count[:, None]) & ((order.values < _FAR) | (rank == 0))
    face, place = chosen.nonzero(as_tuple=True)
    cell, price = order.indices[face, place], order.values[face, place]
    # A cell that several faces want goes to the cheapest.
    by_price = price.argsort(stable=True, descending=True)
    owner = torch.full((len(cells.strides),), -1)
    owner[cell[by_price]] = face[by_price]
    taken = (owner >= 0).nonzero().squeeze(1)
    return taken, owner[taken], iou[owner[taken], taken]
