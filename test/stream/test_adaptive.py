# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Adaptive key frames, from mismatches that can be added up by hand."""
from dataclasses import replace

from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.pacing import at_boundary, end_segment, skip, stagger
from impnet_ros.stream.state import KeyFrame, StreamState
from impnet_ros.stream.types import Frame
from manual_executor import frames, ManualExecutor, run
import numpy as np
import pytest
import torch


class MovingNetwork(OneHotNetwork):
    """Pictures differ by what `way` says of their numbers, half of it in each of two cells."""

    def __init__(self, way=lambda number: 0.125 * number):
        super().__init__()
        self.way = way

    def mismatch(self, picture, key_picture, flow):
        assert flow.levels[0].shape == (1, 2, 1, 1)
        difference = self.way(self.number(picture)) - self.way(self.number(key_picture))
        return torch.tensor([0.0, 2.0 * difference]).view(1, 1, 1, 2)


def adaptive(threshold=0.5, smallest=1, largest=9, **config):
    return StreamConfig(schedule='adaptive', l_min=smallest, l_max=largest,
                        doubt_threshold=threshold, **config)


def keys(config, count, way=None, executor=None, network=None):
    """Numbers of the frames whose features were computed."""
    network = network or (MovingNetwork(way) if way else MovingNetwork())
    run(Engine(network, config, executor=executor), executor or ManualExecutor(0), frames(count))
    return [call[1] for call in network.calls if call[0] == 'features']


def test_the_frame_in_which_the_sum_exceeds_the_threshold_is_the_key_frame():
    """1/8, 2/8 and 3/8 after three frames: 6/8 is above 1/2; 1/8 + 2/8 is not above 3/8."""
    assert keys(adaptive(0.5), 10) == [0, 3, 6, 9]
    assert keys(adaptive(0.375), 10) == [0, 3, 6, 9]
    assert keys(adaptive(0.36), 7) == [0, 2, 4, 6]
    assert keys(adaptive(0.8), 9) == [0, 4, 8]


def test_more_key_frames_where_motion_is_fast_and_fewest_where_nothing_moves():
    way = np.concatenate((np.zeros(12), np.cumsum(np.full(8, 0.5)), np.full(30, 4.0)))
    assert keys(adaptive(0.4), 34, way=lambda number: way[number]) == [
        0, 9, 12, 13, 14, 15, 16, 17, 18, 19, 28]


def test_never_before_l_min_and_always_by_l_max():
    assert keys(adaptive(0.0, smallest=4), 13) == [0, 4, 8, 12]
    assert keys(adaptive(1e4, largest=5), 13) == [0, 5, 10]
    assert keys(adaptive(0.0), 4, way=lambda number: 0.0) == [0]


@pytest.mark.parametrize('length', [1, 2, 5])
@pytest.mark.parametrize('mode', ['impression', 'average', 'sparse', 'per_frame'])
@pytest.mark.parametrize('delay', [None, 0, 2])
def test_equal_bounds_are_the_fixed_schedule(length, mode, delay):
    results = []
    for config in (StreamConfig(segment_length=length),
                   adaptive(0.0, smallest=length, largest=length)):
        executor = None if delay is None else ManualExecutor(delay)
        config = replace(config, mode=mode, key_mode='sync' if delay is None else 'async')
        results.append(run(Engine(MovingNetwork(), config, executor=executor),
                           executor or ManualExecutor(0), frames(17)))
    for ours, theirs in zip(*results, strict=True):
        assert (ours.is_key, ours.age, ours.mean_weight) == (
            theirs.is_key, theirs.age, theirs.mean_weight)
        np.testing.assert_array_equal(ours.scores, theirs.scores)


def test_no_flow_is_computed_twice():
    """The flow that finds a frame in doubt carries the impression to it, or serves it."""
    network = MovingNetwork()
    assert keys(adaptive(0.5), 7, network=network) == [0, 3, 6]
    flows = [call[1:] for call in network.calls if call[0] == 'flow']
    assert flows == [(1, 0), (2, 0), (3, 0), (4, 3), (5, 3), (6, 3)]


def test_background_key_frames_start_at_the_frame_in_doubt_and_nothing_is_judged_meanwhile():
    executor = ManualExecutor(2)
    engine = Engine(MovingNetwork(), adaptive(0.5, mode='sparse', key_mode='async'),
                    executor=executor)
    results = run(engine, executor, frames(14))
    started = [call[1] for call in engine.network.calls if call[0] == 'features']
    # From 3 on served by 0 until 5; doubt of 6: 3/8, of 7: 7/8.
    assert started == [0, 3, 7, 11]
    assert [result.age for result in results][:10] == [0, 1, 2, 3, 4, 2, 3, 4, 5, 2]
    assert executor.most == 1


def test_background_key_frames_that_are_instant_equal_synchronous_ones():
    executor = ManualExecutor(0)
    ours = run(Engine(MovingNetwork(), adaptive(key_mode='async'), executor=executor), executor,
               frames(12))
    theirs = run(Engine(MovingNetwork(), adaptive()), ManualExecutor(0), frames(12))
    for one, other in zip(ours, theirs, strict=True):
        assert (one.is_key, one.age) == (other.is_key, other.age)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_a_kept_state_gives_the_same_answer_again():
    engine = Engine(MovingNetwork(), adaptive(0.5))
    state = engine.reset()
    for item in frames(3):
        _, state = engine.step(item, state)
    assert (state.doubt, state.position) == (0.375, 3)
    answers = [engine.step(frames(4)[3], state) for _ in range(2)]
    assert state.doubt == 0.375
    assert [answer[0][0].is_key for answer in answers] == [True, True]
    assert answers[0][1].doubt == 0 and answers[0][1].position == 1


def test_a_new_video_forgets_its_doubt():
    engine = Engine(MovingNetwork(), adaptive(0.5))
    state = engine.reset()
    for item in frames(3):
        _, state = engine.step(item, state)
    _, state = engine.step(Frame(np.zeros((2, 2, 3), np.uint8), 0.0), state)
    assert (state.doubt, state.position) == (0.0, 1)


def test_box_memory_takes_fresh_boxes_at_the_frame_in_doubt():
    network = MovingNetwork()
    network.task = lambda *_: (torch.zeros(0, 4), torch.zeros(0), torch.zeros(0).long())
    engine = Engine(network, adaptive(0.5, box_memory=True))
    results = run(engine, ManualExecutor(0), frames(7))
    assert [result.is_key for result in results] == [True, False, False] * 2 + [True]


def test_pacing():
    """Lost frames count, settings may change where a segment may end, nothing is staggered."""
    config = adaptive(smallest=3, largest=8)
    state = StreamState(position=2, key=KeyFrame(None, None, None, 1.0, age=1))
    assert skip(state, 4, config).position == 6
    assert skip(state, 6, config).position == 0
    boundaries = [at_boundary(StreamState(position=place), config) for place in range(5)]
    assert boundaries == [True, False, False, True, True]
    assert stagger(state, 2, config) is state
    assert end_segment(state).position == 0
