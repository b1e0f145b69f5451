# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Region proposals: anchors, two 1x1 convolutions, and the best boxes that they give.

Silent details are those of msracver/Deep-Feature-Flow: no 3x3 convolution in front, background
scores in the first half of the channels, foreground in the second, deltas normalised.
"""
from dataclasses import dataclass

from impnet_ros.boxes import best_boxes, clip_boxes, decode_boxes
import torch
from torch import nn, Tensor

RPN_DEVIATIONS = (0.1, 0.1, 0.4, 0.4)
"""Standard deviations that the RPN's deltas are normalised by."""


@dataclass(frozen=True)
class ProposalLimits:
    """How many proposals go where, the same in training and test."""

    before_nms: int = 6000
    """Best anchors that are considered at all."""

    nms_threshold: float = 0.7
    """IoU above which the weaker of two proposals is dropped."""

    kept: int = 300
    """Proposals a picture."""


def base_anchors(scales: tuple[float, ...], ratios: tuple[float, ...], side: int = 16) -> Tensor:
    """
    Boxes around the first cell, ratio by ratio and within it scale by scale.

    Parameters
    ----------
    scales : tuple of float
        Sides in units of `side`.
    ratios : tuple of float
        Height over width.
    side : int
        Pixels; the first cell is the box (0, 0, side - 1, side - 1).

    Returns
    -------
    Tensor
        (A, 4), centred on (side - 1) / 2; sides are rounded before they are scaled.

    """
    anchors = []
    for ratio in ratios:
        width = round((side * side / ratio) ** 0.5)
        height = round(width * ratio)
        for scale in scales:
            half = torch.tensor((width * scale - 1, height * scale - 1)) / 2
            centre = (side - 1) / 2
            anchors.append(torch.cat((centre - half, centre + half)))
    return torch.stack(anchors)


def grid_anchors(base: Tensor, rows: int, columns: int, stride: int = 16) -> Tensor:
    """Anchors (rows, columns, A, 4) of every cell."""
    x = torch.arange(columns, device=base.device) * stride
    y = torch.arange(rows, device=base.device) * stride
    shifts = torch.stack(torch.meshgrid(x, y, indexing='xy'), dim=-1).repeat(1, 1, 2)
    return shifts[:, :, None] + base


def by_cell(maps: Tensor, values: int) -> Tensor:
    """Turn maps (A values, h, w) of one picture into (h, w, A, values), as anchors lie."""
    return maps.permute(1, 2, 0).unflatten(2, (-1, values))


def foreground(scores: Tensor) -> Tensor:
    """Probability (h, w, A) of an object from raw scores (2 A, h, w) of one picture."""
    background, objects = scores.chunk(2)
    # The softmax of two scores is the sigmoid of their difference.
    return (objects - background).sigmoid().permute(1, 2, 0)


def propose(scores: Tensor, deltas: Tensor, base: Tensor, size: tuple[int, int],
            limits: ProposalLimits) -> Tensor:
    """
    Choose the boxes of one picture that may hold an object.

    Anchors of the last, incomplete cells (38 rows of a picture 600 high, which has 37.5) are left
    out, as in the reference.

    Parameters
    ----------
    scores, deltas : Tensor
        (2 A, h, w), (4 A, h, w), the RPN's outputs.
    base : Tensor
        (A, 4), see `base_anchors`.
    size : tuple of int
        (height, width) of the network's input in pixels.
    limits : ProposalLimits
        How many are considered and kept.

    Returns
    -------
    Tensor
        (N, 4) in pixels of the network's input, N <= limits.kept, best first.

    """
    rows, columns = (max(side // 16, 1) for side in size)
    score = foreground(scores)[:rows, :columns]
    best = score.flatten().topk(min(limits.before_nms, score.numel()))
    anchors = grid_anchors(base, *score.shape[:2]).flatten(0, 2)[best.indices]
    chosen = by_cell(deltas, 4)[:rows, :columns].flatten(0, 2)[best.indices]
    boxes = clip_boxes(decode_boxes(anchors, chosen, RPN_DEVIATIONS), size)
    return boxes[best_boxes(boxes, best.values, limits.nms_threshold, limits.kept)]


class RPN(nn.Module):
    """
    Scores and deltas for every anchor, straight from the feature.

    Parameters
    ----------
    channels : int
        Of its half of the feature, 512 in the paper.
    anchors : int
        A, anchors a cell.

    """

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__()
        self.cls_score = nn.Conv2d(channels, 2 * anchors, 1)
        self.bbox_pred = nn.Conv2d(channels, 4 * anchors, 1)
        for layer in (self.cls_score, self.bbox_pred):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (B, channels, h, w) into raw scores (B, 2 A, h, w) and deltas (B, 4 A, h, w)."""
        return self.cls_score(feature), self.bbox_pred(feature)
