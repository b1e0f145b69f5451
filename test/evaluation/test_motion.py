# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion: objects of known speed."""
from impnet_ros.data.samples import make_truth
from impnet_ros.evaluation.motion import motion_iou, speed_of
import numpy as np
import pytest


def moving(step, frames=30, size=100):
    return [make_truth([[step * t, 0, step * t + size - 1, size - 1]], [0], [5])
            for t in range(frames)]


def test_a_still_object_is_slow():
    values = motion_iou(moving(0))
    assert all(value == pytest.approx(1.0) for value in values)
    assert speed_of(values[3]).tolist() == [0]


def test_a_moving_object_by_hand():
    # 10 pixels a frame: shifted by d frames, IoU = (100 - 10 d) / (100 + 10 d), 0 at d = 10.
    expected = np.mean([(100 - 10 * d) / (100 + 10 * d) for d in range(1, 11)])
    values = motion_iou(moving(10))
    assert values[15][0] == pytest.approx(expected)
    assert speed_of(values[15]).tolist() == [2]


def test_an_object_seen_once_is_slow():
    truths = [make_truth([], []), make_truth([[0, 0, 9, 9]], [0], [1]), make_truth([], [])]
    assert [value.tolist() for value in motion_iou(truths)] == [[], [1.0], []]


def test_borders_of_the_classes():
    assert speed_of(np.array([0.95, 0.9, 0.8, 0.7, 0.6])).tolist() == [0, 1, 1, 1, 2]
