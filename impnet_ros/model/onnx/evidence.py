# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a cut detector's maps say of its classes, in the terms that N_q learned."""
from impnet_ros.model.onnx.declaration import Level
from impnet_ros.model.onnx.nothing import NOTHING
import torch
from torch import Tensor
from torch.nn import functional


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
        objects = [level.objectness[min(anchor, len(level.objectness) - 1)]
                   for anchor in range(anchors)]
        log_score = functional.logsigmoid(scores) + functional.logsigmoid(
            torch.stack([level_map[:, channel:channel + 1] for channel in objects]))
        scores = log_score - torch.log1p(-log_score.clamp(max=-1e-6).exp())
    best: Tensor = scores.amax(dim=0) - NOTHING
    return best
