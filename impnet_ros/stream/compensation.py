# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Latency compensation: boxes where their objects are by now.

Detections describe their image, and an image is old by the time that it is understood. What the
flow says about a box's motion tells where it went meanwhile.
"""
from dataclasses import dataclass, replace

from impnet_ros.model.contract import Network
from impnet_ros.model.sight.picture import Picture
from impnet_ros.stream.boxes.motion import moved_along
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Detections
import torch
from torch import Tensor
from torchvision.ops import clip_boxes_to_image

_LEAST_S = 1e-3


@dataclass(frozen=True)
class Step:
    """
    Two consecutive frames of a video.

    Attributes
    ----------
    before, after
        Their pictures, as the network prepared them.
    elapsed_s : float
        Between the two, seconds above 0.
    image_size : tuple of int
        (height, width) of both in pixels.

    """

    before: Picture
    after: Picture
    elapsed_s: float
    image_size: tuple[int, int]


def last_step(before: StreamState, after: StreamState) -> Step | None:
    """
    Say what a step of the engine led over.

    Parameters
    ----------
    before, after : StreamState
        States before and after a frame that did not begin a new video.

    Returns
    -------
    Step or None
        None for a first frame, and where two stamps are less than a millisecond apart: what the
        flow is wrong by would become a velocity of its own.

    """
    if before.last is None or after.last is None:
        return None
    elapsed_s = after.last.stamp_s - before.last.stamp_s
    if elapsed_s < _LEAST_S or before.picture is None or after.picture is None:
        return None
    return Step(before.picture, after.picture, elapsed_s, after.last.image_size)


@torch.inference_mode()
def velocities(network: Network, boxes: Tensor, step: Step) -> Tensor:
    """
    Ask the flow how fast boxes of the second frame of a step move.

    Parameters
    ----------
    network : Network
        Its flow is computed once, unless there is no box.
    boxes : Tensor
        (N, 4), x1 y1 x2 y2 in pixels of the second frame.
    step : Step
        The two frames.

    Returns
    -------
    Tensor
        (N, 4), pixels a second.

    """
    if not len(boxes):
        return torch.zeros_like(boxes)
    flow = network.flow(step.after, step.before)
    return (boxes - moved_along(boxes, flow, step.image_size)) / step.elapsed_s


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
    later = boxes + seconds * velocities
    first, second = later[:, :2], later[:, 2:]
    middle = (first + second) / 2
    later = torch.cat((torch.minimum(first, middle), torch.maximum(second, middle)), dim=1)
    inside: Tensor = clip_boxes_to_image(later, image_size)
    return inside


@torch.inference_mode()
def moved_on(detections: Detections, speeds: Tensor, seconds: float,
             image_size: tuple[int, int]) -> Detections:
    """
    Say where the objects of some detections are a while later.

    Parameters
    ----------
    detections : Detections
        Of a frame.
    speeds : Tensor
        (N, 4), pixels a second, from `velocities`.
    seconds : float
        How long ago the frame was seen.
    image_size : tuple of int
        (height, width) in pixels.

    Returns
    -------
    Detections
        Those that are still in the picture, in the same order; their stamp is later.

    """
    boxes = moved(detections.boxes, speeds, seconds, image_size)
    inside = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
    return replace(detections, boxes=boxes, stamp_s=detections.stamp_s + seconds).chosen(inside)
