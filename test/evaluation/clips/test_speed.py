# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sizes and speeds of objects."""
from impnet_ros.evaluation.clips.speed import of_size, of_speed, ways
import numpy as np
import pytest
from true_scenes import frame_of


def test_way_in_a_third_of_a_second_in_diagonals():
    # 30 Hz: ten frames are a third of a second; diagonal 50; 2 pixels a frame: 20 / 50.
    truth = [frame_of((100 + 2 * place, 0, 30, 40, 0, 4), (0, 100, 30, 40, 0, 5))
             for place in range(12)]
    found = ways(truth, 30.0)
    assert [item[0] for item in found] == pytest.approx([0.4] * 12)
    assert [item[1] for item in found] == [0.0] * 12
    assert of_speed(found[0], 'fast').tolist() == [True, False]
    assert of_speed(found[0], 'slow').tolist() == [False, True]


def test_an_object_seen_once_has_no_speed():
    found = ways([frame_of((0, 0, 30, 40, 0, 4)), frame_of((0, 0, 30, 40, 0, 5))], 24.0)
    assert np.isnan(found[0][0])
    assert not any(of_speed(found[0], speed).any() for speed in ('slow', 'medium', 'fast'))


def test_things_of_two_classes_may_share_an_id():
    truth = [frame_of((100 + 2 * place, 0, 30, 40, 2, 1), (0, 100, 30, 40, 0, 1))
             for place in range(12)]
    assert ways(truth, 30.0)[5].tolist() == pytest.approx([0.4, 0.0])


def test_sizes_are_cocos():
    boxes = np.array([[0, 0, 31, 32], [0, 0, 32, 32], [0, 0, 96, 97.0]])
    assert of_size(boxes, 'small').tolist() == [True, True, False]
    assert of_size(boxes, 'medium').tolist() == [False, True, False]
    assert of_size(boxes, 'large').tolist() == [False, False, True]
