# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_task: RPN on the first half of the feature's channels, R-FCN on the second."""
from typing import NamedTuple

from impnet_ros.boxes import best_boxes_by_class, clip_boxes, decode_boxes
from impnet_ros.config import DetectionConfig
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.rfcn import RFCN
from impnet_ros.model.paper.rpn import base_anchors, ProposalLimits, propose, RPN
import torch
from torch import nn, Tensor
from torch.nn import functional


class HeadMaps(NamedTuple):
    """Everything that N_task computes before it looks at single boxes; losses start here."""

    rpn_scores: Tensor
    """(B, 2 A, h, w), raw, background first."""

    rpn_deltas: Tensor
    """(B, 4 A, h, w), normalised."""

    score_maps: Tensor
    """(B, 49 (classes + 1), h, w), bin-major."""

    box_maps: Tensor
    """(B, 49 * 8, h, w), bin-major."""


def with_picture(boxes: list[Tensor]) -> Tensor:
    """Join boxes (N_i, 4) of several pictures to rois (N, 5) with the picture's place in front."""
    return torch.cat([functional.pad(item, (1, 0), value=float(index))
                      for index, item in enumerate(boxes)])


def select_detections(rois: Tensor, scores: Tensor, deltas: Tensor, size: tuple[int, int],
                      deviations: tuple[float, ...], config: DetectionConfig,
                      ) -> tuple[Tensor, Tensor, Tensor]:
    """
    Turn the votes of one picture into detections.

    Parameters
    ----------
    rois : Tensor
        (N, 4), proposals in pixels of the network's input.
    scores, deltas : Tensor
        (N, classes + 1) raw, (N, 8): the votes.
    size : tuple of int
        (height, width) of the network's input.
    deviations : tuple of float
        That the deltas are normalised by.
    config : DetectionConfig
        Thresholds; boxes have the extra pixel in NMS.

    Returns
    -------
    boxes, scores, labels : Tensor
        (M, 4) in pixels of the network's input, (M,), (M,) without background; best first.

    """
    boxes = clip_boxes(decode_boxes(rois, deltas[:, 4:], deviations), size)
    probabilities = scores.softmax(dim=1)[:, 1:]
    index, labels = (probabilities > config.score_threshold).nonzero(as_tuple=True)
    boxes, found = boxes[index], probabilities[index, labels]
    kept = best_boxes_by_class(boxes, found, labels, config.nms_threshold, config.max_detections)
    return boxes[kept], found[kept], labels[kept]


class TaskHead(nn.Module):
    """
    Proposals and their classes and boxes.

    Parameters
    ----------
    config : ImpressionNetworkConfig
        Channels, anchors, classes, pooling, deviations.

    """

    def __init__(self, config: ImpressionNetworkConfig) -> None:
        super().__init__()
        anchors = base_anchors(config.anchor_scales, config.anchor_ratios)
        self.rpn = RPN(config.channels // 2, len(anchors))
        self.rfcn = RFCN(config.channels // 2, len(config.class_names), config.pooling)
        self.anchors: Tensor
        self.register_buffer('anchors', anchors, persistent=False)
        self.limits = ProposalLimits(kept=config.proposals)
        self.deviations = config.box_deviations

    def forward(self, feature: Tensor) -> HeadMaps:
        """Turn f, (B, C, h, w), into the maps that all further steps read, in full precision."""
        first, second = feature.chunk(2, dim=1)
        return HeadMaps(*(item.float() for item in (*self.rpn(first), *self.rfcn(second))))

    def propose(self, maps: HeadMaps, size: tuple[int, int]) -> list[Tensor]:
        """
        Choose each picture's proposals.

        Parameters
        ----------
        maps : HeadMaps
            Of the whole batch.
        size : tuple of int
            (height, width) of the network's input.

        Returns
        -------
        list of Tensor
            (N_i, 4) a picture, in pixels of the network's input, without gradient.

        """
        return [propose(scores, deltas, self.anchors, size, self.limits) for scores, deltas
                in zip(maps.rpn_scores.detach(), maps.rpn_deltas.detach(), strict=True)]

    def detect(self, maps: HeadMaps, size: tuple[int, int],
               config: DetectionConfig) -> list[tuple[Tensor, Tensor, Tensor]]:
        """
        Detect objects in each picture of a batch.

        Parameters
        ----------
        maps : HeadMaps
            Of the whole batch, from `forward`.
        size : tuple of int
            (height, width) of the network's input.
        config : DetectionConfig
            Thresholds.

        Returns
        -------
        list of (boxes, scores, labels)
            See `select_detections`.

        """
        proposals = self.propose(maps, size)
        rois, counts = with_picture(proposals), [len(item) for item in proposals]
        votes = (item.split(counts)
                 for item in self.rfcn.vote(maps.score_maps, maps.box_maps, rois))
        return [select_detections(*vote, size, self.deviations, config)
                for vote in zip(proposals, *votes, strict=True)]
