# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes that follow the flow inside them, and what is known of their way."""
from dataclasses import replace
import math

from box_tables import DETECTION, met, SIZE, tracks_of, uniform_flow
from impnet_ros.model.levels import Flow
from impnet_ros.stream.boxes.memory import carry
from impnet_ros.stream.boxes.motion import corrected, hidden, moved_along
import numpy as np
import pytest
import torch


def test_a_uniform_flow_of_one_cell_moves_a_box_by_eight_pixels():
    moved = moved_along(torch.tensor([[40., 16, 80, 48]]), uniform_flow(1, -0.5), SIZE)
    assert moved.tolist()[0] == pytest.approx([48, 12, 88, 44], abs=1e-4)


def test_a_box_follows_its_foreground_not_what_is_behind_it():
    flow = torch.zeros(1, 2, 10, 20)
    flow[0, 0, 2:6, 6:9] = 1.0  # 24 of the box's 64 pixels' width move: the plain median is 0
    moved = moved_along(torch.tensor([[28., 16, 92, 48]]), Flow((flow,)), SIZE)
    assert moved.tolist()[0] == pytest.approx([36, 16, 100, 48], abs=0.5)


def test_a_box_takes_a_quarter_of_the_growth_of_a_diverging_flow():
    x = (torch.arange(20) + 0.5) - 7.5  # cells right of x = 60 px
    y = (torch.arange(10) + 0.5) - 4.0  # cells below y = 32 px
    flow = torch.stack(torch.broadcast_tensors(0.1 * x[None], 0.1 * y[:, None]))[None]
    moved = moved_along(torch.tensor([[40., 16, 80, 48]]), Flow((flow,)), SIZE)[0]
    assert (moved[2:] - moved[:2]).tolist() == pytest.approx([41, 32.8], abs=0.05)


def test_no_boxes_and_boxes_at_the_border():
    assert moved_along(torch.zeros(0, 4), uniform_flow(1, 1), SIZE).shape == (0, 4)
    moved = moved_along(torch.tensor([[100., 40, 160, 80]]), uniform_flow(2, 2), SIZE)
    assert moved.tolist()[0] == pytest.approx([116, 56, 160, 80], abs=1e-4)


def test_a_nearer_box_hides_what_it_covers_if_it_is_sure_enough():
    boxes = torch.tensor([[20., 10, 40, 50], [30, 20, 60, 60]])
    both = hidden(boxes.numpy(), np.array([.6, .5]))
    # Of 7 columns at 23 .. 37 pixels the right three, of 7 rows at 14 .. 46 the lower five.
    assert both.sum(axis=1).tolist() == [15, 0]
    assert not hidden(boxes.numpy(), np.array([.6, .25])).any()


def test_what_another_box_hides_goes_on_as_it_went():
    """A box that walks 80 pixels a second goes on behind a nearer one that stands still."""
    tracks = tracks_of((20, 16, 40, 48, .8, 0))
    for number in range(1, 4):
        flow = torch.zeros(1, 2, 10, 20)
        flow[:, 0, 1:7, 1:9] = 1.0
        tracks = carry(tracks, Flow((flow,)), None, SIZE, DETECTION, number * 0.1)
    assert tracks.boxes[0].tolist() == pytest.approx([44, 16, 64, 48], abs=0.5)
    assert tracks.velocity[0].tolist() == pytest.approx([80, 0], abs=2)
    tracks = met(tracks, (40, 10, 76, 70, .8, 0), stamp_s=0.3, lifetime_s=9.0)
    far = int((tracks.ids == 0).nonzero())
    moved = carry(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, 0.4)
    assert moved.boxes[far].tolist() == pytest.approx([52, 16, 72, 48], abs=0.5)
    assert moved.boxes[1 - far].tolist() == pytest.approx([40, 10, 76, 70], abs=1e-3)


