# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What RPN and R-FCN should have said: labels and deltas for anchors and proposals.

Thresholds and sampling are those of msracver/Deep-Feature-Flow. Boxes are in pixels of the
network's input, with the extra pixel.
"""
from typing import NamedTuple

from impnet_ros.boxes import encode_boxes, iou_matrix
from impnet_ros.model.paper.rpn import grid_anchors, RPN_DEVIATIONS
import torch
from torch import Tensor

ANCHORS_A_PICTURE = 256
_POSITIVE_SHARE = 0.5
_POSITIVE_IOU = 0.7
_NEGATIVE_IOU = 0.3
_FOREGROUND_IOU = 0.5

IGNORED = -1


class AnchorTargets(NamedTuple):
    """For each anchor of a picture, cells row by row."""

    labels: Tensor
    """int64 (N,): 1 object, 0 background, `IGNORED`."""

    deltas: Tensor
    """(N, 4), normalised; they count where the label is 1."""


class RoiTargets(NamedTuple):
    """For each proposal of a picture, the true boxes among them."""

    rois: Tensor
    """(N, 4)."""

    labels: Tensor
    """int64 (N,): 0 background, else 1 + index of the class."""

    deltas: Tensor
    """(N, 4), normalised; they count where the label is above 0."""


def _keep_some(labels: Tensor, value: int, count: int) -> None:
    """Ignore, at random, as many labels of `value` as exceed `count`."""
    found = (labels == value).nonzero()[:, 0]
    excess = len(found) - count
    if excess > 0:
        chosen = torch.randperm(len(found), device=found.device)[:excess]
        labels[found[chosen]] = IGNORED


def anchor_targets(base: Tensor, cells: tuple[int, int], size: tuple[int, int],
                   boxes: Tensor) -> AnchorTargets:
    """
    Say which anchors the RPN should find.

    An anchor that sticks out of the picture is ignored. Positive are those that overlap an object
    by .7, and each object's best; negative those below .3. At most 256 count, half of them
    positive, drawn with torch's generator.

    Parameters
    ----------
    base : Tensor
        (A, 4), anchors of the first cell.
    cells : tuple of int
        Rows and columns of the feature.
    size : tuple of int
        (height, width) of the picture in pixels.
    boxes : Tensor
        (M, 4), the objects; may be none.

    """
    anchors = grid_anchors(base, *cells).flatten(0, 2)
    height, width = size
    inside = ((anchors[:, 0] >= 0) & (anchors[:, 1] >= 0) & (anchors[:, 2] < width)
              & (anchors[:, 3] < height)).nonzero()[:, 0]
    labels = torch.full((len(inside),), IGNORED, device=base.device)
    deltas = torch.zeros(len(inside), 4, device=base.device)
    if len(boxes) and len(inside):
        overlap = iou_matrix(anchors[inside], boxes)
        largest, nearest = overlap.max(dim=1)
        labels[largest < _NEGATIVE_IOU] = 0
        # An object that no anchor touches has no best anchor: all would share the zero.
        best = overlap.max(dim=0).values
        labels[((overlap == best) & (best > 0)).any(dim=1)] = 1
        labels[largest >= _POSITIVE_IOU] = 1
        deltas = encode_boxes(anchors[inside], boxes[nearest], RPN_DEVIATIONS)
    else:
        labels[:] = 0
    _keep_some(labels, 1, int(ANCHORS_A_PICTURE * _POSITIVE_SHARE))
    _keep_some(labels, 0, ANCHORS_A_PICTURE - int((labels == 1).sum()))
    all_labels = torch.full((len(anchors),), IGNORED, device=base.device)
    all_deltas = torch.zeros(len(anchors), 4, device=base.device)
    all_labels[inside], all_deltas[inside] = labels, deltas
    return AnchorTargets(all_labels, all_deltas)


def roi_targets(proposals: Tensor, boxes: Tensor, classes: Tensor,
                deviations: tuple[float, ...]) -> RoiTargets:
    """
    Say what each proposal holds.

    All of them count: hard examples are chosen later, by their loss. The objects themselves join
    the proposals.

    Parameters
    ----------
    proposals : Tensor
        (N, 4).
    boxes, classes : Tensor
        (M, 4), int64 (M,), the objects; may be none.
    deviations : tuple of float
        That deltas are normalised by.

    """
    rois = torch.cat((proposals, boxes))
    if not len(boxes):
        return RoiTargets(rois, torch.zeros(len(rois), dtype=torch.int64, device=rois.device),
                          torch.zeros_like(rois))
    largest, nearest = iou_matrix(rois, boxes).max(dim=1)
    labels = torch.where(largest >= _FOREGROUND_IOU, classes[nearest] + 1, 0)
    return RoiTargets(rois, labels, encode_boxes(rois, boxes[nearest], deviations))
