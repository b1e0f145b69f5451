# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From detections to vision_msgs."""
from collections.abc import Sequence

from builtin_interfaces.msg import Time
from impnet_ros.stream.types import Detections
from std_msgs.msg import Header
import torch
from vision_msgs.msg import (Detection2D, Detection2DArray, LabelInfo, ObjectHypothesisWithPose,
                             VisionClass, VisionInfo)


def to_message(detections: Detections, header: Header, class_names: Sequence[str],
               class_id: str = 'name') -> Detection2DArray:
    """
    Make the message of one frame's detections.

    Parameters
    ----------
    detections : Detections
        Boxes in pixels of the original image.
    header : Header
        The image's own; it is copied unchanged to the array and to every detection.
    class_names : sequence of str
        Names by label.
    class_id : str
        'name' for readable class ids, 'index' for the label's number as text.

    Returns
    -------
    Detection2DArray
        Best score first; empty when nothing was seen.

    """
    message = Detection2DArray(header=header)
    ids = [''] * len(detections)
    if detections.track_ids is not None:
        ids = [str(number) for number in detections.track_ids.tolist()]
    for box, score, label, track_id in zip(detections.boxes.tolist(), detections.scores.tolist(),
                                           detections.labels.tolist(), ids, strict=True):
        x1, y1, x2, y2 = box
        detection = Detection2D(header=header, id=track_id)
        detection.bbox.center.position.x = (x1 + x2) / 2
        detection.bbox.center.position.y = (y1 + y2) / 2
        detection.bbox.size_x = x2 - x1
        detection.bbox.size_y = y2 - y1
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = class_names[label] if class_id == 'name' else str(label)
        result.hypothesis.score = score
        detection.results.append(result)
        message.detections.append(detection)
    return message


def of_classes(detections: Detections, wanted: frozenset[int]) -> Detections:
    """Keep the detections of some labels; an empty set keeps all."""
    if not wanted:
        return detections
    keep = [index for index, label in enumerate(detections.labels.tolist()) if label in wanted]
    return detections.chosen(torch.tensor(keep, dtype=torch.long))


def label_info(class_names: Sequence[str], threshold: float, stamp: Time) -> LabelInfo:
    """Say which number means which class, for consumers of class ids as numbers."""
    classes = [VisionClass(class_id=index, class_name=name)
               for index, name in enumerate(class_names)]
    return LabelInfo(header=Header(stamp=stamp), class_map=classes, threshold=threshold)


def vision_info(model: str, labels_topic: str, stamp: Time) -> VisionInfo:
    """Say which network it is, and on which topic its class names are."""
    return VisionInfo(header=Header(stamp=stamp), method=model, database_location=labels_topic)
