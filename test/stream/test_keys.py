# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A key frame from features known by hand, on two levels of different sizes."""
import math

from impnet_ros.config import StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.stream.keys import absorbed, aligned
from impnet_ros.stream.state import KeyFrame
import pytest
import torch

SIZE = (2, 4)


def levels(fine, coarse):
    """Give maps of 2 x 2 cells and of one cell, with constant values."""
    return Levels((torch.full((1, 1, 2, 2), fine), torch.full((1, 1, 1, 1), coarse)), SIZE)


def values(given):
    return [item.unique().tolist() for item in given.maps]


class TwoLevels(Network):
    """Its features are given; the new one counts 1/4 on the fine level, all on the other."""

    name = 'two_levels'
    class_names = ('any',)
    strides = (1, 2)

    def __init__(self, f_k, sure=(1.0, 1.0)):
        self.f_k, self.sure, self.asked = f_k, sure, []

    def features(self, picture):
        return self.f_k

    def flow(self, picture, key_picture):
        self.asked.append((picture, key_picture))
        return Flow(())

    def propagate(self, levels, flow):
        self.asked.append((levels, flow))
        return levels

    def weights(self, f_imp_warped, f_k):
        return torch.full((1, 1, 2, 2), 0.25), torch.ones(1, 1, 1, 1)

    def trust(self, levels):
        return torch.full((1, 1, 2, 2), self.sure[0]), torch.full((1, 1, 1, 1), self.sure[1])

    def task(self, levels, flow, detection):
        raise NotImplementedError


def key_of(network, remembered=levels(8.0, 8.0), **config):
    config = StreamConfig(**{'box_memory': False, 'mode': 'impression', **config})
    return absorbed(network, config, 'picture', {}, remembered and (lambda: remembered))


def test_a_first_key_frame_is_its_own_impression():
    key = key_of(TwoLevels(levels(4.0, 6.0)), None)
    assert values(key.f_task) == values(key.f_imp) == [[4], [6]]
    assert float(key.mean_weight) == 1 and key.age == 0 and key.picture == 'picture'


def test_fusing_two_levels():
    """Fine: 3/4 of 8 and 1/4 of 4; coarse: the new 6. Mean weight of five cells: (4/4 + 1) / 5."""
    key = key_of(TwoLevels(levels(4.0, 6.0)), memory_gate=0.5)
    assert values(key.f_task) == [[7], [6]]
    assert values(key.f_imp) == [[5.5], [6]]
    assert float(key.mean_weight) == pytest.approx(2 / 5)


def test_average_counts_both_alike():
    key = key_of(TwoLevels(levels(4.0, 6.0)), mode='average', box_memory=True)
    assert values(key.f_task) == [[6], [7]] and float(key.mean_weight) == 0.5


def test_beside_boxes_only_what_is_surely_in_its_place_is_kept():
    """Of the 3/4 that was remembered a third stays; without boxes it does not matter."""
    network = TwoLevels(levels(4.0, 6.0), sure=(1 / 3, 0.0))
    assert values(key_of(network, box_memory=True).f_task) == [[5], [6]]
    assert values(key_of(network, box_memory=False).f_task) == [[7], [6]]


@pytest.mark.parametrize('level', [0, 1])
@pytest.mark.parametrize('bad', [math.nan, math.inf])
@pytest.mark.parametrize('remembered', [None, levels(8.0, 8.0)])
def test_a_feature_that_is_not_finite_is_told_by_its_weight(level, bad, remembered):
    maps = levels(4.0, 6.0).maps
    maps[level][..., 0, 0] = bad
    assert math.isnan(float(key_of(TwoLevels(Levels(maps, SIZE)), remembered).mean_weight))


def test_the_impression_is_aligned_by_the_flow_to_its_key_frame():
    """Known flow is not computed again; it is f_imp, not f_task, that is carried."""
    network = TwoLevels(None)
    key = KeyFrame('key', levels(1.0, 1.0), levels(2.0, 2.0), 1.0)
    stage_ms = {}
    assert aligned(network, 'new', key, None, stage_ms) is key.f_imp
    assert network.asked[0] == ('new', 'key') and set(stage_ms) == {'flow', 'propagate'}
    known, stage_ms = Flow(()), {}
    network.asked.clear()
    aligned(network, 'new', key, known, stage_ms)
    assert network.asked == [(key.f_imp, known)] and set(stage_ms) == {'propagate'}
