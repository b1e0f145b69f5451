# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a cut detector's maps say of its classes, in the terms that N_q learned."""
from impnet_ros.model.onnx.declaration import Level
from impnet_ros.model.onnx.nothing import NOTHING
import torch
from torch import Tensor

_FURTHEST = 40.0
# Logits beyond say no more: a score within 1e-17 of 0 or 1.


def class_logits(level_map: Tensor, level: Level) -> Tensor:
    """
    Give the logit of each class's score, relative to that of an empty cell.

    Parameters
    ----------
    level_map : Tensor
        (B, C, h, w), as the detector gave it.
    level : Level
        Which channels are what.

    Returns
    -------
    Tensor
        (B, classes, h, w); of several anchors a cell the best one.

    """
    anchors = max(len(which) for which in level.classes)
    found = [[which[min(anchor, len(which) - 1)] for which in level.classes if which]
             for anchor in range(anchors)]
    scores = torch.stack([level_map[:, channels] for channels in found])
    if level.objectness:
        objects = torch.stack([level_map[:, channel:channel + 1] for channel in (
            level.objectness[min(anchor, len(level.objectness) - 1)]
            for anchor in range(anchors))])
        scores = _logit_of_product(scores, objects)
    best: Tensor = scores.amax(dim=0) - NOTHING
    return best


def _logit_of_product(first: Tensor, second: Tensor) -> Tensor:
    """
    Give logit(sigmoid(a) sigmoid(b)), which is -log(e^-a + e^-b + e^-a e^-b).

    In this form it costs one exp and one log an element, with no logarithm near 0; the limit
    keeps the product of both within float32.
    """
    first, second = ((-item).clamp(-_FURTHEST, _FURTHEST).exp() for item in (first, second))
    return -torch.addcmul(second, first, 1 + second).log()
