# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Remembered boxes meet fresh ones, fade and keep their identity."""
from dataclasses import replace
import math

from box_tables import DETECTION, met, sighting_of, SIZE, tracks_of, uniform_flow
from impnet_ros.config import DetectionConfig
from impnet_ros.stream.boxes.memory import carry, merge, no_tracks
from impnet_ros.stream.boxes.sighting import Sighting
import pytest
import torch


def test_a_scene_cut_ends_every_track():
    tracks = tracks_of((10, 10, 40, 40, .9, 0), (100, 10, 140, 40, .8, 0))
    mismatch = torch.zeros(1, 1, 10, 20)
    mismatch[..., :7] = 1  # a third of the picture; the second box does not lie in it
    kept = carry(tracks, uniform_flow(0, 0), mismatch, SIZE, DETECTION, 0.1)
    assert len(kept.scores) == 0


def test_a_box_that_leaves_the_picture_or_its_likeness_is_forgotten():
    tracks = tracks_of((130, 10, 150, 30, .9, 0), (10, 10, 40, 40, .9, 0), (60, 10, 90, 40, .8, 0))
    mismatch = torch.zeros(1, 1, 10, 20)
    mismatch[..., :4] = 1
    kept = carry(tracks, uniform_flow(4, 0), mismatch, SIZE, DETECTION, 0.1)
    assert kept.ids.tolist() == [2] and kept.scores.tolist() == pytest.approx([.8])


def test_a_fresh_box_inherits_the_id_and_places_are_weighted_by_score():
    carried = tracks_of((10, 10, 50, 50, .9, 0))
    worse = met(carried, (14, 10, 54, 50, .6, 0), (100, 10, 140, 50, .5, 0))
    assert worse.ids.tolist() == [0, 1]
    x = 10 + 4 * .6 / (.6 + .5 * .9)  # half of .9 against .6
    assert worse.boxes[0].tolist() == pytest.approx([x, 10, x + 40, 50])
    better = met(carried, (14, 10, 54, 50, .95, 0))
    assert better.ids.tolist() == [0] and better.scores.tolist() == pytest.approx([.95])


def test_a_faded_place_yields_to_a_fresh_one():
    faded = met(tracks_of((10, 10, 50, 50, .8, 0)), (14, 10, 54, 50, .8, 0), stamp_s=math.log(2))
    assert faded.boxes[0].tolist() == pytest.approx([13.2, 10, 53.2, 50])  # 1/4 against 1


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
        tracks = carry(tracks, uniform_flow(0.5, 0), None, SIZE, DETECTION, number * 0.1)
    assert tracks.way.tolist() == pytest.approx([8 / 40])
    assert tracks.scores.tolist() == pytest.approx([.8])
    missed = met(tracks, stamp_s=0.2)
    assert missed.scores.tolist() == pytest.approx([.8 * math.exp(-0.2 - 2 * 8 / 40)])
    assert missed.way.tolist() == [0]
    far = carry(tracks, uniform_flow(9, 0), None, SIZE, DETECTION, 0.2)
    assert met(far, stamp_s=0.2).scores.tolist() == pytest.approx([.8 * math.exp(-0.2 - 0.5)])
    seen = met(tracks, (18, 10, 58, 50, .8, 0), stamp_s=0.2)
    assert seen.way.tolist() == [0]


def test_two_fresh_boxes_on_a_remembered_one_become_one_with_the_better_ones_place():
    both = met(tracks_of((10, 10, 50, 50, .4, 0)), (10, 10, 50, 50, .8, 0),
               (12, 10, 52, 50, .5, 0))
    assert both.ids.tolist() == [0] and both.boxes[0].tolist() == [10, 10, 50, 50]


def test_classes_do_not_meet():
    both = met(tracks_of((10, 10, 50, 50, .9, 0)), (20, 10, 60, 50, .8, 1))
    assert both.labels.tolist() == [0, 1] and both.ids.tolist() == [0, 1]
    assert both.boxes[0].tolist() == [10, 10, 50, 50]


