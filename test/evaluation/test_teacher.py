# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels from the detector itself."""
from impnet_ros.evaluation.teacher import _mean_of
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
