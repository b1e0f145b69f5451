# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on boxes, with and without the extra pixel."""
from impnet_ros.boxes import (best_boxes, best_boxes_by_class, box_areas, clip_boxes, decode_boxes,
                              encode_boxes, iou_matrix)
import pytest
import torch

DEVIATIONS = (0.1, 0.1, 0.2, 0.2)


def random_boxes(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * 80
    return torch.cat((corner, corner + torch.rand(count, 2, generator=generator) * 30), dim=1)


@pytest.mark.parametrize('extra, area, iou', [(1.0, 100.0, 50 / 150), (0.0, 81.0, 36 / 126)])
def test_area_and_overlap_by_hand(extra: float, area: float, iou: float) -> None:
    one, other = torch.tensor([[0., 0, 9, 9]]), torch.tensor([[5., 0, 14, 9]])
    assert box_areas(one, extra).item() == area
    assert iou_matrix(one, other, extra).item() == pytest.approx(iou)


def test_disjoint_and_empty() -> None:
    boxes = torch.tensor([[0., 0, 9, 9]])
    assert iou_matrix(boxes, boxes + 10).item() == 0
    assert iou_matrix(boxes, boxes[:0]).shape == (1, 0)
    assert best_boxes(boxes[:0], torch.zeros(0), 0.5, 10).tolist() == []


def test_clip() -> None:
    boxes = torch.tensor([[-5., -6, 700, 800], [3, 4, 5, 6]])
    assert clip_boxes(boxes, (600, 500)).tolist() == [[0, 0, 499, 599], [3, 4, 5, 6]]


def test_encode_by_hand() -> None:
    anchor, box = torch.tensor([[0., 0, 15, 15]]), torch.tensor([[8., 0, 39, 15]])
    deltas = encode_boxes(anchor, box, DEVIATIONS)
    expected = torch.tensor([[16 / 16 / .1, 0, torch.log(torch.tensor(2.)) / .2, 0]])
    torch.testing.assert_close(deltas, expected)


def test_decode_is_the_inverse() -> None:
    anchors, boxes = random_boxes(50, 0), random_boxes(50, 1)
    decoded = decode_boxes(anchors, encode_boxes(anchors, boxes, DEVIATIONS), DEVIATIONS)
    torch.testing.assert_close(decoded, boxes, rtol=0, atol=1e-4)


def greedy(boxes: torch.Tensor, threshold: float) -> list[int]:
    """Suppress by the definition, boxes best first."""
    overlap, kept = iou_matrix(boxes, boxes), []
    for index in range(len(boxes)):
        if all(overlap[index, other] <= threshold for other in kept):
            kept.append(index)
    return kept


@pytest.mark.parametrize('count', [1, 5, 12, 1000])
def test_best_boxes_is_a_prefix_of_the_whole_suppression(count: int) -> None:
    boxes = random_boxes(400, 2)
    kept = best_boxes(boxes, torch.linspace(1, 0, 400), 0.3, count)
    assert kept.tolist() == greedy(boxes, 0.3)[:count]


def test_the_extra_pixel_decides() -> None:
    boxes = torch.tensor([[0., 0, 9, 9], [5, 0, 14, 9]])  # overlap 1/3 with, 2/7 without
    scores = torch.tensor([.9, .8])
    assert len(best_boxes(boxes, scores, 0.3, 9)) == 1
    assert len(best_boxes(boxes, scores, 0.3, 9, extra_pixel=0)) == 2


def test_classes_do_not_suppress_each_other() -> None:
    boxes = torch.tensor([[0., 0, 9, 9], [0, 0, 9, 9], [1, 0, 10, 9]])
    kept = best_boxes_by_class(boxes, torch.tensor([.5, .9, .7]), torch.tensor([0, 1, 0]), .3, 9)
    assert kept.tolist() == [1, 2]
