# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels from the detector itself, bursts, and precision on unlabelled clips."""
from impnet_ros.data.degradations import CLEAN
from impnet_ros.data.samples import Degradation, make_truth
from impnet_ros.evaluation.clips import precision, settings, spoil_in_bursts
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.teacher import _mean_of, PseudoTruth
import numpy as np
import pytest
import torch


def look(*rows):
    """Each row: x1, y1, x2, y2, score, label."""
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return table[:, :4], table[:, 4], table[:, 5].long()


def test_what_every_look_sees_is_averaged_and_what_one_sees_counts_a_quarter():
    looks = [look((0, 0, 10, 10, .8, 0), (50, 50, 60, 60, .6, 1)), look((0, 0, 12, 10, .4, 0)),
             look((0, 0, 10, 10, .8, 0)), look((0, 0, 10, 10, .4, 0))]
    boxes, scores, labels = _mean_of(looks)
    assert labels.tolist() == [0, 1] and scores.tolist() == pytest.approx([.6, .15])
    assert boxes[0].tolist() == pytest.approx([0, 0, 10 + 2 * .4 / 2.4, 10])


def test_nothing_seen_is_no_label():
    assert len(_mean_of([look(), look()])[1]) == 0


def test_bursts_spoil_some_frames_and_leave_the_others_as_they_are():
    images = [np.full((40, 60, 3), 20 + number, np.uint8) for number in range(40)]
    clean, how = spoil_in_bursts(images, (0.0, 0.0), 0)
    assert all(a is b for a, b in zip(clean, images)) and set(how) == {CLEAN}
    spoilt, how = spoil_in_bursts(images, (0.5, 0.9), 0)
    for image, before, item in zip(spoilt, images, how):
        assert (image is before) == (item == CLEAN)
    assert 10 < sum(item != CLEAN for item in how) < 30
    again, _ = spoil_in_bursts(images, (0.5, 0.9), 0)
    assert all(np.array_equal(a, b) for a, b in zip(spoilt, again))


def test_a_segment_is_as_long_as_its_span_in_time():
    found = settings(25.0, 1 / 3)
    assert found['impression + boxes l=8'].box_memory
    assert found['impression + boxes l=8'].segment_length == 8
    assert list(settings(2.0, 1 / 3))[1:] == [
        'impression l=1', 'boxes l=1', 'impression + boxes l=1']


def test_precision_ignores_what_may_be_something():
    truth = make_truth([(0, 0, 10, 10), (20, 20, 30, 30)], [0, 0])
    labels = [PseudoTruth(truth, np.array([True, False]))] * 20
    both = FrameBoxes(truth.boxes.astype(float), np.array([.5, .9]), truth.labels)
    wrong = FrameBoxes(truth.boxes.astype(float) + 40, np.array([.5, .9]), truth.labels)
    how = [CLEAN] * 10 + [Degradation('defocus', .5)] * 10
    assert precision([both] * 20, labels, how) == {'all': 100.0, 'spoilt': 100.0}
    assert precision([both] * 10 + [wrong] * 10, labels, how) == {'all': 50.0 / 2, 'spoilt': 0.0}
    assert precision([both] * 20, labels, [CLEAN] * 20)['spoilt'] is None