def test_the_own_way_counts_against_a_moving_camera():
    tracks = tracks_of((20, 16, 40, 48, .8, 0), (10, 10, 70, 70, .8, 0))
    velocity = torch.tensor([[80., 0], [0, 0]])
    tracks = replace(tracks, velocity=velocity, age_s=torch.tensor([1., 1.]))
    moved = carry(tracks, uniform_flow(-2, 0), None, SIZE, DETECTION, 0.1)
    assert moved.boxes[0].tolist() == pytest.approx([12, 16, 32, 48], abs=1e-3)


def test_a_fresh_box_ahead_of_its_track_corrects_the_tracks_drift():
    tracks = met(tracks_of((10, 10, 50, 50, .8, 0)), (14, 10, 54, 50, .8, 0), stamp_s=0.5)
    # Four pixels in half a second, 8 a second, of which half a second of 1.5 learns its part.
    assert tracks.drift[0].tolist() == pytest.approx([8 * (1 - math.exp(-1 / 3)), 0])
    # Between the two by what the first look still counts, and half a second of drift.
    x = 10 + 4 / (1 + 0.5 * math.exp(-0.5)) + 4 * (1 - math.exp(-1 / 3))
    moved = carry(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, 1.0)
    assert moved.boxes[0].tolist() == pytest.approx([x, 10, x + 40, 50], abs=1e-3)


def test_almost_the_same_box_hides_nothing():
    """One object seen twice: the one that reaches further down is no other thing before it."""
    scores = torch.tensor([.6, .5])
    twice = torch.tensor([[20., 10, 40, 50], [20, 10, 40, 53]])  # IoU 40 / 43
    assert not hidden(twice.numpy(), scores.numpy()).any()
    before = torch.tensor([[20., 10, 40, 50], [20, 10, 40, 63]])  # 40 / 53
    assert hidden(before.numpy(), scores.numpy()).sum(axis=1).tolist() == [49, 0]


def test_drift_is_bounded():
    """However far ahead a fresh box is: 0.6 of its own sides a second."""
    tracks = replace(tracks_of((60, 10, 100, 50, .8, 0)), drift=torch.tensor([[20., -20]]))
    velocity, drift = corrected(tracks, torch.tensor([0]), torch.tensor([[90., -20, 130, 20]]),
                                1.5)
    assert drift.tolist() == [pytest.approx([24, -24])]
    learned = 20 * (1 - math.exp(-1))
    assert velocity.tolist() == [pytest.approx([learned, -learned])]


def test_a_young_track_has_no_way_of_its_own_yet():
    """What hides it moves on with the flow, as nothing else is known: after 0.1 s, not before."""
    tracks = tracks_of((20, 16, 40, 48, .8, 0), (10, 10, 70, 70, .8, 0))
    for age_s, x in ((0.1, 20), (0.11, 28)):
        known = replace(tracks, velocity=torch.tensor([[80., 0], [0, 0]]),
                        age_s=torch.tensor([age_s, 1.0]))
        moved = carry(known, uniform_flow(0, 0), None, SIZE, DETECTION, 0.1)
        assert moved.boxes[0].tolist() == pytest.approx([x, 16, x + 20, 48], abs=1e-3)


def test_the_velocity_is_the_mean_of_a_third_of_a_second():
    """A new track takes the first it sees; later 0.3 s take over all but 1 / e."""
    tracks = carry(tracks_of((20, 16, 40, 48, .8, 0)), uniform_flow(0, 0), None, SIZE, DETECTION,
                   0.1)
    flow = torch.zeros(1, 2, 10, 20)
    flow[:, 0, 1:7, 1:7] = 1.0
    moved = carry(tracks, Flow((flow,)), None, SIZE, DETECTION, 0.4)
    speed = float(moved.boxes[0, 0] - 20) / 0.3
    assert speed == pytest.approx(8 / 0.3, rel=0.05)
    assert moved.velocity[0, 0].item() == pytest.approx(speed * (1 - math.exp(-1)), rel=1e-3)
