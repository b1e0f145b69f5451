# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What needs no new features is done while a key frame's features are computed."""
from concurrent.futures import ThreadPoolExecutor
import copy
from itertools import islice
from threading import current_thread, Event, main_thread

from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
from impnet_ros.threads import on_threads
from impnet_ros.video import open_video
import numpy as np
import pytest
import torch


class BesideNetwork(OneHotNetwork):
    """Computes features only once the flow is known; without a second thread it fails."""

    def __init__(self):
        super().__init__()
        self.threads = ThreadPoolExecutor(1)
        self.flow_known = Event()
        self.flow_threads = []
        self.broken = ''

    @property
    def spare_thread(self):
        return self.threads

    def features(self, picture):
        if self.calls:
            assert self.flow_known.wait(10), 'the flow is not computed beside the features'
            self.flow_known.clear()
        if self.broken == 'features':
            raise RuntimeError('features broke')
        return super().features(picture)

    def flow(self, picture, key_picture):
        if self.broken == 'flow':
            self.flow_known.set()
            raise RuntimeError('flow broke')
        assert torch.is_inference_mode_enabled()
        self.flow_threads.append(current_thread())
        self.flow_known.set()
        return super().flow(picture, key_picture)


def run(engine, count):
    state, results = engine.reset(), []
    for number in range(count):
        finished, state = engine.step(
            Frame(np.full((2, 2, 3), number, np.uint8), number * .04), state)
        results += finished
    return results, state


def test_the_impression_is_carried_beside_the_features():
    network = BesideNetwork()
    results, _ = run(Engine(network, StreamConfig(segment_length=1)), 4)
    expected, _ = run(Engine(OneHotNetwork(), StreamConfig(segment_length=1)), 4)
    for ours, theirs in zip(results, expected, strict=True):
        np.testing.assert_array_equal(ours.scores, theirs.scores)
    assert len(network.flow_threads) == 3 and main_thread() not in network.flow_threads
    # The work in the other thread costs the frame what it waits for it, which is told as one.
    assert set(results[3].stage_ms) == {'prepare', 'features', 'propagate', 'weights', 'task'}


def test_frames_between_key_frames_stay_in_their_thread():
    network = BesideNetwork()
    run(Engine(network, StreamConfig(segment_length=4, mode='sparse')), 3)
    assert network.flow_threads == [main_thread()] * 2


@pytest.mark.parametrize('part', ['features', 'flow'])
def test_an_error_in_either_thread_is_raised_and_the_next_frame_is_served(part):
    network = BesideNetwork()
    engine = Engine(network, StreamConfig(segment_length=1))
    _, state = run(engine, 2)
    frame = Frame(np.full((2, 2, 3), 2, np.uint8), .08)
    network.broken = part
    with pytest.raises(RuntimeError, match=f'{part} broke'):
        engine.step(frame, state)
    network.broken = ''
    (result,), _ = engine.step(frame, state)
    assert result.is_key


@pytest.fixture(scope='module')
def network():
    return load_network('nanodet_g', 'cpu')


@pytest.fixture
def one_thread():
    with on_threads(1):
        yield


def test_nanodet_answers_alike_with_and_without(network, one_thread, bikes, monkeypatch):
    """To the last bit: boxes, scores, ids and what is remembered."""
    frames = [Frame(frame.image, index / 25)
              for index, frame in enumerate(islice(open_video(bikes).frames, 145, 158))]

    def answers(spare_thread):
        monkeypatch.setattr(NanoDetNetwork, 'spare_thread', spare_thread)
        engine = Engine(network, StreamConfig(segment_length=4))
        state, results = engine.reset(), []
        for frame in frames:
            finished, state = engine.step(frame, state)
            results += finished
        return results, state

    with ThreadPoolExecutor(1) as threads:
        ours, our_state = answers(threads)
    theirs, their_state = answers(None)
    assert sum(len(result) for result in ours) > 50
    for one, other in zip(ours, theirs, strict=True):
        for name in ('boxes', 'scores', 'labels', 'track_ids'):
            assert torch.equal(getattr(one, name), getattr(other, name))
    assert all(map(torch.equal, our_state.key.f_imp.maps, their_state.key.f_imp.maps))


def test_nanodet_lends_one_of_its_threads_while_it_computes_features(network, one_thread,
                                                                     monkeypatch):
    """Features on the others, the rest of the frame on all of them; alone it lends none."""
    assert network.spare_thread is None
    torch.set_num_threads(3)
    assert network.spare_thread.submit(torch.get_num_threads).result(10) == 1
    counts = []
    features = network.features
    monkeypatch.setattr(network, 'features', lambda picture: (
        counts.append(torch.get_num_threads()), features(picture))[1])
    engine = Engine(network, StreamConfig(segment_length=1))
    state = engine.reset()
    for number in range(3):
        _, state = engine.step(Frame(np.zeros((64, 64, 3), np.uint8), number * .04), state)
    assert counts == [3, 2, 2] and torch.get_num_threads() == 3


def test_a_network_that_worked_beside_can_be_copied(network, one_thread):
    torch.set_num_threads(2)
    run(Engine(network, StreamConfig(segment_length=1)), 2)
    copied = copy.deepcopy(network)
    assert copied.spare_thread is network.spare_thread is not None
