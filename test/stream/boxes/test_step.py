# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory in the engine: what is looked at, what is reported."""
from dataclasses import replace
import math

from box_tables import DETECTION, SIZE, tracks_of, uniform_flow
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Levels
from impnet_ros.stream.boxes.memory import carry
from impnet_ros.stream.boxes.step import remembers
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
    result, kept = remembers(MovingBox(), config, DETECTION, frame, key, False, False, moved)
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


class Astray(MovingBox):
    """Its flow sees no motion; it looks at pictures of any size and notes their heights."""

    fixed_size = False

    def __init__(self):
        super().__init__()
        self.heights = []

    def input_size(self, image_size, side=None):
        return image_size if side is None else (side // 2, side)

    def flow(self, picture, key_picture):
        return uniform_flow(0, 0)

    def features(self, picture):
        self.heights.append(picture.size[0])
        return super().features(picture)


def test_a_glance_corrects_what_flow_leads_astray():
    """
    Remembered .8, faded for 0.1 of 0.3 s, counts 2, the glance's .8 counts 8: most of the way.

    It fades the less as 16 pixels are small: of 60 in the image, 24 in the glance, it is sure.
    """
    network = Astray()
    results = run(network, 3, segment_length=4, glance=64, glance_every=1)
    share = 8 * .8 / (8 * .8 + 2 * .8 * math.exp(-1 / 3 * 16 / 60))
    assert results[1].boxes[0, 0].item() == pytest.approx(10 + 4 * share)
    assert [result.is_glance for result in results] == [False, True, True]
    assert [result.track_ids.tolist() for result in results] == [[0], [0], [0]]
    assert network.heights == [80, 32, 32]
    assert results[1].stage_ms['glance'] > 0 and 'glance' not in results[0].stage_ms


def test_glances_and_key_frames_take_turns():
    """In every third frame, counted from the last look; a key frame is one."""
    network = Astray()
    results = run(network, 9, segment_length=5, glance=64, glance_every=3)
    assert [number for number, result in enumerate(results) if result.is_glance] == [3, 8]
    assert [number for number, result in enumerate(results) if result.is_key] == [0, 5]


@pytest.mark.parametrize(('blurred', 'config', 'keys', 'glances'), [
    ((4, 5), {'glance': 64}, [0, 6, 10], [2, 4, 5, 8, 12]),
    (range(4, 99), {'glance': 64}, [0, 8], [2, 4, 5, 6, 7, 10, 12]),
    ((4, 5), {'glance': 'off'}, [0, 4, 8, 12], []),
    ((4, 5), {'glance': 64, 'glance_every': 4}, [0, 4, 8, 12], [])],
    ids=['till it is clear', 'two segments at most', 'without glances', 'without any between'])
def test_a_key_frame_waits_for_a_clear_picture(blurred, config, keys, glances):
    """A glance looks in its place, and the segment begins with the key frame."""

    class Blurred(Astray):

        def clarity(self, picture):
            return -2.0 * ((self.left(picture) - 10) / 4 in blurred)

    results = run(Blurred(), 13, segment_length=4, max_gap=9.0, **{'glance_every': 2} | config)
    assert [number for number, result in enumerate(results) if result.is_key] == keys
    assert [number for number, result in enumerate(results) if result.is_glance] == glances


def test_a_glance_begins_what_is_new_from_a_score_on():
    """Reported from .1 on, a glance begins from .2 on, a key frame at once."""

    class Dim(Astray):

        def task(self, levels, flow, detection):
            boxes, _, labels = super().task(levels, flow, detection)
            return boxes + 40 * len(self.heights), torch.tensor([self.score]), labels

    for score, expected in ((.15, 1), (.25, 2)):
        network = Dim()
        network.score = score
        engine = Engine(network, StreamConfig(box_memory=True, segment_length=4, glance=64,
                                              glance_every=1), DetectionConfig(.1))
        state = engine.reset()
        for number in range(2):
            image = np.full((*SIZE, 3), 10, np.uint8)
            (found,), state = engine.step(Frame(image, number * 0.01), state)
        assert len(found) == expected


def test_while_a_key_frame_is_computed_glances_serve():
    executor = ManualExecutor(99)
    network = Astray()
    engine = Engine(network, StreamConfig(box_memory=True, segment_length=2, key_mode='async',
                                          glance=64, glance_every=1), executor=executor)
    state, results = engine.reset(), []
    for number in range(4):
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        finished, state = engine.step(Frame(image, number * 0.1), state)
        results += finished
    assert [result.is_glance for result in results] == [False, True, True, True]
    assert [result.is_key for result in results] == [True, False, False, False]


@pytest.mark.parametrize(('kind', 'config', 'message'), [
    (Astray, {'box_memory': False}, 'glance: expected auto or off without box_memory, .* got 64'),
    (MovingBox, {'box_memory': True}, 'glance: expected auto or off, as moving_box .* one size'),
    (Astray, {'mode': 'per_frame'}, 'glance: expected auto or off without box_memory')])
def test_what_cannot_glance_says_why(kind, config, message):
    with pytest.raises(ValueError, match=message):
        Engine(kind(), StreamConfig(glance=64, **config))


@pytest.mark.parametrize('wrong', ['on', 63, 1025, 100.5, True])
def test_a_glance_is_off_or_a_side(wrong):
    with pytest.raises(ValueError, match='glance: expected auto, off or an int in 64..1024'):
        StreamConfig(glance=wrong)
