# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What one look at a frame found, and how well it could see."""
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sighting:
    """
    Fresh boxes of a frame.

    Attributes
    ----------
    boxes, scores, labels : Tensor
        (N, 4) in pixels of the frame's own image, (N,), (N,).
    stamp_s : float
        Time of the frame in seconds.
    clarity : float
        Log of the detail in its picture.
    begins : float
        Smallest score that begins a track of its own.
    place_weight : float
        What its places count against remembered ones.
    seen_from, scored_from : float
        Sides in pixels of the image from which on a thing is surely seen, and its score is what it
        deserves. The smaller it is, the less its absence or a low score tells. 0 sees everything.

    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    stamp_s: float
    clarity: float = 0.0
    begins: float = 0.0
    place_weight: float = 1.0
    seen_from: float = 0.0
    scored_from: float = 0.0

    def absence(self, boxes: Tensor) -> Tensor:
        """Tell what it means that things (N, 4) are not seen, (N,) in 0..1."""
        return _share(boxes, self.seen_from)

    def lower_score(self, boxes: Tensor) -> Tensor:
        """Tell what it means that things (N, 4) have lower scores than before, (N,) in 0..1."""
        return _share(boxes, self.scored_from)


def _share(boxes: Tensor, side: float) -> Tensor:
    """Give each box's side as a share of another, 1 at most."""
    if not side:
        return torch.ones_like(boxes[:, 0])
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1).sqrt()
    return (sides / side).clamp(max=1)
