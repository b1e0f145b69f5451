# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_task on a frame, with the newest key frame's task feature."""
import math
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.contract import Boxes, Network
from impnet_ros.model.levels import Flow
from impnet_ros.stream.boxes.motion import moved_along
from impnet_ros.stream.state import KeyFrame, WaitingFrame
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import NotFinite


def look(network: Network, frame: WaitingFrame, age: int, key: KeyFrame,
         detection: DetectionConfig, stage_ms: dict[str, float]) -> Boxes:
    """
    Find boxes in a frame.

    Where a network has boxes only, those of the key frame are brought to the frame.

    Parameters
    ----------
    network : Network
        Its methods task and flow are used.
    frame : WaitingFrame
        Where to look.
    age : int
        Frames from the key frame to this one; 0 for the key frame itself, which needs no flow.
    key : KeyFrame
        Whose task feature is looked at.
    detection : DetectionConfig
        Thresholds.
    stage_ms : dict
        The milliseconds of flow and task are added to it.

    Raises
    ------
    NotFinite
        If the key frame's feature or a box is not finite.

    """
    flow = frame.flow if age else None
    if age and flow is None and not network.boxes_only:
        with timed(stage_ms, 'flow'):
            flow = network.flow(frame.picture, key.picture)
    with timed(stage_ms, 'task'):
        boxes, scores, labels = found(network, key.f_task, flow, detection,
                                      float(key.mean_weight))
    if age and network.boxes_only:
        with timed(stage_ms, 'flow'):
            to_frame = network.flow(key.picture, frame.picture)
        with timed(stage_ms, 'boxes'):
            boxes = moved_along(boxes, to_frame, frame.origin.image_size)
    return boxes, scores, labels


def found(network: Network, feature: Any, flow: Flow | None, detection: DetectionConfig,
          other: float = 0.0) -> Boxes:
    """
    Run N_task, and bring what it finds to the host's memory.

    Raises
    ------
    NotFinite
        If a box, a score or the other number is NaN or infinite.

    """
    boxes, scores, labels = (part.cpu() for part in network.task(feature, flow, detection))
    if not math.isfinite(float(boxes.sum()) + float(scores.sum()) + other):
        raise NotFinite(f'{network.name}: expected finite features, boxes and scores, got NaN or '
                        'infinity')
    return boxes, scores, labels
