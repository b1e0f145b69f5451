# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes that follow the flow, meet fresh ones, fade and keep their identity."""
from dataclasses import replace
import math

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.stream.box_memory import carry_tracks, merge, no_tracks
from impnet_ros.stream.box_motion import carry_boxes, hidden
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.following import follow
from impnet_ros.stream.types import Frame, Impression, WaitingFrame
import numpy as np
import pytest
import torch

SIZE = (80, 160)  # 10 x 20 cells of 8 pixels
DETECTION = DetectionConfig(score_threshold=0.3, nms_threshold=0.5)


def uniform_flow(x, y):
    return (torch.tensor([x, y], dtype=torch.float32).reshape(1, 2, 1, 1).expand(1, 2, 10, 20),)


def tracks_of(*rows, stamp_s=0.0):
    """Each row: x1, y1, x2, y2, score, label."""
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return merge(no_tracks(table[:, :4], stamp_s), table[:, :4], table[:, 4], table[:, 5].long(),
                 stamp_s, 1.0, DETECTION)


def met(carried, *rows, stamp_s=0.0, lifetime_s=1.0):
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return merge(carried, table[:, :4], table[:, 4], table[:, 5].long(), stamp_s, lifetime_s,
                 DETECTION)


def test_a_uniform_flow_of_one_cell_moves_a_box_by_eight_pixels():
    moved = carry_boxes(torch.tensor([[40., 16, 80, 48]]), uniform_flow(1, -0.5), SIZE)
    assert moved.tolist()[0] == pytest.approx([48, 12, 88, 44], abs=1e-4)


def test_a_box_follows_its_foreground_not_what_is_behind_it():
    flow = torch.zeros(1, 2, 10, 20)
    flow[0, 0, 2:6, 6:9] = 1.0  # 24 of the box's 64 pixels' width move: the plain median is 0
    moved = carry_boxes(torch.tensor([[28., 16, 92, 48]]), (flow,), SIZE)
    assert moved.tolist()[0] == pytest.approx([36, 16, 100, 48], abs=0.5)


def test_a_box_takes_a_quarter_of_the_growth_of_a_diverging_flow():
    x = (torch.arange(20) + 0.5) - 7.5  # cells right of x = 60 px
    y = (torch.arange(10) + 0.5) - 4.0  # cells below y = 32 px
    flow = torch.stack(torch.broadcast_tensors(0.1 * x[None], 0.1 * y[:, None]))[None]
    moved = carry_boxes(torch.tensor([[40., 16, 80, 48]]), (flow,), SIZE)[0]
    assert (moved[2:] - moved[:2]).tolist() == pytest.approx([41, 32.8], abs=1e-3)


def test_a_scene_cut_ends_every_track():
    tracks = tracks_of((10, 10, 40, 40, .9, 0), (100, 10, 140, 40, .8, 0))
    mismatch = torch.zeros(1, 1, 10, 20)
    mismatch[..., :7] = 1  # a third of the picture; the second box does not lie in it
    kept = carry_tracks(tracks, uniform_flow(0, 0), mismatch, SIZE, DETECTION, 0.1)
    assert len(kept.scores) == 0


def test_no_boxes_and_boxes_at_the_border():
    assert carry_boxes(torch.zeros(0, 4), uniform_flow(1, 1), SIZE).shape == (0, 4)
    moved = carry_boxes(torch.tensor([[100., 40, 160, 80]]), uniform_flow(2, 2), SIZE)
    assert moved.tolist()[0] == pytest.approx([116, 56, 160, 80], abs=1e-4)


def test_a_box_that_leaves_the_picture_or_its_likeness_is_forgotten():
    tracks = tracks_of((130, 10, 150, 30, .9, 0), (10, 10, 40, 40, .9, 0), (60, 10, 90, 40, .8, 0))
    mismatch = torch.zeros(1, 1, 10, 20)
    mismatch[..., :4] = 1
    kept = carry_tracks(tracks, uniform_flow(4, 0), mismatch, SIZE, DETECTION, 0.1)
    assert kept.ids.tolist() == [2] and kept.scores.tolist() == pytest.approx([.8])


