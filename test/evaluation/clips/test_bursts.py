# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bursts of spoilt frames."""
from impnet_ros.data.degradations import CLEAN
from impnet_ros.evaluation.clips.bursts import spoil_in_bursts
import numpy as np


def test_bursts_spoil_some_frames_and_leave_the_others_as_they_are():
    images = [np.full((40, 60, 3), 20 + number, np.uint8) for number in range(40)]
    clean = list(spoil_in_bursts(images, (0.0, 0.0), 0))
    assert all(a is b and how == CLEAN for (a, how), b in zip(clean, images, strict=True))
    spoilt = list(spoil_in_bursts(images, (0.5, 0.9), 0))
    for (image, how), before in zip(spoilt, images, strict=True):
        assert (image is before) == (how == CLEAN)
    assert 10 < sum(how != CLEAN for _, how in spoilt) < 30
    again = spoil_in_bursts(images, (0.5, 0.9), 0)
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(spoilt, again, strict=True))
    other = spoil_in_bursts(images, (0.5, 0.9), 1)
    assert [how for _, how in spoilt] != [how for _, how in other]


def test_a_burst_has_one_kind_and_strength_and_its_length():
    images = [np.zeros((30, 40, 3), np.uint8)] * 300
    kinds = [how for _, how in spoil_in_bursts(images, (0.2, 0.4), 5)]
    lengths = {True: [], False: []}
    start = 0
    for place in range(1, len(kinds) + 1):
        if place == len(kinds) or kinds[place] != kinds[start]:
            lengths[kinds[start] == CLEAN].append(place - start)
            start = place
    assert {3, 4, 5, 6} >= set(lengths[False][:-1]) and {5, 6, 7, 8} >= set(lengths[True][1:-1])
    assert all(0.2 <= how.strength <= 0.4 for how in kinds if how != CLEAN)
