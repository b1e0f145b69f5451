# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is said of one run."""
from impnet_ros.evaluation.clips.oracle import ORACLES
from impnet_ros.evaluation.clips.rows import row, tracking, unsupported
from impnet_ros.evaluation.clips.run import Run
import numpy as np
import pytest
from true_scenes import clip_of, found_of, frame_of

HERE, THERE, GHOST = (0, 0, 10, 10), (100, 0, 10, 10), (50, 50, 10, 10)


def run_of(*reported, ids=None):
    found = [found_of(*((*box, label, 0.9) for box, label in frame)) for frame in reported]
    return Run(found, found, ids or [None] * len(found), 1)


def test_a_row():
    clip = clip_of(frame_of((*HERE, 0, 1), (*THERE, 2, 2)), frame_of((*HERE, 0, 1)))
    run = run_of([(HERE, 0), (GHOST, 0)], [(HERE, 0)], ids=[np.array([3, 4]), np.array([4])])
    seen = [found_of((*HERE, 0, 0.3)), found_of()]
    result = row(clip, run, [False, True], seen)
    assert (result['objects'], result['matches'], result['false']) == (3, 2, 1)
    assert (result['id_switches'], result['fragmentations'], result['breaks']) == (1, 0, 0)
    assert (result['reported'], result['unsupported']) == (3, 1)
    assert (result['keys_per_frame'], result['frames']) == (0.5, 2)
    # Class 0: both found, with the false one in the middle of equal scores; class 2: none.
    assert result['ap50'] == pytest.approx(100 * (51 + 50 * 2 / 3) / 101 / 2)
    assert set(result['by']) == {'spoilt', 'size small', 'size medium', 'size large',
                                 'speed slow', 'speed medium', 'speed fast', *ORACLES}
    assert result['by']['spoilt']['ap50'] == 100.0


def test_boxes_without_numbers_switch_nothing_and_break():
    clip = clip_of(frame_of((*HERE, 0, 1)), frame_of((*HERE, 0, 1)), frame_of((*HERE, 0, 1)))
    counts = tracking(clip, run_of([(HERE, 0)], [], [(HERE, 0)]))
    assert counts.breaks == 1 and counts.matches == 2
    run = run_of([(HERE, 0)], [(HERE, 0)])
    clip = clip_of(*clip.truth[:2])
    result = row(clip, run, [False] * 2, run.found)
    assert result['id_switches'] is None and result['breaks'] == 0


def test_what_the_network_sees_or_what_is_annotated_supports_a_box():
    clip = clip_of(frame_of((*HERE, 0, 1, True)))
    run = run_of([(HERE, 0), (THERE, 5), (GHOST, 5), (GHOST, 0)])
    seen = [found_of((*THERE, 5, 0.06), (*GHOST, 5, 0.9))]
    assert unsupported(clip, run, seen) == 1


def test_what_lies_in_a_crowd_of_its_class_is_supported():
    clip = clip_of(frame_of((0, 0, 200, 200, 0, 1, True, True)))
    assert unsupported(clip, run_of([(HERE, 0), (THERE, 5)]), [found_of()]) == 1


def test_an_incomplete_truth_says_nothing_of_boxes_elsewhere():
    clip = clip_of(frame_of((*HERE, 0, 1)), complete=False)
    assert tracking(clip, run_of([(HERE, 0), (THERE, 0)])).false == 0


def test_labels_without_tracks_give_no_counts_of_them():
    clip = clip_of(frame_of((*HERE, 0, 1)), frame_of((*HERE, 0, 1)), tracked=False)
    run = run_of([(HERE, 0)], [(HERE, 0)], ids=[np.array([1]), np.array([2])])
    result = row(clip, run, [False] * 2, run.found)
    assert result['id_switches'] is result['breaks'] is result['fragmentations'] is None
    assert 'speed slow' not in result['by'] and result['matches'] == 2
