# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Anchors and proposals."""
from impnet_ros.model.paper.rpn import base_anchors, grid_anchors, ProposalLimits, propose, RPN
import torch

PAPER = (8.0, 16.0, 32.0), (0.5, 1.0, 2.0)


def test_the_nine_anchors() -> None:
    """Values that py-faster-rcnn documents, moved by one: it counts pixels from 1."""
    documented = [[-83, -39, 100, 56], [-175, -87, 192, 104], [-359, -183, 376, 200],
                  [-55, -55, 72, 72], [-119, -119, 136, 136], [-247, -247, 264, 264],
                  [-35, -79, 52, 96], [-79, -167, 96, 184], [-167, -343, 184, 360]]
    expected = torch.tensor(documented, dtype=torch.float32) - 1
    anchors = base_anchors(*PAPER)
    assert anchors[0].tolist() == [-84, -40, 99, 55]
    torch.testing.assert_close(anchors, expected)


def test_grid() -> None:
    base = base_anchors(*PAPER)
    anchors = grid_anchors(base, 3, 4)
    assert anchors.shape == (3, 4, 9, 4)
    for row in range(3):
        for column in range(4):
            shift = torch.tensor([16 * column, 16 * row] * 2)
            torch.testing.assert_close(anchors[row, column], base + shift)


def test_parameters() -> None:
    with torch.device('meta'):
        assert sum(p.numel() for p in RPN(512, 9).parameters()) == 27_702


def maps_with(rows: int, columns: int, anchor: int, row: int, column: int,
              ) -> tuple[torch.Tensor, torch.Tensor]:
    """RPN outputs that find one anchor at one cell; channels as in MSRA's weights."""
    scores = torch.zeros(18, rows, columns)
    scores[9 + anchor, row, column] = 5.0
    return scores, torch.zeros(36, rows, columns)


def test_best_anchor_becomes_the_first_proposal() -> None:
    base = base_anchors(*PAPER)
    scores, deltas = maps_with(38, 63, anchor=3, row=20, column=30)
    rois = propose(scores, deltas, base, (600, 1000), ProposalLimits())
    expected = base[3] + torch.tensor([480, 320, 480, 320])
    torch.testing.assert_close(rois[0], expected)
    assert rois.shape[1] == 4 and len(rois) <= 300


def test_deltas_belong_to_their_anchor() -> None:
    base = base_anchors(*PAPER)
    scores, deltas = maps_with(38, 63, anchor=3, row=20, column=30)
    deltas[3 * 4 + 0, 20, 30] = 5.0  # times .1, half a width of 128 to the right
    rois = propose(scores, deltas, base, (600, 1000), ProposalLimits())
    torch.testing.assert_close(rois[0], base[3] + torch.tensor([480 + 64., 320, 480 + 64, 320]))


def test_incomplete_cells_are_left_out_as_in_the_reference() -> None:
    """600 pixels are 37.5 cells: the 38th row has no anchors."""
    scores, deltas = maps_with(38, 63, anchor=3, row=37, column=30)
    rois = propose(scores, deltas, base_anchors(*PAPER), (600, 1000), ProposalLimits(kept=5))
    assert rois[0, 1] != base_anchors(*PAPER)[3, 1] + 37 * 16


def test_proposals_are_inside_and_overlap_little() -> None:
    from impnet_ros.boxes import iou_matrix
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(18, 38, 63, generator=generator)
    deltas = torch.randn(36, 38, 63, generator=generator)
    rois = propose(scores, deltas, base_anchors(*PAPER), (600, 1000), ProposalLimits())
    assert len(rois) == 300
    assert rois.min() >= 0 and rois[:, 0::2].max() <= 999 and rois[:, 1::2].max() <= 599
    assert iou_matrix(rois, rois).fill_diagonal_(0).max() <= 0.7


def test_a_picture_smaller_than_a_cell() -> None:
    scores, deltas = maps_with(1, 1, anchor=0, row=0, column=0)
    rois = propose(scores, deltas, base_anchors(*PAPER), (8, 12), ProposalLimits())
    assert rois[0].tolist() == [0, 0, 11, 7]
