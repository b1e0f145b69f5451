# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes moved on by their velocity, by hand."""
from impnet_ros.stream.compensation import box_velocities, moved
import pytest
import torch

SIZE = (100, 200)  # height, width
BOXES = torch.tensor([[20.0, 30.0, 40.0, 50.0], [100.0, 10.0, 140.0, 30.0]])


def test_velocity_of_a_shift():
    """The flow to a frame 0.5 s earlier says 4 cells left and 1 down, of 10 and 5 pixels."""
    flow = torch.tensor([-4.0, 1.0]).view(1, 2, 1, 1).expand(1, 2, 20, 20)
    # Away from the picture's border, which would cut the carried box.
    velocity = box_velocities(BOXES[1:], (flow,), 0.5, SIZE)
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
    assert box_velocities(nothing, (torch.zeros(1, 2, 4, 4),), 0.1, SIZE).shape == (0, 4)
    assert moved(nothing, nothing, 0.1, SIZE).shape == (0, 4)


def test_the_other_frame_must_be_earlier():
    with pytest.raises(ValueError, match='expected seconds > 0, got 0'):
        box_velocities(BOXES, (torch.zeros(1, 2, 4, 4),), 0, SIZE)