def test_a_fresh_box_inherits_the_id_and_places_are_weighted_by_score():
    carried = tracks_of((10, 10, 50, 50, .9, 0))
    worse = met(carried, (14, 10, 54, 50, .6, 0), (100, 10, 140, 50, .5, 0))
    assert worse.ids.tolist() == [0, 1]
    assert worse.boxes[0].tolist() == pytest.approx([11, 10, 51, 50])  # twice .9 against .6
    better = met(carried, (14, 10, 54, 50, .95, 0))
    assert better.ids.tolist() == [0] and better.scores.tolist() == pytest.approx([.95])


def test_a_faded_place_yields_to_a_fresh_one():
    faded = met(tracks_of((10, 10, 50, 50, .8, 0)), (14, 10, 54, 50, .8, 0), stamp_s=math.log(2))
    assert faded.boxes[0].tolist() == pytest.approx([12, 10, 52, 50])  # twice a half against one


def test_a_score_rises_at_once_and_falls_slowly():
    rising = met(tracks_of((10, 10, 50, 50, .5, 0)), (10, 10, 50, 50, .8, 0), stamp_s=0.5)
    assert rising.scores.tolist() == pytest.approx([.8])
    falling = met(rising, (10, 10, 50, 50, .5, 0), stamp_s=0.7)
    assert falling.scores.tolist() == pytest.approx([.5 + .3 * math.exp(-2 * 0.2)])
    late = met(rising, (10, 10, 50, 50, .5, 0), stamp_s=2.5)
    assert late.scores.tolist() == pytest.approx([.65])  # one look takes half at most


def test_a_missed_box_fades_with_its_way_since_the_last_key_frame():
    tracks = tracks_of((10, 10, 50, 50, .8, 0))
    for number in (1, 2):
        tracks = carry_tracks(tracks, uniform_flow(0.5, 0), None, SIZE, DETECTION, number * 0.1)
    assert tracks.way.tolist() == pytest.approx([8 / 40])
    assert tracks.scores.tolist() == pytest.approx([.8])
    missed = met(tracks, stamp_s=0.2)
    assert missed.scores.tolist() == pytest.approx([.8 * math.exp(-0.2 - 2 * 8 / 40)])
    assert missed.way.tolist() == [0]
    far = carry_tracks(tracks, uniform_flow(9, 0), None, SIZE, DETECTION, 0.2)
    assert met(far, stamp_s=0.2).scores.tolist() == pytest.approx([.8 * math.exp(-0.2 - 0.5)])
    seen = met(tracks, (18, 10, 58, 50, .8, 0), stamp_s=0.2)
    assert seen.way.tolist() == [0]


def test_two_fresh_boxes_on_a_remembered_one_become_one_with_the_better_ones_place():
    both = met(tracks_of((10, 10, 50, 50, .4, 0)), (10, 10, 50, 50, .8, 0),
               (12, 10, 52, 50, .5, 0))
    assert both.ids.tolist() == [0] and both.boxes[0].tolist() == [10, 10, 50, 50]


def test_classes_do_not_meet():
    both = met(tracks_of((10, 10, 50, 50, .9, 0)), (10, 10, 50, 50, .8, 1))
    assert both.labels.tolist() == [0, 1] and both.ids.tolist() == [0, 1]


def test_unconfirmed_scores_fade_and_end():
    carried = tracks_of((10, 10, 50, 50, .9, 0), stamp_s=5.0)
    soon = met(carried, stamp_s=5.5)
    assert soon.scores.tolist() == pytest.approx([.9 * math.exp(-0.5)])
    assert len(met(carried, stamp_s=6.2).scores) == 0
    assert met(carried, (100, 10, 140, 50, .6, 0), stamp_s=6.2).ids.tolist() == [1]


