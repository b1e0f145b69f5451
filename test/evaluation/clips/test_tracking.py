# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Identity switches and fragmentations, by hand from the definitions of TrackEval's CLEAR."""
from impnet_ros.evaluation.clips.tracking import track_class, Tracking
import numpy as np
from true_scenes import found_of, frame_of

HERE, THERE = (0, 0, 10, 10), (100, 0, 10, 10)


def follow(truth, reported):
    """Track class 0; each reported frame is a list of (box, id)."""
    return track_class(truth, [found_of(*((*box, 0, 0.5) for box, _ in frame))
                               for frame in reported],
                       [np.array([number for _, number in frame], int) for frame in reported], 0)


def one(count):
    return [frame_of((*HERE, 0, 1))] * count


def test_another_number_is_one_switch_and_no_fragmentation():
    found = [[(HERE, 5)], [(HERE, 5)], [(HERE, 6)], [(HERE, 6)], [(HERE, 5)]]
    assert follow(one(5), found) == Tracking(5, 5, 0, switches=2)


def test_a_switch_is_against_the_last_number_however_long_ago():
    away = [(THERE, 9)]
    found = [[(HERE, 5)], away, away, [(HERE, 6)]]
    assert follow(one(4), found) == Tracking(4, 2, 2, switches=1, fragmentations=1, breaks=1)
    found[3] = [(HERE, 5)]
    assert follow(one(4), found) == Tracking(4, 2, 2, switches=0, fragmentations=1, breaks=1)


def test_a_start_too_late_and_an_end_too_early_break_nothing():
    away = [(THERE, 9)]
    assert follow(one(4), [away, [(HERE, 5)], [(HERE, 5)], away]).breaks == 0


def test_a_frame_in_which_nothing_is_reported_breaks_and_is_no_fragmentation():
    found = [[(HERE, 5)], [], [(HERE, 5)]]
    assert follow(one(3), found) == Tracking(3, 2, fragmentations=0, breaks=1)


def test_a_pair_of_the_frame_before_stays_one_though_another_box_overlaps_more():
    near = (2, 0, 10, 10)   # shares 8 / 12
    found = [[(HERE, 5)], [(near, 5), (HERE, 6)]]
    assert follow(one(2), found) == Tracking(2, 2, 1, switches=0)
    found[1] = [((4, 0, 10, 10), 5), (HERE, 6)]  # shares 6 / 14, less than half
    assert follow(one(2), found) == Tracking(2, 2, 1, switches=1)


def test_a_frame_in_which_it_is_not_to_be_found_breaks_nothing():
    truth = [*one(1), frame_of((*HERE, 0, 1, True)), frame_of(), *one(1)]
    assert follow(truth, [[(HERE, 5)], [], [], [(HERE, 5)]]).breaks == 0


def test_one_id_twice_in_a_frame_is_two_matches():
    truth = [frame_of((*HERE, 0, 1), (*THERE, 0, 1))]
    counts = follow(truth, [[(HERE, 5), (THERE, 6)]])
    assert (counts.objects, counts.matches, counts.false) == (2, 2, 0)


def test_two_objects_that_swap_their_numbers_are_two_switches():
    truth = [frame_of((*HERE, 0, 1), (*THERE, 0, 2))] * 2
    found = [[(HERE, 5), (THERE, 6)], [(HERE, 6), (THERE, 5)]]
    assert follow(truth, found) == Tracking(4, 4, 0, switches=2)


def test_ignored_objects_and_other_classes_count_neither_way():
    truth = [frame_of((*HERE, 0, 1, True), (*THERE, 1, 2), (50, 50, 40, 40, 0, 3, False, True))]
    found = [[(HERE, 5), ((60, 60, 10, 10), 7)]]
    assert follow(truth, found) == Tracking()
    assert follow(truth, [[(THERE, 5)]]) == Tracking(false=1)
