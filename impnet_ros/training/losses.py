# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Detection losses: RPN, and R-FCN with online hard examples.

As in msracver/Deep-Feature-Flow: cross entropy is averaged over what is labelled, smooth L1 is
summed over the four deltas and divided by the number of samples, all four terms weigh alike.
"""
from collections.abc import Sequence

from impnet_ros.model.paper.head import HeadMaps, TaskHead, with_picture
from impnet_ros.model.paper.rpn import by_cell
from impnet_ros.training.targets import (anchor_targets, ANCHORS_A_PICTURE, AnchorTargets, IGNORED,
                                         roi_targets)
import torch
from torch import Tensor
from torch.nn import functional

HARD_EXAMPLES = 128
"""Proposals a picture whose loss counts: those where it is largest (Shrivastava et al., 2016)."""


def _box_loss(deltas: Tensor, targets: Tensor) -> Tensor:
    """Smooth L1 (N,), summed over the four deltas (N, 4)."""
    # In full precision: of two types its gradient on a CPU is at times no number (PyTorch 2.14).
    return functional.smooth_l1_loss(deltas.float(), targets, reduction='none').sum(dim=1)


def rpn_losses(scores: Tensor, deltas: Tensor, targets: AnchorTargets) -> tuple[Tensor, Tensor]:
    """
    Losses of the RPN for one picture.

    Parameters
    ----------
    scores, deltas : Tensor
        (2 A, h, w), (4 A, h, w), its outputs.
    targets : AnchorTargets
        For its h * w * A anchors.

    Returns
    -------
    classes, boxes : Tensor
        Scalars.

    """
    background, objects = (item.permute(1, 2, 0).flatten() for item in scores.chunk(2))
    logits = torch.stack((background, objects), dim=1)
    classes = functional.cross_entropy(logits, targets.labels, ignore_index=IGNORED,
                                       reduction='sum')
    positive = targets.labels == 1
    boxes = _box_loss(by_cell(deltas, 4).flatten(0, 2)[positive], targets.deltas[positive])
    counted = (targets.labels != IGNORED).sum().clamp(min=1)
    return classes / counted, boxes.sum() / ANCHORS_A_PICTURE


def hard_example_losses(scores: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor,
                        count: int = HARD_EXAMPLES) -> tuple[Tensor, Tensor]:
    """
    Losses of R-FCN for one picture, of its hardest proposals only.

    Parameters
    ----------
    scores, deltas : Tensor
        (N, classes + 1) raw, (N, 4), the votes.
    labels, targets : Tensor
        int64 (N,) with 0 for background, (N, 4).
    count : int
        Proposals that count.

    Returns
    -------
    classes, boxes : Tensor
        Scalars.

    """
    classes = functional.cross_entropy(scores, labels, reduction='none')
    boxes = torch.where(labels > 0, _box_loss(deltas, targets), 0.0)
    hardest = (classes + boxes).detach().topk(min(count, len(labels))).indices
    return classes[hardest].mean(), boxes[hardest].sum() / count


def detection_losses(head: TaskHead, maps: HeadMaps, size: tuple[int, int],
                     boxes: Sequence[Tensor], labels: Sequence[Tensor]) -> dict[str, Tensor]:
    """
    Losses of N_task for a batch.

    Parameters
    ----------
    head : TaskHead
        Whose anchors, limits and pooling are used.
    maps : HeadMaps
        What it made of the batch's features.
    size : tuple of int
        (height, width) of the pictures in pixels.
    boxes, labels : sequence of Tensor
        (M_i, 4) with the extra pixel, int64 (M_i,) without background, a picture.

    Returns
    -------
    dict
        Scalars 'rpn_class', 'rpn_box', 'class', 'box', means over the pictures; their sum is to
        be minimised.

    """
    cells = (maps.rpn_scores.shape[2], maps.rpn_scores.shape[3])
    rpn = [rpn_losses(scores, deltas, anchor_targets(head.anchors, cells, size, true_boxes))
           for scores, deltas, true_boxes
           in zip(maps.rpn_scores, maps.rpn_deltas, boxes, strict=True)]
    targets = [roi_targets(proposals, true_boxes, classes, head.deviations)
               for proposals, true_boxes, classes
               in zip(head.propose(maps, size), boxes, labels, strict=True)]
    rois = with_picture([item.rois for item in targets])
    counts = [len(item.rois) for item in targets]
    votes = (item.split(counts)
             for item in head.rfcn.vote(maps.score_maps, maps.box_maps, rois))
    rfcn = [hard_example_losses(scores, deltas[:, 4:], item.labels, item.deltas)
            for scores, deltas, item in zip(*votes, targets, strict=True)]
    names = ('rpn_class', 'rpn_box', 'class', 'box')
    terms = zip(*(first + second for first, second in zip(rpn, rfcn, strict=True)), strict=True)
    return {name: torch.stack(values).mean() for name, values in zip(names, terms, strict=True)}
