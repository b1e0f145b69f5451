# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the values of an output tell of it."""
import torch
from torch import Tensor

NEARLY_ALL = 0.95
"""Share of rows that a rule must hold for: heads give a few odd boxes."""


def are_whole(values: Tensor) -> bool:
    """Whether all are integers."""
    return bool((values == values.round()).all())


def are_shares(values: Tensor) -> bool:
    """Whether all are in 0..1, as scores are."""
    return bool(((values >= 0) & (values <= 1.001)).all())


def are_logits(scores: Tensor) -> bool:
    """Whether scores are still to go through the sigmoid or the softmax."""
    return bool(scores.numel()) and not are_shares(scores)


def sum_to_one(scores: Tensor) -> bool:
    """Whether each row (N, C) is what a softmax gives, "nothing" among its classes."""
    return scores.shape[1] > 1 and are_shares(scores) and bool(
        torch.allclose(scores.sum(dim=1), scores.new_ones(len(scores)), atol=1e-2))


def are_corners(boxes: Tensor) -> bool:
    """Whether nearly all boxes (N, 4) are x1 y1 x2 y2."""
    return _nearly_all((boxes[:, 2:] - boxes[:, :2] > 0).all(dim=1))


def have_extents(boxes: Tensor) -> bool:
    """Whether nearly all boxes (N, 4) may be a place, width and height."""
    return _nearly_all((boxes[:, 2:] >= 0).all(dim=1))


def are_normalised(boxes: Tensor) -> bool:
    """Whether nearly all boxes are in 0..1: those of a whole picture are larger in pixels."""
    return bool(boxes.any()) and _nearly_all(boxes.abs() <= 2)


def _nearly_all(holds: Tensor) -> bool:
    return bool(holds.numel()) and float(holds.float().mean()) >= NEARLY_ALL
