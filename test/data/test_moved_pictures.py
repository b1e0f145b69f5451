# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Moved pictures: their flow is exact, by hand and by looking."""
import cv2
from impnet_ros.data.moved_pictures import _Layer, MovedPictures, MovedVideo
import numpy as np
import pytest

SIDE = 64


def smooth(seed, side=160):
    noise = np.random.default_rng(seed).integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    return cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)


def layer(size, position, velocity, turn=0.0, growth=0.0):
    return _Layer(smooth(size)[:size, :size], np.full((size, size), 255, np.uint8),
                  np.array(position, float), np.array(velocity, float), turn, growth)


def test_flow_by_hand():
    """A square of 9 pixels goes 2 to the right a frame, over a ground that goes 1 down."""
    video = MovedVideo([layer(150, (32, 32), (0, 1)), layer(9, (20, 30), (2, 0))], SIDE, 4)
    flow = video.flow(0, 3)
    assert flow[30, 20].tolist() == [6, 0] and flow[26:35, 16:25, 0].min() == 6
    assert flow[30, 30].tolist() == [0, 3] and flow[0, 0].tolist() == [0, 3]
    assert video.flow(2, 2).tolist() == np.zeros((SIDE, SIDE, 2)).tolist()
    np.testing.assert_array_equal(video.frame(0)[26:35, 16:25], video.frame(3)[26:35, 22:31])


def test_turning_and_growing_by_hand():
    """A quarter turn and a doubling about (30, 30), from frame 0 to frame 1."""
    video = MovedVideo([layer(150, (30, 30), (0, 0), np.pi / 2, np.log(2))], SIDE, 2)
    flow = video.flow(0, 1)
    np.testing.assert_allclose(flow[30, 30], (0, 0), atol=1e-5)
    np.testing.assert_allclose(flow[30, 32], (-2, 4), atol=1e-5)  # (2, 0) goes to (0, 4)
    np.testing.assert_allclose(flow[33, 30], (-6, -3), atol=1e-5)  # (0, 3) goes to (-6, 0)


def test_flow_brings_one_frame_to_the_other():
    """Where the flow points to, the other frame looks the same, but for what is hidden there."""
    videos = MovedPictures([smooth(seed) for seed in range(4)], 50, 3, SIDE)
    x, y = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    moved = 0.0
    for number in range(8):
        video = videos[number]
        flow = video.flow(4, 7)
        there = flow + np.dstack((x, y))
        found = cv2.remap(video.frame(7), there, None, cv2.INTER_LINEAR)
        inside = ((there >= 0) & (there <= SIDE - 1)).all(axis=2)
        apart = np.abs(found.astype(int) - video.frame(4)).max(axis=2)[inside]
        assert np.median(apart) <= 4 and (apart < 16).mean() > 0.8
        moved += float(np.linalg.norm(flow, axis=2).mean())
    assert moved > 4


def test_a_set_is_what_its_seed_says():
    pictures = [smooth(seed) for seed in range(3)]
    one, same, other = (MovedPictures(pictures, 5, seed, SIDE, 6)[4] for seed in (1, 1, 2))
    assert len(one) == 6 and one.frame(5).shape == (SIDE, SIDE, 3)
    np.testing.assert_array_equal(one.frame(5), same.frame(5))
    assert (one.frame(5) != other.frame(5)).any()


def test_what_cannot_be_made():
    with pytest.raises(ValueError, match='at least 32 pixels a side, got 0'):
        MovedPictures([], 5, 1, SIDE)
    with pytest.raises(ValueError, match='the smallest side 20'):
        MovedPictures([smooth(1)[:20]], 5, 1, SIDE)
    with pytest.raises(IndexError, match='expected 0..4, got 5'):
        MovedPictures([smooth(1)], 5, 1, SIDE)[5]