def test_a_weak_box_confirms_what_is_known_and_begins_nothing():
    carried = tracks_of((10, 10, 50, 50, .8, 0))
    table = torch.tensor([[12., 10, 52, 50], [100, 10, 140, 50], [60, 10, 90, 50]])
    both = merge(carried, table, torch.tensor([.4, .45, .5]), torch.tensor([0, 0, 0]), 0.0, 1.0,
                 DETECTION, begin_threshold=0.5)
    assert both.ids.tolist() == [0, 1] and both.next_id == 2
    assert both.scores.tolist() == pytest.approx([.8, .5])
    assert both.boxes[1].tolist() == [60, 10, 90, 50]


def test_what_is_blurred_is_not_gone():
    table = torch.tensor([[10., 10, 50, 50]])
    clear = merge(no_tracks(table, 0.0), table, torch.tensor([.9]), torch.tensor([0]), 0.0, 1.0,
                  DETECTION, clarity=3.0)
    assert clear.clarity == 3.0

    def after(clarity):
        nothing = torch.zeros(0)
        return merge(clear, nothing.reshape(0, 4), nothing, nothing.long(), 0.75, 1.0, DETECTION,
                     clarity)

    assert after(3.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75)])
    # 0.75 s take half an e-fold off what is expected: 1.5 is one e-fold less than that.
    assert after(1.5).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10)])
    assert after(-4.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10)])
    assert after(2.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10 ** .5)])


def test_what_another_box_hides_goes_on_as_it_went():
    """A box that walks 80 pixels a second goes on behind a nearer one that stands still."""
    tracks = tracks_of((20, 16, 40, 48, .8, 0))
    for number in range(1, 4):
        flow = torch.zeros(1, 2, 10, 20)
        flow[:, 0, 1:7, 1:9] = 1.0
        tracks = carry_tracks(tracks, (flow,), None, SIZE, DETECTION, number * 0.1)
    assert tracks.boxes[0].tolist() == pytest.approx([44, 16, 64, 48], abs=0.5)
    assert tracks.velocity[0].tolist() == pytest.approx([80, 0], abs=2)
    tracks = met(tracks, (40, 10, 76, 70, .8, 0), stamp_s=0.3, lifetime_s=9.0)
    far = int((tracks.ids == 0).nonzero())
    moved = carry_tracks(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, 0.4)
    assert moved.boxes[far].tolist() == pytest.approx([52, 16, 72, 48], abs=0.5)
    assert moved.boxes[1 - far].tolist() == pytest.approx([40, 10, 76, 70], abs=1e-3)


def test_the_own_way_counts_against_a_moving_camera():
    tracks = tracks_of((20, 16, 40, 48, .8, 0), (10, 10, 70, 70, .8, 0))
    velocity = torch.tensor([[80., 0], [0, 0]])
    tracks = replace(tracks, velocity=velocity, age_s=torch.tensor([1., 1.]))
    moved = carry_tracks(tracks, uniform_flow(-2, 0), None, SIZE, DETECTION, 0.1)
    assert moved.boxes[0].tolist() == pytest.approx([12, 16, 32, 48], abs=1e-3)


def test_a_nearer_box_hides_what_it_covers_if_it_is_sure_enough():
    boxes = torch.tensor([[20., 10, 40, 50], [30, 20, 60, 60]])
    both = hidden(boxes, torch.tensor([.6, .5]))
    # Of 7 columns at 23 .. 37 pixels the right three, of 7 rows at 14 .. 46 the lower five.
    assert both.sum(dim=1).tolist() == [15, 0]
    assert not hidden(boxes, torch.tensor([.6, .25])).any()


def test_a_fresh_box_ahead_of_its_track_corrects_the_tracks_drift():
    tracks = met(tracks_of((10, 10, 50, 50, .8, 0)), (14, 10, 54, 50, .8, 0), stamp_s=0.5)
    # Four pixels in half a second, 8 a second, of which half a second of 1.5 learns its part.
    assert tracks.drift[0].tolist() == pytest.approx([8 * (1 - math.exp(-1 / 3)), 0])
    # Between the two by what the first look still counts, and half a second of drift.
    x = 10 + 4 / (1 + 2 * math.exp(-0.5)) + 4 * (1 - math.exp(-1 / 3))
    moved = carry_tracks(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, 1.0)
    assert moved.boxes[0].tolist() == pytest.approx([x, 10, x + 40, 50], abs=1e-3)


