# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Latency compensation: boxes where their objects are by now.

Detections describe their image, and an image is old by the time that it is understood. What the
flow says about a box's motion tells where it went meanwhile.
"""
from impnet_ros.stream.box_memory import carry_boxes
from impnet_ros.stream.types import Flow
import torch
from torch import Tensor


def box_velocities(boxes: Tensor, flow: Flow, elapsed_s: float,
                   image_size: tuple[int, int]) -> Tensor:
    """
    Velocity of each corner from the flow to an earlier frame.

    Parameters
    ----------
    boxes : Tensor
        (N, 4), x1 y1 x2 y2 in pixels of a frame.
    flow : tuple of Tensor
        F(that frame, an earlier one): the first level, (1, 2, h, w), in cells.
    elapsed_s : float
        Time between the two, seconds.
    image_size : tuple of int
        (height, width) of both in pixels.

    Returns
    -------
    Tensor
        (N, 4), pixels a second.

    Raises
    ------
    ValueError
        If the other frame is not earlier.

    """
    if elapsed_s <= 0:
        raise ValueError(f'elapsed_s: expected seconds > 0, got {elapsed_s}')
    return (boxes - carry_boxes(boxes, flow, image_size)) / elapsed_s


def moved(boxes: Tensor, velocities: Tensor, seconds: float,
          image_size: tuple[int, int]) -> Tensor:
    """
    Move boxes on for a while.

    Parameters
    ----------
    boxes, velocities : Tensor
        (N, 4) pixels, (N, 4) pixels a second.
    seconds : float
        How long ago the boxes were seen.
    image_size : tuple of int
        (height, width) in pixels.

    Returns
    -------
    Tensor
        (N, 4), inside the picture; a box never turns inside out.

    """
    height, width = image_size
    later = boxes + seconds * velocities
    first, second = later[:, :2], later[:, 2:]
    middle = (first + second) / 2
    later = torch.cat((torch.minimum(first, middle), torch.maximum(second, middle)), dim=1)
    return torch.minimum(later.clamp(min=0), boxes.new_tensor((width, height, width, height)))
