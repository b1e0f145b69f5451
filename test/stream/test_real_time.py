# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`l: auto` for cameras, with costs that are known."""
from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.model.network import load_network
from impnet_ros.stream.real_time import Costs, looks, real_time
import pytest

NANODET = load_network('nanodet_g', 'cpu', 'torch')
HZ_30 = 1 / 30


def chosen(costs=None, period_s=HZ_30, cores=2, network=NANODET, **asked):
    config = real_time(StreamConfig(**asked), network, period_s, costs, cores)
    return config.segment_length, config.glance_every


@pytest.mark.parametrize(('rate_hz', 'expected'), [
    (30, (10, 2)), (24, (8, 2)), (15, (5, 1)), (7, (2, 1)), (1, (1, 1)), (0.2, (1, 1))])
def test_before_anything_is_known_it_goes_by_seconds(rate_hz, expected):
    assert chosen(period_s=1 / rate_hz) == expected


@pytest.mark.parametrize(('key_ms', 'expected'), [
    # Half of two cores at 30 Hz: 33.3 ms of one core a frame. A key frame costs 2 x key_ms of
    # it, a glance 0.6 of that, any other frame 0.2 x key_ms.
    (16, (1, 1)),     # 32
    (18, (10, 1)),    # 2 (0.1 x 18 + 0.9 x 10.8) = 23; each frame a key frame: 36
    (30, (10, 2)),    # 2 (3 + 0.4 x 18) + 0.5 x 6 = 23.4; a glance each frame: 38.4
    (48, (10, 3)),    # 2 (4.8 + 0.3 x 28.8) + 0.6 x 9.6 = 32.6; every second: 37.4
    (70, (10, 10)),   # 2 x 7 + 0.9 x 14 = 26.6; one glance in ten frames: 42
    (95, (12, 12)),   # 2 x 7.9 + 0.92 x 19 = 33.2, the shortest that fits
    (900, (20, 20))])  # nothing fits: l_max
def test_the_most_accurate_that_fits(key_ms, expected):
    assert chosen(Costs.of_key(key_ms / 1e3, 2)) == expected


def test_a_quick_gpu_is_bounded_by_the_clock():
    """28 of 33 ms, though a sixteenth of the processor; 31 ms do not fit."""
    assert chosen(Costs(0.028, 0.01, 0.002, 1), cores=16) == (1, 1)
    assert chosen(Costs(0.031, 0.01, 0.002, 1), cores=16) == (10, 1)


def test_what_is_given_stays():
    slow = Costs.of_key(0.2, 2)
    assert chosen(slow, segment_length=4, glance_every=3) == (4, 3)
    assert chosen(slow, l_max=12) == (12, 12)
    assert chosen(slow, glance_every=2) == (20, 2)
    assert chosen(slow, key_offset=4) == (10, 2)
    assert chosen(slow, mode='per_frame') == (1, 2)


def test_without_glances_key_frames_come_as_often_as_can_be():
    """2 x 30 / l + 6 (1 - 1 / l) fits into 33.3 ms from l = 2 on."""
    for network in (NANODET, OneHotNetwork()):
        length, _ = chosen(Costs.of_key(0.030, 2), network=network, glance='off')
        assert length == 2


def test_a_smaller_share_looks_less_often():
    costs = Costs.of_key(0.018, 2)
    assert [chosen(costs, cpu_share=share) for share in (1.0, 0.5, 0.3, 0.2)] == [
        (1, 1), (10, 1), (10, 2), (10, 3)]


def test_it_is_said_as_it_can_be_given():
    config = real_time(StreamConfig(), NANODET, HZ_30)
    assert looks(config) == 'l = 10, glance = 288, glance_every = 2'
    assert looks(real_time(StreamConfig(), NANODET, 1.0)) == 'l = 1'
    assert looks(real_time(StreamConfig(mode='per_frame'), NANODET, 1.0)) == 'every frame'
