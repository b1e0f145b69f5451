# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a key frame is due, and the one place that says why a new video begins."""
from dataclasses import replace

from impnet_ros.config import StreamConfig
from impnet_ros.stream.schedule import is_key, next_position, REASONS, why_new_video
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Origin
import pytest

LAST = Origin(5.0, (4, 6), 'rgb8', 'camera')


def test_the_key_frame_is_where_the_offset_says():
    config = StreamConfig(segment_length=4, key_offset=2)
    assert [is_key(position, config) for position in range(4)] == [False, False, True, False]
    assert [next_position(position, config) for position in range(4)] == [1, 2, 3, 0]
    assert all(is_key(position, replace(config, mode='per_frame')) for position in range(4))


@pytest.mark.parametrize(('change', 'reason'), [
    ({}, ''), ({'stamp_s': 5.0}, ''), ({'stamp_s': 7.0}, ''),
    ({'stamp_s': 7.001}, 'gap'), ({'stamp_s': 4.999}, 'backward_stamp'),
    ({'image_size': (6, 4)}, 'size'), ({'frame_id': 'other'}, 'frame_id'),
    ({'encoding': 'bgr8'}, 'encoding'),
    # Of several the first that no clock can explain.
    ({'encoding': 'bgr8', 'frame_id': 'other', 'stamp_s': 0.0}, 'encoding'),
    ({'frame_id': 'other', 'image_size': (6, 4)}, 'frame_id'),
    ({'image_size': (6, 4), 'stamp_s': 99.0}, 'size')], ids=str)
def test_why_a_frame_begins_a_new_video(change, reason):
    following = replace(replace(LAST, stamp_s=5.04), **change)
    state = StreamState('start', last=LAST)
    assert why_new_video(following, state, StreamConfig(max_gap=2.0)) == reason
    assert not reason or reason in REASONS


def test_a_first_frame_tells_why_the_state_was_emptied():
    """Whatever comes: there is nothing that it could differ from."""
    assert why_new_video(LAST, StreamState('request'), StreamConfig()) == 'request'
