# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings as a network can serve them."""
from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.settled import settled
import pytest


class BoxesOnly(OneHotNetwork):
    """Features that cannot be carried."""

    name = 'imported'
    boxes_only = True


def network(kind=OneHotNetwork, box_memory=False):
    found = kind()
    found.box_memory = box_memory
    return found


@pytest.mark.parametrize(('kind', 'recommends', 'asked', 'mode', 'boxes'), [
    (OneHotNetwork, False, {}, 'impression', False),
    (OneHotNetwork, True, {}, 'impression', True),
    (OneHotNetwork, True, {'mode': 'average'}, 'average', False),
    (OneHotNetwork, True, {'mode': 'sparse'}, 'sparse', False),
    (OneHotNetwork, True, {'mode': 'per_frame'}, 'per_frame', False),
    (OneHotNetwork, True, {'key_offset': 2}, 'impression', False),
    (OneHotNetwork, True, {'box_memory': False}, 'impression', False),
    (OneHotNetwork, False, {'box_memory': True, 'mode': 'sparse'}, 'sparse', True),
    (BoxesOnly, False, {}, 'sparse', True),
    (BoxesOnly, False, {'key_mode': 'async'}, 'sparse', True),
    (BoxesOnly, False, {'mode': 'per_frame'}, 'per_frame', False),
    (BoxesOnly, True, {'mode': 'per_frame', 'key_offset': 2}, 'per_frame', False),
    (BoxesOnly, False, {'mode': 'per_frame', 'box_memory': True}, 'per_frame', True)], ids=str)
def test_what_is_left_open_is_decided(kind, recommends, asked, mode, boxes):
    config = settled(StreamConfig(**asked), network(kind, recommends))
    assert (config.mode, config.box_memory) == (mode, boxes)


def test_what_is_asked_for_is_left_alone():
    asked = StreamConfig(segment_length=7, mode='average', box_memory=False, memory_gate=0.5,
                         glance='off', glance_every=3, key_mode='async', max_gap=0.5)
    assert settled(asked, network()) == asked
    assert Engine(network(), StreamConfig()).config == settled(StreamConfig(), network())


@pytest.mark.parametrize(('asked', 'message'), [
    ({'mode': 'impression'}, 'mode: expected auto, sparse or per_frame, as features of imported '
                             "cannot be carried, only boxes, got 'impression'"),
    ({'mode': 'average'}, "mode: expected auto, sparse or per_frame, .* got 'average'"),
    ({'key_offset': 3}, 'key_offset: expected 0, .* only boxes, got 3'),
    ({'box_memory': False}, 'box_memory: expected auto or true, .* only boxes, got False')])
def test_a_network_of_boxes_only_refuses_what_needs_features(asked, message):
    with pytest.raises(ValueError, match=message):
        Engine(network(BoxesOnly), StreamConfig(**asked))
    Engine(network(), StreamConfig(**asked))
