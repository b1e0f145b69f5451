# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Triplets: offsets, still pictures, flips and resizing alike for all three."""
from impnet_ros.data.samples import make_truth
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.data.transforms import flip_truth
from impnet_ros.data.triplets import draw_offsets, TripletSet
import numpy as np
import pytest

VIDEOS = SpriteSet(3, 1, SpriteConfig(height=48, width=64, frames=30))
STILLS = SpriteSet(5, 2, SpriteConfig(height=48, width=64, frames=1))


class Numbered:
    """Videos whose pictures carry their frame number; one object at x = 2..5."""

    class_names = ('thing',)
    name = 'numbered'
    labelled = (15,)

    def __init__(self, frames=30):
        self._frames = frames

    def __len__(self):
        return self._frames

    def frame(self, index):
        picture = np.zeros((8, 10, 3), np.uint8)
        picture[:, 0] = index
        return picture

    def truth(self, index):
        return make_truth([[2, 1, 5, 6]], [0])


class OneVideo:
    """A set of one numbered video."""

    class_names = ('thing',)

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return Numbered()

    def labelled(self, index):
        return Numbered.labelled


@pytest.mark.parametrize('length', [1, 5, 10])
def test_offsets_fill_their_ranges(length):
    rng = np.random.default_rng(0)
    old, new = zip(*(draw_offsets(rng, length) for _ in range(2000)))
    assert set(old) == set(range(-length, -((length + 1) // 2) + 1))
    assert set(new) == set(range(-(length // 2), length // 2 + 1))


def test_pictures_come_from_the_offsets_and_flip_together():
    samples = TripletSet([OneVideo()], 10, seed=0)
    flipped = set()
    for epoch in range(200):
        triplet = samples[epoch, 0]
        left = bool(triplet.current[0, 0, 0])
        column = 0 if left else -1
        flipped.add(not left)
        assert triplet.current[0, column, 0] == 15
        assert 5 <= triplet.old[0, column, 0] <= 10
        assert 10 <= triplet.new[0, column, 0] <= 20
        assert triplet.truth.boxes.tolist() == [[2, 1, 5, 6] if left else [4, 1, 7, 6]]
    assert flipped == {True, False}


def test_samples_can_be_made_again_and_change_with_the_epoch():
    first, second = (TripletSet([VIDEOS], 10, seed=3) for _ in range(2))
    assert np.array_equal(first[0, 40].old, second[0, 40].old)
    assert any(not np.array_equal(first[0, i].old, first[1, i].old) for i in range(4))


def test_still_pictures_are_one_array_three_times():
    mixed = TripletSet([VIDEOS, STILLS], 10, seed=0, short_side=32)
    assert len(mixed) == 3 * 30 + 5
    for index in range(90, 95):
        triplet = mixed[0, index]
        assert triplet.is_still and triplet.old is triplet.new
    assert not mixed[0, 10].is_still


def test_resizing_scales_boxes():
    plain = TripletSet([VIDEOS], 10, seed=0)[0, 7]
    halved = TripletSet([VIDEOS], 10, seed=0, short_side=24, long_side=100)[0, 7]
    assert halved.current.shape == (24, 32, 3)
    heights = [np.ptp(item.truth.boxes[:, 1::2], axis=1) for item in (plain, halved)]
    ratio = heights[0] / heights[1]
    assert ratio == pytest.approx(2.0)


def test_flip_twice_is_the_identity():
    truth = make_truth([[2, 1, 5, 6], [0, 0, 9, 9]], [0, 0])
    assert np.array_equal(flip_truth(flip_truth(truth, 10), 10).boxes, truth.boxes)


def test_sets_of_different_classes_are_refused():
    with pytest.raises(ValueError, match='all of the same classes'):
        TripletSet([VIDEOS, OneVideo()], 10, seed=0)
