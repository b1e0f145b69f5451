# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory in the engine: what is looked at, what is reported."""
from dataclasses import replace
import math

from box_tables import DETECTION, SIZE, tracks_of, uniform_flow
from impnet_ros.config import StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Levels
from impnet_ros.stream.boxes.memory import carry
from impnet_ros.stream.boxes.step import seen
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.state import KeyFrame, StreamState, WaitingFrame
from impnet_ros.stream.types import Frame, Origin
from manual_executor import ManualExecutor
import numpy as np
import pytest
import torch


class MovingBox(Network):
    """Sees one box of 16 pixels whose left edge is the picture's first pixel, 8 to a cell."""

    name = 'moving_box'
    class_names = ('box',)
    strides = (8,)
    detection = DETECTION
    box_memory = False

    def __init__(self, blind=()):
        self.blind, self.tasks = blind, 0

    @staticmethod
    def left(picture):
        return float(picture.pixels[0, 0, 0, 0])

    def features(self, picture):
        level = torch.full((1, 1, 10, 20), self.left(picture))
        return Levels((level,), picture.image_size)

    def flow(self, picture, key_picture):
        return uniform_flow((self.left(key_picture) - self.left(picture)) / 8, 0)

    def propagate(self, levels, flow):
        return replace(levels, maps=(levels.maps[0] - 8 * flow.levels[0][:, :1],))

    def mismatch(self, picture, key_picture, flow):
        return torch.zeros(1, 1, 10, 20)

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.ones_like(level) for level in f_k.maps)

    def task(self, levels, flow, detection):
        self.tasks += 1
        x = (levels if flow is None else self.propagate(levels, flow)).maps[0].mean()
        if int(x) in self.blind:
            return torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.long)
        return (torch.tensor([[x, 20, x + 16, 36]]), torch.tensor([.8]),
                torch.zeros(1, dtype=torch.long))


def run(network, count, **config):
    engine = Engine(network, StreamConfig(box_memory=True, **config))
    state, results = engine.reset(), []
    for number in range(count):
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        finished, state = engine.step(Frame(image, number * 0.1), state)
        results += finished
    return results


@pytest.mark.parametrize('mode', ['impression', 'sparse', 'per_frame'])
def test_boxes_follow_between_key_frames_with_one_id(mode):
    results = run(MovingBox(), 9, segment_length=4, mode=mode)
    for number, result in enumerate(results):
        x = 10 + 4 * number
        assert result.boxes[0].tolist() == pytest.approx([x, 20, x + 16, 36], abs=1e-3)
        assert result.track_ids.tolist() == [0]


def test_frames_between_key_frames_need_no_task_network():
    network = MovingBox()
    run(network, 9, segment_length=4)
    assert network.tasks == 3


def test_a_blind_key_frame_is_bridged_with_a_fading_score():
    results = run(MovingBox(blind=[14]), 3, segment_length=1, box_lifetime=0.5)
    assert [len(result) for result in results] == [1, 1, 1]
    way = 4 / 16  # of a side
    assert results[1].scores.tolist() == pytest.approx([.8 * math.exp(-0.1 / 0.5 - 2 * way)])
    assert results[1].boxes[0, 0].item() == pytest.approx(14, abs=1e-3)
    assert results[2].scores.tolist() == pytest.approx([.8]) and results[2].track_ids[0] == 0


class FadingBox(MovingBox):
    """Sees the box with the score that is left of `scores`, if it is asked to look low enough."""

    def __init__(self, *scores):
        super().__init__()
        self.scores = list(scores)

    def task(self, levels, flow, detection):
        boxes, _, labels = super().task(levels, flow, detection)
        score = torch.tensor([self.scores.pop(0)])
        seen = score >= detection.score_threshold
        return boxes[seen], score[seen], labels[seen]


def test_a_weak_look_keeps_what_was_reported_and_is_not_reported_itself():
    """Reported from .3 on, remembered from .15 on."""
    seen = run(FadingBox(.2, .32, .2, .16, .16, .9), 6, segment_length=1, box_lifetime=10.0)
    # The first look is too weak to begin a track. A weak one leaves half of what was better: .26,
    # .21, .185.
    assert [result.track_ids.tolist() for result in seen] == [[], [0], [], [], [], [0]]
    unseen = run(FadingBox(.2, .32, .1, .1, .1, .9), 6, segment_length=1, box_lifetime=0.1)
    assert [result.track_ids.tolist() for result in unseen] == [[], [0], [], [], [], [1]]


