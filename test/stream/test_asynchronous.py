# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Asynchronous key frames, made deterministic by an executor that finishes when told to."""
from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.executors import BackgroundExecutor
from impnet_ros.stream.types import Frame
from manual_executor import frames, ManualExecutor, run
import numpy as np
import pytest


def asynchronous(delay, network=None, **config):
    executor = ManualExecutor(delay)
    network = network or OneHotNetwork()
    return Engine(network, StreamConfig(key_mode='async', **config), executor=executor), executor


@pytest.mark.parametrize('mode', ['impression', 'average', 'sparse', 'per_frame'])
@pytest.mark.parametrize('length', [1, 3])
def test_instant_features_equal_synchronous_key_frames(mode, length):
    expected = run(Engine(OneHotNetwork(), StreamConfig(segment_length=length, mode=mode)),
                   ManualExecutor(0), frames(10))
    results = run(*asynchronous(0, segment_length=length, mode=mode), frames(10))
    for ours, theirs in zip(results, expected):
        np.testing.assert_array_equal(ours.scores, theirs.scores)
        assert (ours.is_key, ours.age) == (theirs.is_key, theirs.age)


def test_a_late_key_frame_is_switched_to_when_ready_and_its_age_counts_from_its_picture():
    results = run(*asynchronous(2, segment_length=4, mode='sparse'), frames(10))
    served_by = [int(result.scores.argmax()) for result in results]
    assert served_by == [0, 0, 0, 0, 0, 0, 4, 4, 4, 4]
    assert [result.age for result in results] == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5]


def test_every_frame_is_aligned_with_the_picture_of_the_feature_that_serves_it():
    network = OneHotNetwork()
    run(*asynchronous(1, network, segment_length=3, mode='sparse'), frames(7))
    flows = [call[1:] for call in network.calls if call[0] == 'flow']
    assert flows == [(1, 0), (2, 0), (3, 0), (4, 3), (5, 3), (6, 3)]


def test_the_impression_is_carried_from_key_frame_to_key_frame():
    network = OneHotNetwork(weight=0.5)
    results = run(*asynchronous(1, network, segment_length=2), frames(6))
    assert ('flow', 2, 0) in network.calls and ('flow', 4, 2) in network.calls
    np.testing.assert_allclose(results[-1].scores[[0, 2, 4]], [.25, .25, .5])


def test_one_key_frame_in_flight_and_an_overdue_one_starts_after_it():
    engine, executor = asynchronous(5, segment_length=2, mode='sparse')
    results = run(engine, executor, frames(14))
    assert executor.most == 1
    started = [call[1] for call in engine.network.calls if call[0] == 'features']
    assert started == [0, 2, 8]
    assert [int(result.scores.argmax()) for result in results][7:9] == [2, 2]


def test_a_new_video_drops_the_key_frame_in_flight():
    engine, executor = asynchronous(3, segment_length=2)
    state = engine.reset()
    for item in frames(3):
        _, state = engine.step(item, state)
    pending = state.pending.future
    results, state = engine.step(Frame(np.full((2, 2, 3), 9, np.uint8), 0.0), state)
    assert results[0].reset_reason == 'backward_stamp' and results[0].scores[9] == 1
    assert pending.cancelled() and state.pending is None


def test_delay_and_background_exclude_each_other():
    with pytest.raises(ValueError, match="key_offset: expected 0 with key_mode 'async'"):
        StreamConfig(key_mode='async', key_offset=1)


def test_the_real_thread_finishes_and_is_joined():
    engine = Engine(OneHotNetwork(), StreamConfig(segment_length=2, key_mode='async'),
                    executor=BackgroundExecutor())
    state = engine.reset()
    for item in frames(3):
        _, state = engine.step(item, state)
        if state.pending:
            state.pending.future.result(timeout=10)
    results, state = engine.step(frames(4)[3], state)
    np.testing.assert_allclose(results[0].scores[[0, 2]], [.5, .5])
    engine.close()
    with pytest.raises(RuntimeError):
        engine._executor.submit(print)


def test_an_overdue_key_frame_begins_as_soon_as_the_one_before_it_is_ready():
    """Frame 6 is due while 3 is being computed; 3 is ready at 7, so 8 begins and not 9."""
    engine, executor = asynchronous(4, segment_length=3, mode='sparse')
    results = run(engine, executor, frames(13))
    assert [call[1] for call in engine.network.calls if call[0] == 'features'] == [0, 3, 8]
    assert [result.age for result in results] == [0, 1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 4]


def test_a_key_frame_in_background_is_the_papers():
    """With w = 3/4, g = 1/4: f_imp(2) = 3/4 f_2 + 1/4 (1/4 f_0 + 3/4 f_2); a quarter is left."""
    network = OneHotNetwork(weight=0.75)
    results = run(*asynchronous(1, network, segment_length=2, memory_gate=0.25), frames(6))
    np.testing.assert_allclose(results[3].scores[[0, 2]], [1 / 4, 3 / 4])
    np.testing.assert_allclose(results[5].scores[[0, 2, 4]], [1 / 64, 15 / 64, 3 / 4])
    assert [result.mean_weight for result in results] == [1, 1, 1, .75, .75, .75]


def test_an_error_in_the_background_is_raised_by_the_frame_that_would_switch():
    class Failing(OneHotNetwork):

        def features(self, picture):
            if self.number(picture) == 2:
                raise RuntimeError('device lost')
            return super().features(picture)

    engine, executor = asynchronous(1, Failing(), segment_length=2)
    state = engine.reset()
    for item in frames(3):
        executor.tick()
        _, state = engine.step(item, state)
    executor.tick()
    with pytest.raises(RuntimeError, match='device lost'):
        engine.step(frames(4)[3], state)


def test_a_flush_cancels_the_key_frame_in_flight():
    engine, executor = asynchronous(3, segment_length=2)
    state = engine.reset()
    for item in frames(3):
        _, state = engine.step(item, state)
    assert engine.flush(state) == [] and state.pending.future.cancelled()


def test_only_modes_that_carry_features_compute_in_the_background():
    """Without propagation there is nothing to show meanwhile: per_frame answers by itself."""
    engine, executor = asynchronous(3, mode='per_frame')
    results = run(engine, executor, frames(4))
    assert [int(result.scores.argmax()) for result in results] == [0, 1, 2, 3]
    assert executor.most == 0
