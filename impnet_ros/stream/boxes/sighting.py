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
    smallest : float
        Side in pixels of the image below which a thing need not be seen: its absence then tells
        the less, the smaller it is. 0 sees everything.

    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    stamp_s: float
    clarity: float = 0.0
    begins: float = 0.0
    place_weight: float = 1.0
    smallest: float = 0.0

    def visibility(self, boxes: Tensor) -> Tensor:
        """Tell how surely things (N, 4) would be seen, (N,) in 0..1."""
        if not self.smallest:
            return torch.ones_like(boxes[:, 0])
        sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1).sqrt()
        return (sides / self.smallest).clamp(max=1)