def test_unconfirmed_scores_fade_and_end():
    carried = tracks_of((10, 10, 50, 50, .9, 0), stamp_s=5.0)
    soon = met(carried, stamp_s=5.5)
    assert soon.scores.tolist() == pytest.approx([.9 * math.exp(-0.5)])
    assert len(met(carried, stamp_s=6.2).scores) == 0
    assert met(carried, (100, 10, 140, 50, .6, 0), stamp_s=6.2).ids.tolist() == [1]


def test_a_weak_box_confirms_what_is_known_and_begins_nothing():
    carried = tracks_of((10, 10, 50, 50, .8, 0))
    table = torch.tensor([[12., 10, 52, 50], [100, 10, 140, 50], [60, 10, 90, 50]])
    seen = Sighting(table, torch.tensor([.4, .45, .5]), torch.tensor([0, 0, 0]), 0.0, begins=0.5)
    both = merge(carried, seen, 1.0, DETECTION)
    assert both.ids.tolist() == [0, 1] and both.next_id == 2
    assert both.scores.tolist() == pytest.approx([.8, .5])
    assert both.boxes[1].tolist() == [60, 10, 90, 50]


def test_what_is_blurred_is_not_gone():
    table = torch.tensor([[10., 10, 50, 50]])
    seen = Sighting(table, torch.tensor([.9]), torch.tensor([0]), 0.0, clarity=3.0)
    clear = merge(no_tracks(0.0), seen, 1.0, DETECTION)
    assert clear.clarity == 3.0

    def after(clarity):
        nothing = sighting_of(torch.zeros(0, 6), 0.75, clarity=clarity)
        return merge(clear, nothing, 1.0, DETECTION)

    assert after(3.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75)])
    # 0.75 s take half an e-fold off what is expected: 1.5 is one e-fold less than that.
    assert after(1.5).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10)])
    assert after(-4.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10)])
    assert after(2.0).scores.tolist() == pytest.approx([.9 * math.exp(-0.75 / 10 ** .5)])


def test_a_scene_cut_ends_what_was_known_of_the_clarity():
    """The next scene is not blurred because the one before it was clearer."""
    tracks = replace(tracks_of((10, 10, 40, 40, .9, 0)), clarity=3.0)
    for difference, expected in ((0.29, 3.0), (0.31, -math.inf)):
        mismatch = torch.full((1, 1, 10, 20), difference)
        moved = carry(tracks, uniform_flow(0, 0), mismatch, SIZE, DETECTION, 0.1)
        assert moved.clarity == expected and len(moved.scores) == (expected == 3.0)


@pytest.mark.parametrize(('label', 'shift', 'ids'), [
    (0, 8, [0]), (0, 13, [0]),        # IoU 32 / 48 and 27 / 53: one object
    (0, 14, [0, 1]), (1, 8, [0, 1])])  # 26 / 54, or another class: two
def test_half_an_overlap_makes_one_object_whatever_nms_allows(label, shift, ids):
    """Detections that overlap by up to 0.9 may be reported; remembered they are one from 0.5."""
    lenient = DetectionConfig(score_threshold=0.3, nms_threshold=0.9)
    table = torch.tensor([[10., 10, 50, 50, .9, 0], [10. + shift, 10, 50 + shift, 50, .8, label]])
    both = merge(tracks_of((10, 10, 50, 50, .9, 0)), sighting_of(table[1:], 0.0), 1.0, lenient)
    assert sorted(both.ids.tolist()) == ids
    alone = merge(no_tracks(0.0), sighting_of(table, 0.0), 1.0, lenient)
    assert alone.ids.tolist() == ids


def test_no_more_are_remembered_than_may_be_reported_and_the_best_are():
    rows = [(20 * n, 10, 20 * n + 18, 50, .4 + .1 * n, 0) for n in range(5)]
    table = torch.tensor(rows)
    few = merge(no_tracks(0.0), sighting_of(table, 0.0), 1.0,
                replace(DETECTION, max_detections=2))
    assert few.scores.tolist() == pytest.approx([.8, .7])


