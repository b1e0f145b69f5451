# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Annotations for Foxglove, with stand-ins of its messages where they are not installed."""
from types import SimpleNamespace

from impnet_ros.ros.foxglove import LINE_LOOP, messages, to_annotations
from impnet_ros.stream.types import Detections
from std_msgs.msg import Header
import torch


def stand_in() -> SimpleNamespace:
    """Make classes with the fields that foxglove_msgs 3 has."""
    kinds = {name: SimpleNamespace for name in (
        'Color', 'Point2', 'PointsAnnotation', 'TextAnnotation')}
    return SimpleNamespace(**kinds, ImageAnnotations=lambda: SimpleNamespace(
        timestamp=None, points=[], texts=[]))


def test_a_box_and_a_text_for_each_detection() -> None:
    """Four corners in pixels, the name above the first; the image's stamp."""
    header = Header()
    header.stamp.sec = 5
    seen = Detections(torch.tensor([[1., 2., 11., 22.]]), torch.tensor([0.5]), torch.tensor([1]),
                      stamp_s=5.0)
    made = to_annotations(seen, header, ('person', 'bicycle'), messages() or stand_in())
    [points], [text] = made.points, made.texts
    assert made.timestamp == header.stamp
    assert points.type == LINE_LOOP
    assert [(point.x, point.y) for point in points.points] == [
        (1.0, 2.0), (11.0, 2.0), (11.0, 22.0), (1.0, 22.0)]
    assert text.text == 'bicycle 0.50'
    assert (text.position.x, text.position.y) == (1.0, 2.0)
