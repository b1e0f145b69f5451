# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels and deltas of anchors and proposals."""
from impnet_ros.boxes import decode_boxes, iou_matrix
from impnet_ros.model.paper.rpn import base_anchors, grid_anchors, RPN_DEVIATIONS
from impnet_ros.training.targets import anchor_targets, roi_targets
import torch

BASE = base_anchors((8.0, 16.0, 32.0), (0.5, 1.0, 2.0))
SIZE, CELLS = (600, 1000), (38, 63)


def all_anchors() -> torch.Tensor:
    return grid_anchors(BASE, *CELLS).flatten(0, 2)


def test_an_anchor_that_is_an_object() -> None:
    torch.manual_seed(0)
    index = (20 * 63 + 30) * 9 + 3  # 128 x 128 around the cell in row 20, column 30
    box = all_anchors()[index:index + 1]
    targets = anchor_targets(BASE, CELLS, SIZE, box)
    assert targets.labels[index] == 1
    assert targets.deltas[index].abs().max() < 1e-6
    assert (targets.labels == 1).sum() + (targets.labels == 0).sum() == 256
    overlap = iou_matrix(all_anchors(), box)[:, 0]
    assert overlap[targets.labels == 1].min() >= 0.7
    assert overlap[targets.labels == 0].max() < 0.3


def test_small_object_gets_its_best_anchor() -> None:
    box = torch.tensor([[500., 300, 519, 319]])
    targets = anchor_targets(BASE, CELLS, SIZE, box)
    overlap = iou_matrix(all_anchors(), box)[:, 0]
    inside = (all_anchors() >= 0).all(dim=1) & (all_anchors()[:, 2] < 1000) & (
        all_anchors()[:, 3] < 600)
    assert overlap.max() < 0.7
    positive = (targets.labels == 1).nonzero()[:, 0]
    assert len(positive) and (overlap[positive] == overlap[inside].max()).all()


def test_anchors_that_stick_out_are_ignored() -> None:
    targets = anchor_targets(BASE, CELLS, SIZE, torch.tensor([[0., 0, 200, 200]]))
    counted = all_anchors()[targets.labels >= 0]
    assert counted.min() >= 0
    assert counted[:, 2].max() < 1000 and counted[:, 3].max() < 600


def test_deltas_lead_to_the_object() -> None:
    box = torch.tensor([[333., 222, 444, 377]])
    targets = anchor_targets(BASE, CELLS, SIZE, box)
    positive = targets.labels == 1
    found = decode_boxes(all_anchors()[positive], targets.deltas[positive], RPN_DEVIATIONS)
    torch.testing.assert_close(found, box.expand_as(found), rtol=0, atol=1e-3)


def test_a_crowd_is_half_positive() -> None:
    torch.manual_seed(0)
    chosen = torch.randperm(len(all_anchors()))[:600]
    boxes = all_anchors()[chosen]
    targets = anchor_targets(BASE, CELLS, SIZE, boxes)
    assert (targets.labels == 1).sum() == 128


def test_no_object() -> None:
    targets = anchor_targets(BASE, CELLS, SIZE, torch.zeros(0, 4))
    assert (targets.labels == 0).sum() == 256 and not (targets.labels == 1).any()


def test_sampling_is_torchs() -> None:
    box = torch.tensor([[333., 222, 444, 377]])
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(anchor_targets(BASE, CELLS, SIZE, box).labels)
    assert draws[0].equal(draws[1]) and not draws[0].equal(draws[2])


def test_rois_by_hand() -> None:
    boxes, classes = torch.tensor([[0., 0, 99, 99], [200, 200, 299, 299]]), torch.tensor([4, 7])
    proposals = torch.tensor([[0., 0, 99, 49],       # exactly half of the first
                              [0., 0, 99, 48],       # a little less
                              [210., 200, 309, 299],  # most of the second
                              [500., 500, 520, 520]])
    targets = roi_targets(proposals, boxes, classes, (.1, .1, .2, .2))
    assert targets.rois.shape == (6, 4)
    assert targets.labels.tolist() == [5, 0, 8, 0, 5, 8]
    torch.testing.assert_close(targets.deltas[2], torch.tensor([-1., 0, 0, 0]))
    assert targets.deltas[4:].eq(0).all()


def test_rois_without_object() -> None:
    targets = roi_targets(torch.rand(5, 4), torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64),
                          (.1, .1, .2, .2))
    assert targets.labels.tolist() == [0] * 5