def test_a_box_smaller_than_two_pixels_is_forgotten():
    tracks = tracks_of((10, 10, 12, 30, .9, 0), (50, 10, 51.5, 30, .9, 0))
    assert carry(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, 0.1).ids.tolist() == [0]


def test_time_and_age_go_on_with_each_frame():
    tracks = tracks_of((10, 10, 40, 40, .9, 0), stamp_s=1.0)
    for stamp_s in (1.1, 1.3):
        tracks = carry(tracks, uniform_flow(0, 0), None, SIZE, DETECTION, stamp_s)
    assert (tracks.stamp_s, tracks.frame_s) == (1.0, 1.3)
    assert tracks.age_s.tolist() == pytest.approx([0.3])
    nothing = carry(no_tracks(1.0), uniform_flow(0, 0), None, SIZE, DETECTION, 1.5)
    assert nothing.frame_s == 1.5
    seen_again = met(tracks, (10, 10, 40, 40, .9, 0), stamp_s=1.3)
    assert seen_again.age_s.tolist() == pytest.approx([0.3]) and seen_again.stamp_s == 1.3


def test_ids_are_never_given_twice():
    """A track that ended leaves its number unused."""
    tracks = tracks_of((10, 10, 40, 40, .9, 0), (80, 10, 120, 40, .9, 0))
    gone = met(tracks, stamp_s=9.0)
    assert len(gone.ids) == 0 and gone.next_id == 2
    assert met(gone, (10, 10, 40, 40, .9, 0), stamp_s=9.1).ids.tolist() == [2]


def test_a_weighty_look_moves_a_place_further():
    """Score .8 against .4 remembered: two thirds of the way; weighed twice: four fifths."""
    carried = tracks_of((10, 10, 50, 50, .8, 0))
    for weight, share in ((1.0, 2 / 3), (2.0, 4 / 5)):
        table = torch.tensor([[16., 10, 56, 50, .8, 0]])
        both = merge(carried, sighting_of(table, 0.0, place_weight=weight), 1.0, DETECTION)
        assert both.boxes[0].tolist() == pytest.approx([10 + 6 * share, 10, 50 + 6 * share, 50])


def test_the_absence_of_what_is_too_small_to_be_seen_means_the_less():
    """Sides 10 and 40 where 20 would surely be seen: half an e-fold and one of a second each."""
    carried = tracks_of((10, 10, 20, 20, .9, 0), (60, 10, 100, 50, .9, 0))
    missed = merge(carried, sighting_of(torch.zeros(0, 6), 1.0, seen_from=20.0), 1.0, DETECTION)
    assert missed.boxes[0].tolist() == [10, 10, 20, 20]
    assert missed.scores.tolist() == pytest.approx([.9 * math.exp(-.5), .9 * math.exp(-1)])


def test_a_low_score_of_what_is_small_means_the_less():
    """Sides 10 and 40 where 40 would do: .9 falls towards .4 a quarter as fast, and in full."""
    carried = tracks_of((10, 10, 20, 20, .9, 0), (60, 10, 100, 50, .9, 0))
    table = torch.tensor([[10., 10, 20, 20, .4, 0], [60, 10, 100, 50, .4, 0]])
    seen = merge(carried, sighting_of(table, 0.1, scored_from=40.0), 1.0, DETECTION)
    assert seen.scores.tolist() == pytest.approx(
        [.4 + .5 * math.exp(-.2 / 4), .4 + .5 * math.exp(-.2)])


def test_a_blurred_look_moves_a_place_less():
    """Detail of 1 / e: the remembered place counts 1.5 against .8 / .8, not .5."""
    carried = tracks_of((10, 10, 50, 50, .8, 0))
    table = torch.tensor([[16., 10, 56, 50, .8, 0]])
    blurred = merge(carried, sighting_of(table, 0.0, clarity=-1.0), 1.0, DETECTION)
    assert blurred.boxes[0].tolist() == pytest.approx([10 + 6 / 2.5, 10, 50 + 6 / 2.5, 50])
