# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches: every sample once an epoch, shared out between processes."""
from impnet_ros.data.samples import make_truth
from impnet_ros.data.triplets import Triplet
from impnet_ros.training.batches import BatchKeys, collate
import numpy as np
import pytest


def triplet(width, value=0):
    picture = np.full((4, width, 3), value, np.uint8)
    return Triplet(picture, picture, picture, make_truth([[0, 0, 2, 2]], [1]))


def test_every_sample_once_an_epoch_and_in_another_order():
    keys = [key for batch in BatchKeys(10, 3, 2, 0, 10) for key in batch]
    first, second = keys[:10], keys[10:]
    assert sorted(first) == [(0, i) for i in range(10)]
    assert sorted(second) == [(1, i) for i in range(10)]
    assert [i for _, i in first] != [i for _, i in second]


def test_starting_later_gives_the_rest():
    whole = list(BatchKeys(7, 1, 2, 0, 9))
    assert list(BatchKeys(7, 1, 2, 4, 9)) == whole[4:]


def test_processes_share_the_batches_of_one():
    alone = list(BatchKeys(11, 0, 4, 0, 5))
    parts = [list(BatchKeys(11, 0, 2, 0, 5, rank, 2)) for rank in range(2)]
    assert [a + b for a, b in zip(*parts)] == alone


def test_collate():
    batch = collate([triplet(6, 1), triplet(6, 9)])
    assert batch.current.shape == (2, 3, 4, 6)
    assert batch.current[1, 0, 0, 0] == 9
    assert batch.still.tolist() == [True, True]
    assert batch.boxes[0].tolist() == [[0, 0, 2, 2]] and batch.labels[1].tolist() == [1]
    with pytest.raises(ValueError, match='expected pictures of one size'):
        collate([triplet(6), triplet(8)])
