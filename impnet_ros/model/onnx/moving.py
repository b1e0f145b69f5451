# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bring boxes of a key frame to a later frame, where there are no features to be carried."""
import torch
from torch import Tensor
from torch.nn import functional

_INSIDE = torch.cartesian_prod(torch.linspace(-0.35, 0.35, 7), torch.linspace(-0.4, 0.4, 7))
_ROUNDS = 3
# The flow is known at places of the later frame, which are looked for.


def brought_along(boxes: Tensor, field: Tensor, image_size: tuple[int, int]) -> Tensor:
    """
    Move boxes against a flow.

    Parameters
    ----------
    boxes : Tensor
        (N, 4), x1 y1 x2 y2 in pixels of the key frame.
    field : Tensor
        (1, 2, h, w), (x, y) in cells, from the later frame to the key frame, over the whole image.
    image_size : tuple of int
        (height, width) in pixels.

    Returns
    -------
    Tensor
        (N, 4), in pixels of the later frame.

    """
    if not len(boxes):
        return boxes
    size = boxes.new_tensor((image_size[1], image_size[0]))
    cells = boxes.new_tensor((field.shape[3], field.shape[2]))
    extent = boxes[:, None, 2:] - boxes[:, None, :2]
    points = boxes[:, None, :2] + extent * (0.5 + _INSIDE.to(boxes))
    shift = boxes.new_zeros(len(boxes), 1, 2)
    for _ in range(_ROUNDS):
        places = (points + shift) / size * 2 - 1
        flow = functional.grid_sample(field.to(boxes), places[None], align_corners=False,
                                      padding_mode='border')
        shift = -(flow[0].permute(1, 2, 0) / cells * size).median(dim=1, keepdim=True).values
    return boxes + shift[:, 0].repeat(1, 2)