class MovingBox:
    """Sees one box of 16 pixels whose left edge is the picture's first pixel, 8 to a cell."""

    detection = DETECTION

    def __init__(self, blind=()):
        self.blind, self.tasks = blind, 0

    def features(self, image):
        return (torch.full((1, 1, 10, 20), float(image[0, 0, 0])),)

    def flow(self, image, key_image):
        return uniform_flow((float(key_image[0, 0, 0]) - float(image[0, 0, 0])) / 8, 0)

    def propagate(self, levels, flow):
        return tuple(level - 8 * field[:, :1] for level, field in zip(levels, flow))

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.ones_like(level) for level in f_k)

    def task(self, levels):
        self.tasks += 1
        x = levels[0].mean()
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

    def task_at(self, levels, flow, score_threshold):
        boxes, _, labels = self.task(levels if flow is None else self.propagate(levels, flow))
        score = torch.tensor([self.scores.pop(0)])
        seen = score >= score_threshold
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
    moved = carry_tracks(carried, uniform_flow(0, 0), mismatch, SIZE, DETECTION, 0.1)
    picture = WaitingFrame(None, 0.1, '', {})
    state = Impression(tracks=moved, waiting=(picture,), age=1)
    result, _ = follow(MovingBox(), StreamConfig(box_memory=True), False, state)
    assert result.track_ids.tolist() == [1, 0]
    assert result.scores.tolist() == pytest.approx([.8, .45])


def test_box_memory_is_causal():
    with pytest.raises(ValueError, match='key_offset: expected 0 with box_memory'):
        StreamConfig(box_memory=True, key_offset=2)


def test_boxes_are_forgotten_where_the_memory_is_switched_off():
    """What was remembered before has no place in the picture when it is switched on again."""
    network, state = MovingBox(), Impression()
    for number, switched_on in enumerate((True, False)):
        engine = Engine(network, StreamConfig(box_memory=switched_on))
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        _, state = engine.step(Frame(image, number * 0.1), state)
        assert (state.tracks is not None) == switched_on


@pytest.mark.parametrize(('wish', 'config', 'expected'), [
    (True, {}, True), (False, {}, False), (None, {}, False),
    (True, {'box_memory': False}, False), (False, {'box_memory': True}, True),
    (True, {'key_offset': 2}, False), (True, {'mode': 'sparse'}, False),
    (True, {'mode': 'per_frame'}, False), (True, {'key_mode': 'async'}, True)], ids=str)
def test_a_network_may_ask_for_box_memory_where_the_settings_leave_it_open(wish, config, expected):
    network = MovingBox()
    if wish is not None:
        network.box_memory = wish
    engine = Engine(network, StreamConfig(segment_length=4, **config))
    assert engine.config.box_memory == expected
    engine.close()


class DoubtfulBox(MovingBox):
    """Believes the impression alone, and would rather trust it by a quarter."""

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.zeros_like(level) for level in f_k)

    def trust(self, levels):
        return tuple(torch.full_like(level, 0.25) for level in levels)


@pytest.mark.parametrize(('mode', 'box_memory', 'expected'), [
    ('impression', True, 0.75), ('impression', False, 0.0), ('average', True, 0.5)])
def test_the_impression_keeps_what_a_network_trusts_beside_boxes(mode, box_memory, expected):
    engine = Engine(DoubtfulBox(), StreamConfig(segment_length=1, mode=mode,
                                                box_memory=box_memory))
    state = engine.reset()
    for number in range(2):
        image = np.full((*SIZE, 3), 10 + 4 * number, np.uint8)
        _, state = engine.step(Frame(image, number * 0.1), state)
    assert state.mean_weight == pytest.approx(expected)
