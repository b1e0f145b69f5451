# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What true places, centres, sizes and classes would give."""
from impnet_ros.evaluation.clips.oracle import (ORACLES, true_centres, true_labels, true_places,
                                                true_sizes)
from impnet_ros.evaluation.clips.precision import precisions
import numpy as np
from true_scenes import clip_of, found_of, frame_of, random_scene

TRUTH = frame_of((100, 100, 40, 80, 1, 7), (300, 100, 40, 80, 1, 8))
FOUND = found_of((110, 110, 20, 60, 1, .9))  # centre (120, 140), that of the first: (120, 140)


def test_centre_and_size_are_the_two_halves_of_a_place():
    moved = found_of((130, 90, 20, 60, 1, .9))
    assert true_centres(moved, TRUTH).boxes.tolist() == [[130, 90, 150, 150]]  # too far: IoU .2
    near = found_of((106, 104, 30, 60, 1, .9))
    assert true_centres(near, TRUTH).boxes.tolist() == [[105, 110, 135, 170]]
    assert true_sizes(near, TRUTH).boxes.tolist() == [[101, 94, 141, 174]]
    assert true_places(near, TRUTH).boxes.tolist() == [[100, 100, 140, 180]]
    assert near.boxes.tolist() == [[106, 104, 136, 164]]  # what was found is as it was


def test_a_box_takes_the_class_only_of_what_it_shows():
    found = found_of((105, 100, 40, 80, 2, .9), (200, 100, 40, 80, 2, .8))
    assert true_labels(found, TRUTH).labels.tolist() == [1, 2]
    assert true_places(found, TRUTH).boxes.tolist() == found.boxes.tolist()  # other classes


def test_of_two_boxes_at_an_object_the_nearer_one_is_mended():
    found = found_of((110, 100, 40, 80, 1, .9), (104, 100, 40, 80, 1, .8))
    assert true_places(found, TRUTH).boxes[:, 0].tolist() == [110, 100]


def test_ignored_objects_and_empty_frames_tell_nothing():
    ignored = frame_of((100, 100, 40, 80, 1, 7, True))
    for oracle in ORACLES.values():
        assert oracle(FOUND, ignored).boxes.tolist() == FOUND.boxes.tolist()
        assert oracle(found_of(), TRUTH).boxes.shape == (0, 4)
        assert oracle(FOUND, frame_of()).labels.tolist() == [1]


def test_average_precision_gains_what_was_missing():
    clip = clip_of(TRUTH)
    found = [found_of((106, 104, 30, 60, 1, .9), (300, 100, 40, 80, 2, .8))]
    result = precisions(clip, found, [False])
    half = 100 * 51 / 101
    assert [round(result[name].ap75, 3) for name in ('all', *ORACLES)] == [
        0.0, *np.round((half, 0.0, half, half / 2), 3)]  # the first is wrong still


def test_truth_does_not_make_it_worse():
    truth, found = random_scene(3)
    result = precisions(clip_of(*truth), found, [False] * len(found))
    assert result['true places'].ap50 >= result['all'].ap50
