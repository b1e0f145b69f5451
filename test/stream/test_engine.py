# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine against answers worked out by hand and against a plain reading of Algorithm 1."""
from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.model.levels import Flow
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
import numpy as np
import pytest
import torch


def frame(number, stamp_s=None, size=(2, 2)):
    return Frame(np.full((*size, 3), number, np.uint8),
                 number * 0.04 if stamp_s is None else stamp_s)


def run(engine, frames):
    state, results = engine.reset(), []
    for item in frames:
        finished, state = engine.step(item, state)
        results += finished
    return results + engine.flush(state)


def engine(network=None, **config):
    return Engine(network or OneHotNetwork(), StreamConfig(**config))


@pytest.mark.parametrize('gate, expected', [
    (0.0, [.5, .5, 0, 0, 0]),
    (0.25, [.5, .4375, .0546875, .0068359375, .0009765625]),
    (0.5, [.5, .375, .09375, .0234375, .0078125]),
    (0.75, [.5, .3125, .1171875, .0439453125, .0263671875]),
    (1.0, [.5, .25, .125, .0625, .0625])])
def test_contributions_of_key_frames_are_the_papers(gate, expected):
    """Figure 6; the first of the five segments takes the remainder."""
    results = run(engine(segment_length=1, memory_gate=gate), map(frame, range(5)))
    contributions = results[-1].scores[:5].flip(0).tolist()
    assert contributions[:4] == pytest.approx(expected[:4], abs=1e-6)
    assert sum(contributions) == pytest.approx(1)


def algorithm_1(count, length, offset, gate, weight):
    """Algorithm 1 read line by line over a whole video; the last segment's key is clamped."""
    results, f_imp = [], None
    for first in range(0, count, length):
        last = min(first + length, count)
        f_k = np.eye(64)[min(first + offset, last - 1)]
        f_task = f_k if f_imp is None else (1 - weight) * f_imp + weight * f_k
        f_imp = f_k if f_imp is None else (1 - gate) * f_k + gate * f_task
        results += [f_task] * (last - first)
    return results


@pytest.mark.parametrize('length, offset', [(1, 0), (2, 1), (3, 0), (3, 2), (5, 2), (10, 9)])
@pytest.mark.parametrize('gate', [0.0, 0.3, 1.0])
@pytest.mark.parametrize('count', [1, 7, 23])
def test_stream_equals_algorithm_1(length, offset, gate, count):
    network = OneHotNetwork(weight=0.3)
    results = run(engine(network, segment_length=length, key_offset=offset, memory_gate=gate),
                  map(frame, range(count)))
    expected = algorithm_1(count, length, offset, gate, 0.3)
    assert len(results) == count
    for number, (result, scores) in enumerate(zip(results, expected)):
        assert result.stamp_s == pytest.approx(number * 0.04)
        np.testing.assert_allclose(result.scores, scores, atol=1e-12)


def test_average_mode_ignores_the_networks_weights():
    results = run(engine(OneHotNetwork(weight=0.9), segment_length=1, mode='average'),
                  map(frame, range(2)))
    assert results[1].scores[:2].tolist() == [0.5, 0.5]
    assert results[1].mean_weight == 0.5


def test_sparse_mode_remembers_nothing():
    results = run(engine(segment_length=2, mode='sparse'), map(frame, range(4)))
    assert [int(result.scores.argmax()) for result in results] == [0, 0, 2, 2]
    assert [result.is_key for result in results] == [True, False, True, False]
    assert [result.age for result in results] == [0, 1, 0, 1]


def test_per_frame_needs_no_flow_and_no_delay():
    network = OneHotNetwork()
    subject = engine(network, segment_length=10, key_offset=5, mode='per_frame')
    results, state = subject.step(frame(3), subject.reset())
    assert int(results[0].scores.argmax()) == 3 and results[0].is_key
    assert run(subject, map(frame, range(5)))[4].scores.argmax() == 4
    assert {name for name, *_ in network.calls} == {'features'}


def test_work_of_a_segment_is_what_section_3_4_counts():
    """One feature extraction, l - 1 flows to the key frame and one between key frames."""
    network = OneHotNetwork()
    run(engine(network, segment_length=3), map(frame, range(6)))
    assert network.calls == [
        ('features', 0), ('flow', 1, 0), ('propagate',), ('flow', 2, 0), ('propagate',),
        ('features', 3), ('flow', 3, 0), ('propagate',),
        ('flow', 4, 3), ('propagate',), ('flow', 5, 3), ('propagate',)]


def test_frames_before_a_central_key_wait_for_it():
    subject = engine(segment_length=5, key_offset=2)
    state, counts = subject.reset(), []
    for number in range(10):
        results, state = subject.step(frame(number), state)
        counts.append(len(results))
        assert len(state.waiting) <= 2
    assert counts == [0, 0, 3, 1, 1] * 2
    results = run(subject, map(frame, range(5)))
    assert [result.age for result in results] == [-2, -1, 0, 1, 2]


