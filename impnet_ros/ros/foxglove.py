# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes for Foxglove's image panel, where foxglove_msgs is installed."""
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from impnet_ros.drawing import class_color
from impnet_ros.stream.types import Detections
from std_msgs.msg import Header

LINE_LOOP = 2
_THICKNESS = 2.0
_FONT_SIZE = 12.0


def messages() -> Any:
    """Give the module foxglove_msgs.msg, or None where it is not installed."""
    try:
        return import_module('foxglove_msgs.msg')
    except ImportError:
        return None


def to_annotations(detections: Detections, header: Header, class_names: Sequence[str],
                   kinds: Any) -> Any:
    """
    Make an ImageAnnotations message: a box and a text for each detection.

    Parameters
    ----------
    detections : Detections
        Boxes in pixels of the image.
    header : Header
        The image's; annotations have no frame, only its stamp.
    class_names : sequence of str
        Names by label.
    kinds
        The module foxglove_msgs.msg.

    """
    made = kinds.ImageAnnotations()
    if hasattr(made, 'timestamp'):  # of releases from 2025 on
        made.timestamp = header.stamp
    for box, score, label in zip(detections.boxes.tolist(), detections.scores.tolist(),
                                 detections.labels.tolist(), strict=True):
        x1, y1, x2, y2 = box
        red, green, blue = (value / 255 for value in class_color(label))
        color = kinds.Color(r=red, g=green, b=blue, a=1.0)
        corners = [kinds.Point2(x=x, y=y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
        made.points.append(kinds.PointsAnnotation(
            timestamp=header.stamp, type=LINE_LOOP, points=corners, outline_color=color,
            thickness=_THICKNESS))
        made.texts.append(kinds.TextAnnotation(
            timestamp=header.stamp, position=kinds.Point2(x=x1, y=y1),
            text=f'{class_names[label]} {score:.2f}', font_size=_FONT_SIZE,
            text_color=kinds.Color(r=0.1, g=0.1, b=0.1, a=1.0), background_color=color))
    return made