def test_what_is_reported_is_best_first_between_key_frames_too():
    carried = tracks_of((10, 10, 50, 50, .9, 0), (100, 10, 140, 50, .8, 0))
    mismatch = torch.zeros(1, 1, 10, 20)
    mismatch[..., :7] = 0.5  # the better one is half hidden
    moved = carry(carried, uniform_flow(0, 0), mismatch, SIZE, DETECTION, 0.1)
    frame = WaitingFrame(None, Origin(0.1, SIZE), '', {})
    key = KeyFrame(None, None, None, 1.0, age=1)
    config = StreamConfig(box_memory=True)
    result, kept = seen(MovingBox(), config, DETECTION, frame, key, False, moved)
    assert kept is moved and result.age == 1 and not result.is_key
    assert result.track_ids.tolist() == [1, 0]
    assert result.scores.tolist() == pytest.approx([.8, .45])


def test_box_memory_is_causal():
    with pytest.raises(ValueError, match='key_offset: expected 0 with box_memory'):
        StreamConfig(box_memory=True, key_offset=2)


def test_boxes_are_forgotten_where_the_memory_is_switched_off():
    """What was remembered before has no place in the picture when it is switched on again."""
    network, state = MovingBox(), StreamState()
    for number, switched_on in enumerate((True, False)):
        engine = Engine(network, StreamConfig(box_memory=switched_on))
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        _, state = engine.step(Frame(image, number * 0.1), state)
        assert (state.tracks is not None) == switched_on


@pytest.mark.parametrize(('wish', 'config', 'expected'), [
    (True, {}, True), (False, {}, False),
    (True, {'box_memory': False}, False), (False, {'box_memory': True}, True),
    (True, {'key_offset': 2}, False), (True, {'mode': 'sparse'}, False),
    (True, {'mode': 'per_frame'}, False), (True, {'key_mode': 'async'}, True)], ids=str)
def test_a_network_may_ask_for_box_memory_where_the_settings_leave_it_open(wish, config, expected):
    network = MovingBox()
    network.box_memory = wish
    engine = Engine(network, StreamConfig(segment_length=4, **config))
    assert engine.config.box_memory == expected
    engine.close()


class DoubtfulBox(MovingBox):
    """Believes the impression alone, and would rather trust it by a quarter."""

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.zeros_like(level) for level in f_k.maps)

    def trust(self, levels):
        return tuple(torch.full_like(level, 0.25) for level in levels.maps)


@pytest.mark.parametrize(('mode', 'box_memory', 'expected'), [
    ('impression', True, 0.75), ('impression', False, 0.0), ('average', True, 0.5)])
def test_the_impression_keeps_what_a_network_trusts_beside_boxes(mode, box_memory, expected):
    engine = Engine(DoubtfulBox(), StreamConfig(segment_length=1, mode=mode,
                                                box_memory=box_memory))
    state = engine.reset()
    for number in range(2):
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        _, state = engine.step(Frame(image, number * 0.1), state)
    assert state.key.mean_weight == pytest.approx(expected)


class BoxOnly(MovingBox):
    """The same without features that could be carried: it looks at key frames only."""

    boxes_only = True

    def task(self, levels, flow, detection):
        assert flow is None
        return super().task(levels, None, detection)


def test_boxes_of_a_late_key_frame_are_brought_to_the_frame_that_switches():
    """Key frame 4 is ready at frame 6, where the box is 8 pixels further; its feature is not."""
    executor = ManualExecutor(2)
    network = BoxOnly(blind=[10])  # nothing is known before key frame 4
    engine = Engine(network, StreamConfig(segment_length=4, key_mode='async'), executor=executor)
    state, results = engine.reset(), []
    for number in range(8):
        executor.tick()
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        finished, state = engine.step(Frame(image, number * 0.1), state)
        results += finished
    assert [len(result) for result in results] == [0, 0, 0, 0, 0, 0, 1, 1]
    for number in (6, 7):
        x = 10 + 4 * number
        assert results[number].boxes[0].tolist() == pytest.approx([x, 20, x + 16, 36], abs=1e-3)
        assert results[number].age == number - 4