@pytest.mark.parametrize('odd, reason', [
    (frame(9, stamp_s=0.0), 'backward_stamp'),
    (frame(9, stamp_s=60.0), 'gap'),
    (frame(9, stamp_s=0.16, size=(4, 2)), 'size')])
def test_a_new_video_forgets_the_old_one_and_loses_no_waiting_frame(odd, reason):
    subject = engine(segment_length=3, key_offset=2)
    results = run(subject, [*map(frame, range(1, 5)), odd])
    assert [result.reset_reason for result in results] == ['start', '', '', '', reason]
    assert [result.stamp_s for result in results] == pytest.approx(
        [.04, .08, .12, .16, odd.stamp_s])
    assert results[-1].scores[9] == 1


def test_equal_stamps_and_a_gap_at_the_limit_continue_the_video():
    subject = engine(segment_length=2, max_gap=1.0)
    results = run(subject, [frame(0, 5.0), frame(1, 5.0), frame(2, 6.0)])
    assert [result.reset_reason for result in results] == ['start', '', '']


def test_a_kept_state_gives_the_same_answer_again():
    subject = engine(segment_length=2)
    state = subject.reset()
    for number in range(4):
        _, state = subject.step(frame(number), state)
    kept = [level.clone() for level in state.key.f_imp.maps]
    first, _ = subject.step(frame(4), state)
    second, _ = subject.step(frame(4), state)
    assert torch.equal(first[0].scores, second[0].scores)
    assert all(torch.equal(a, b) for a, b in zip(kept, state.key.f_imp.maps))


def test_prepare_runs_once_a_frame():
    class Preparing(OneHotNetwork):
        prepared = 0

        def prepare(self, image, side=None):
            self.prepared += 1
            return super().prepare(image, side)

    network = Preparing()
    run(engine(network, segment_length=4, key_offset=2), map(frame, range(11)))
    assert network.prepared == 11


def test_a_network_that_fails_leaves_the_state_usable():
    class Failing(OneHotNetwork):

        def features(self, picture):
            if self.number(picture) == 2:
                raise RuntimeError('device lost')
            return super().features(picture)

    subject = engine(Failing(), segment_length=2)
    state = subject.reset()
    for number in range(2):
        _, state = subject.step(frame(number), state)
    with pytest.raises(RuntimeError):
        subject.step(frame(2), state)
    results, _ = subject.step(frame(3, stamp_s=0.08), state)
    assert results[0].scores[[0, 3]].tolist() == [0.5, 0.5]


def test_shorter_segments_take_effect_on_a_running_state():
    long, short = engine(segment_length=10), engine(segment_length=2)
    state = long.reset()
    for number in range(6):
        _, state = long.step(frame(number), state)
    keys = []
    for number in range(6, 10):
        results, state = short.step(frame(number), state)
        keys.append(results[0].is_key)
    assert keys == [False, True, False, True]


def test_bad_frames_are_refused_with_what_was_expected():
    with pytest.raises(ValueError, match=r'expected \(H, W, 3\).*got \(2, 2\)'):
        Frame(np.zeros((2, 2), np.uint8), 0.0)
    for stamp_s in (float('nan'), float('inf'), None, 'now'):
        with pytest.raises(ValueError, match='stamp_s: expected finite seconds, got'):
            Frame(np.zeros((4, 4, 3), np.uint8), stamp_s)
    with pytest.raises(ValueError, match=r'image: expected \(H, W, 3\) with H, W >= 1, got \(\)'):
        Frame(None, 0.0)
    with pytest.raises(ValueError, match='expected uint8, got float32'):
        Frame(np.zeros((2, 2, 3), np.float32), 0.0)


class TogetherNetwork(OneHotNetwork):
    """Finds several flows at once, and notes the frames."""

    def flows(self, pictures, key_picture):
        numbers = [self.number(picture) for picture in pictures]
        self.calls.append(('flows', numbers, self.number(key_picture)))
        return [Flow((torch.zeros(1, 2, 1, 1),)) for _ in pictures]


@pytest.mark.parametrize('offset', [0, 1, 3])
def test_flows_of_waiting_frames_are_found_together(offset):
    """The same answers; one call for the frames before the key frame, from two frames on."""
    network, plain = TogetherNetwork(), OneHotNetwork()
    settings = {'segment_length': 5, 'key_offset': offset, 'mode': 'sparse'}
    found, expected = (run(engine(each, **settings), map(frame, range(10)))
                       for each in (network, plain))
    for one, other in zip(found, expected, strict=True):
        assert one.scores.equal(other.scores) and one.age == other.age
        assert one.stage_ms.keys() == other.stage_ms.keys()
    together = [call[1:] for call in network.calls if call[0] == 'flows']
    alone = [call[1] for call in network.calls if call[0] == 'flow']
    if offset < 2:
        assert not together and len(alone) == 8
    else:
        assert together == [([0, 1, 2], 3), ([5, 6, 7], 8)] and alone == [4, 9]
