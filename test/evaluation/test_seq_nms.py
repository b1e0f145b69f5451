# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Seq-NMS with answers known by hand, and against a plain implementation."""
from impnet_ros.boxes import iou_matrix
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.seq_nms import seq_nms
import numpy as np
import pytest
import torch


def frame(boxes: list[list[float]], scores: list[float],
          labels: list[int] | None = None) -> FrameBoxes:
    return FrameBoxes(np.array(boxes, np.float64).reshape(-1, 4), np.array(scores, np.float64),
                      np.array(labels or [0] * len(scores), np.int64))


def test_a_weak_box_is_lifted_by_its_neighbours() -> None:
    boxes = [[10., 10, 50, 50]]
    result = seq_nms([frame(boxes, [.9]), frame(boxes, [.1]), frame(boxes, [.8])])
    for item in result:
        assert item.scores.tolist() == pytest.approx([.6])


def test_the_path_suppresses_what_overlaps_it() -> None:
    """The second frame's stronger box does not continue the path: it overlaps it by 1/3."""
    result = seq_nms([frame([[0., 0, 99, 99]], [.9]),
                      frame([[0., 0, 99, 99], [50, 0, 149, 99]], [.5, .6]),
                      frame([[0., 0, 99, 99]], [.7])])
    assert result[1].boxes.tolist() == [[0, 0, 99, 99]]
    assert result[1].scores.tolist() == pytest.approx([.7])


def test_far_boxes_and_other_classes_stay() -> None:
    result = seq_nms([frame([[0., 0, 99, 99], [0, 0, 99, 99], [300, 300, 350, 350]],
                            [.9, .8, .3], [0, 1, 0]),
                      frame([[0., 0, 99, 99]], [.5], [0])])
    assert len(result[0].scores) == 3
    assert result[0].scores.tolist() == pytest.approx([.8, .7, .3])
    assert result[0].labels.tolist() == [1, 0, 0]


def test_a_gap_ends_a_path() -> None:
    boxes = [[10., 10, 50, 50]]
    result = seq_nms([frame(boxes, [.9]), frame([], []), frame(boxes, [.5])])
    assert [item.scores.tolist() for item in result] == [pytest.approx([.9]), [],
                                                         pytest.approx([.5])]


def test_negligible_boxes_keep_their_scores() -> None:
    result = seq_nms([frame([[0., 0, 9, 9]], [.002]), frame([[0., 0, 9, 9]], [.004])])
    assert [item.scores.tolist() for item in result] == [pytest.approx([.002]),
                                                         pytest.approx([.004])]


def test_empty() -> None:
    assert seq_nms([]) == []
    assert len(seq_nms([frame([], [])])[0].scores) == 0


def test_what_came_in_is_not_changed() -> None:
    frames = [frame([[0., 0, 99, 99]], [.9]), frame([[0., 0, 99, 99]], [.5])]
    assert [item.scores.tolist() for item in seq_nms(frames)] == [[.7], [.7]]
    assert [item.scores.tolist() for item in frames] == [[.9], [.5]]


def plain(boxes: list[torch.Tensor], scores: list[np.ndarray],
          ) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Seq-NMS of one class by its definition: everything anew for each path."""
    scores, free = [item.copy() for item in scores], [np.ones(len(s), bool) for s in scores]
    done = [np.zeros(len(s), bool) for s in scores]
    new = [item.copy() for item in scores]
    while True:
        best: tuple[float, int, list[int]] = (0.0, 0, [])
        paths: list[tuple[float, int, list[int]]] = []
        for number, score in enumerate(scores):
            ending = []
            for box in range(len(score)):
                if not free[number][box]:
                    ending.append((0.0, number, []))
                    continue
                longest = (0.0, number, [])
                for index, before in enumerate(paths):
                    link = iou_matrix(boxes[number - 1][index:index + 1],
                                      boxes[number][box:box + 1]).item() >= .5
                    if link and before[0] > longest[0]:
                        longest = before
                ending.append((longest[0] + score[box], longest[1], [*longest[2], box]))
                best = max(best, ending[-1], key=lambda path: path[0])
            paths = ending
        total, first, path = best
        if total < .01:
            return new, [one | two for one, two in zip(done, free, strict=True)]
        for number, box in enumerate(path, start=first):
            overlap = iou_matrix(boxes[number][box:box + 1], boxes[number])[0].numpy()
            free[number] &= overlap < .3
            free[number][box] = False
            done[number][box] = True
            new[number][box] = total / len(path)


@pytest.mark.parametrize('seed', range(4))
def test_against_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(12):
        count = int(rng.integers(0, 9))
        corner = rng.integers(0, 4, (count, 2)) * 20 + rng.uniform(-6, 6, (count, 2)) + 50
        boxes = np.concatenate((corner, corner + rng.uniform(25, 45, (count, 2))), axis=1)
        frames.append(frame(boxes.tolist(), sorted(rng.random(count).tolist(), reverse=True)))
    expected, kept = plain([torch.from_numpy(item.boxes) for item in frames],
                           [item.scores for item in frames])
    for found, score, stays in zip(seq_nms(frames), expected, kept, strict=True):
        np.testing.assert_allclose(found.scores, np.sort(score[stays])[::-1], atol=1e-6)


def test_a_long_video_takes_little_time() -> None:
    """300 frames of 60 boxes: without keeping the paths up to date this takes minutes."""
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(300):
        corner = rng.uniform(0, 400, (60, 2))
        boxes = np.concatenate((corner, corner + rng.uniform(20, 90, (60, 2))), axis=1)
        frames.append(frame(boxes.tolist(), rng.random(60).tolist()))
    assert len(seq_nms(frames)) == 300
