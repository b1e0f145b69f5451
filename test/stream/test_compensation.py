# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes moved on by their velocity, by hand."""
from types import SimpleNamespace

from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.model.levels import Flow
from impnet_ros.stream.compensation import last_step, moved, moved_on, Step, velocities
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Detections, Frame, Origin
import numpy as np
import pytest
import torch

SIZE = (100, 200)  # height, width
BOXES = torch.tensor([[20.0, 30.0, 40.0, 50.0], [100.0, 10.0, 140.0, 30.0]])


def test_velocity_of_a_shift():
    """The flow to a frame 0.5 s earlier says 4 cells left and 1 down, of 10 and 5 pixels."""
    flow = torch.tensor([-4.0, 1.0]).view(1, 2, 1, 1).expand(1, 2, 20, 20)
    # Away from the picture's border, which would cut the carried box.
    network = SimpleNamespace(flow=lambda picture, key_picture: Flow((flow,)))
    velocity = velocities(network, BOXES[1:], Step(None, None, 0.5, SIZE))
    assert velocity.tolist() == [pytest.approx([80, -10, 80, -10])]


def test_boxes_move_on():
    velocities = torch.tensor([[10.0, 0, 10, 0], [0, -20, 0, 20]])
    later = moved(BOXES, velocities, 0.5, SIZE)
    assert later.tolist() == [[25, 30, 45, 50], [100, 0, 140, 40]]
    assert moved(BOXES, velocities, 0.0, SIZE).tolist() == BOXES.tolist()


def test_boxes_stay_in_the_picture_and_do_not_turn_inside_out():
    velocities = torch.tensor([[100.0, 0, -100, 0], [500, 0, 500, 0]])
    shrunk, gone = moved(BOXES, velocities, 1.0, SIZE).tolist()
    assert shrunk == [30, 30, 30, 50]  # both sides meet in the middle
    assert gone == [200, 10, 200, 30]


def test_no_boxes():
    nothing = torch.zeros(0, 4)
    assert moved(nothing, nothing, 0.1, SIZE).shape == (0, 4)


class Shift:
    """A network whose flow is known: 4 cells left and 1 down to the frame before."""

    def __init__(self):
        self.asked = []

    def flow(self, picture, key_picture):
        self.asked.append((picture, key_picture))
        return Flow((torch.tensor([-4.0, 1.0]).view(1, 2, 1, 1).expand(1, 2, 20, 20),))


def test_velocities_ask_the_flow_from_the_newer_picture_to_the_older():
    network = Shift()
    found = velocities(network, BOXES[1:], Step('older', 'newer', 0.5, SIZE))
    assert found.tolist() == [pytest.approx([80, -10, 80, -10])]
    assert network.asked == [('newer', 'older')]


def test_without_boxes_no_flow_is_computed():
    network = Shift()
    assert velocities(network, BOXES[:0], Step('older', 'newer', 0.5, SIZE)).shape == (0, 4)
    assert network.asked == []


@pytest.mark.parametrize('config', [
    StreamConfig(segment_length=3), StreamConfig(segment_length=4, key_offset=2),
    StreamConfig(segment_length=3, mode='per_frame')])
def test_every_step_of_the_engine_leads_from_one_picture_to_the_next(config):
    """Frames that wait for their key frame too; the first one has nothing before it."""
    engine = Engine(OneHotNetwork(), config)
    states = [engine.reset()]
    for number in range(6):
        frame = Frame(np.full((2, 3, 3), number, np.uint8), number / 4)
        states.append(engine.step(frame, states[-1])[1])
    steps = [last_step(*pair) for pair in zip(states, states[1:])]
    assert steps[0] is None
    assert [OneHotNetwork.number(step.before) for step in steps[1:]] == [0, 1, 2, 3, 4]
    assert [OneHotNetwork.number(step.after) for step in steps[1:]] == [1, 2, 3, 4, 5]
    assert {(step.elapsed_s, step.image_size) for step in steps[1:]} == {(0.25, (2, 3))}


def test_equal_stamps_give_no_velocity():
    states = [StreamState(last=Origin(stamp_s, SIZE), picture='any')
              for stamp_s in (5.0, 5.0, 5.0005, 5.002)]
    assert last_step(states[0], states[1]) is None
    assert last_step(states[0], states[2]) is None
    assert last_step(states[0], states[3]).elapsed_s == pytest.approx(0.002)


def test_what_has_left_the_picture_is_left_out():
    """Two seconds later the first box is 20 to the right, the second beyond the edge at 200."""
    seen = Detections(BOXES, torch.tensor([.9, .8]), torch.tensor([3, 4]), stamp_s=7.0,
                      track_ids=torch.tensor([11, 12]))
    speeds = torch.tensor([[10.0, 0, 10, 0], [60, 0, 60, 0]])
    later = moved_on(seen, speeds, 2.0, SIZE)
    assert later.boxes.tolist() == [[40, 30, 60, 50]]
    assert (later.scores.tolist(), later.labels.tolist(), later.track_ids.tolist()) == (
        [pytest.approx(.9)], [3], [11])
    assert later.stamp_s == 9.0
    assert seen.boxes.tolist() == BOXES.tolist()
