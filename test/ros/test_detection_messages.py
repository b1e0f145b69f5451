# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections as vision_msgs."""
from impnet_ros.ros.detections import label_info, of_classes, to_message, vision_info
from impnet_ros.stream.types import Detections
from std_msgs.msg import Header
import torch

NAMES = ('person', 'bicycle')


def seen(track_ids: torch.Tensor | None = None) -> Detections:
    """Two objects."""
    return Detections(torch.tensor([[10., 20., 50., 40.], [0., 0., 1., 2.]]),
                      torch.tensor([0.75, 0.5]), torch.tensor([1, 0]), stamp_s=1.0,
                      track_ids=track_ids)


def header() -> Header:
    """Make an image's header."""
    made = Header(frame_id='left')
    made.stamp.sec, made.stamp.nanosec = 3, 7
    return made


def test_boxes_scores_and_names() -> None:
    """Centre and size in pixels; the header is copied everywhere."""
    message = to_message(seen(), header(), NAMES)
    assert message.header == header()
    first, second = message.detections
    assert first.header == second.header == header()
    center = first.bbox.center
    assert (center.position.x, center.position.y, center.theta) == (30.0, 30.0, 0.0)
    assert (first.bbox.size_x, first.bbox.size_y) == (40.0, 20.0)
    assert first.results[0].hypothesis.class_id == 'bicycle'
    assert first.results[0].hypothesis.score == 0.75
    assert second.results[0].hypothesis.class_id == 'person'
    assert first.id == ''


def test_class_ids_as_numbers_and_track_ids() -> None:
    """By parameter; ids where objects are followed."""
    message = to_message(seen(torch.tensor([12, 5])), header(), NAMES, 'index')
    assert [each.results[0].hypothesis.class_id for each in message.detections] == ['1', '0']
    assert [each.id for each in message.detections] == ['12', '5']


def test_nothing_seen_is_an_empty_message() -> None:
    """The header is there all the same."""
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64), 0.0)
    message = to_message(nothing, header(), NAMES)
    assert message.header == header()
    assert len(message.detections) == 0


def test_only_some_classes() -> None:
    """An empty set keeps all."""
    assert len(of_classes(seen(), frozenset())) == 2
    kept = of_classes(seen(torch.tensor([12, 5])), frozenset({0}))
    assert kept.labels.tolist() == [0]
    assert kept.boxes.tolist() == [[0., 0., 1., 2.]]
    assert kept.track_ids is not None
    assert kept.track_ids.tolist() == [5]
    assert len(of_classes(seen(), frozenset({7}))) == 0


def test_facts() -> None:
    """Numbers and names of the classes; who detects."""
    labels = label_info(NAMES, 0.25, header().stamp)
    assert [(each.class_id, each.class_name) for each in labels.class_map] == [
        (0, 'person'), (1, 'bicycle')]
    assert labels.threshold == 0.25
    facts = vision_info('nanodet_g', '/label_info', header().stamp)
    assert (facts.method, facts.database_location) == ('nanodet_g', '/label_info')
