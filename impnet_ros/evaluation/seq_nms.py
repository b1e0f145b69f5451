# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Seq-NMS: rescore detections by the best path through the video. Offline.

Han et al., "Seq-NMS for Video Object Detection", 2016, rescoring by the mean. Boxes of one class
in consecutive frames are linked where they overlap; the path with the largest sum of scores is
taken, its boxes get its mean score and suppress what overlaps them; repeated on what is left.
"""
from collections.abc import Sequence

from impnet_ros.boxes import iou_matrix
from impnet_ros.evaluation.matching import FrameBoxes
import numpy as np
from numpy.typing import NDArray
import torch

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LINK_IOU = 0.5
SUPPRESS_IOU = 0.3
_SMALLEST_SUM = 0.01
"""A path with a smaller sum of scores changes nothing that matters, as in the reference."""


class _Paths:
    """
    The best path that ends at each box, kept up to date while boxes are taken away.

    Parameters
    ----------
    boxes : list of Tensor
        (N_f, 4) a frame.
    scores : list of ndarray
        (N_f,) a frame.

    """

    def __init__(self, boxes: list[torch.Tensor], scores: list[Floats]) -> None:
        self.links = [(iou_matrix(one, two) >= LINK_IOU).numpy()
                      for one, two in zip(boxes, boxes[1:], strict=False)]
        self.overlaps = [(iou_matrix(item, item) >= SUPPRESS_IOU).numpy() for item in boxes]
        self.free = [np.ones(len(item), np.bool_) for item in scores]
        self.scores = scores
        self.sums = [np.where(item > 0, item, 0.0) for item in scores]
        self.before = [np.full(len(item), -1) for item in scores]
        self.peaks = np.zeros(len(scores))
        self.update(0, len(scores) - 1)

    def update(self, first: int, last: int) -> None:
        """Recompute from frame `first`; after `last` only as long as something changes."""
        for frame in range(first, len(self.scores)):
            sums = np.where(self.free[frame], self.scores[frame], 0.0)
            before = np.full(len(sums), -1)
            if frame and len(sums) and len(self.sums[frame - 1]):
                earlier = self.sums[frame - 1][:, None] * self.links[frame - 1]
                best = earlier.argmax(axis=0)
                gain = np.where(self.free[frame], earlier[best, np.arange(len(sums))], 0.0)
                sums, before = sums + gain, np.where(gain > 0, best, -1)
            same = np.array_equal(sums, self.sums[frame]) and frame > last
            self.sums[frame], self.before[frame] = sums, before
            self.peaks[frame] = sums.max(initial=0.0)
            if same:
                break

    def take_best(self) -> tuple[int, list[int], float]:
        """Give first frame, boxes and mean score of the best path; its surroundings are taken."""
        last = int(self.peaks.argmax())
        total = float(self.peaks[last])
        path = [int(self.sums[last].argmax())] if total > 0 else []
        while path and self.before[last - len(path) + 1][path[-1]] >= 0:
            path.append(int(self.before[last - len(path) + 1][path[-1]]))
        first = last - len(path) + 1
        path.reverse()
        for frame, box in enumerate(path, start=first):
            self.free[frame] &= ~self.overlaps[frame][box]
            self.free[frame][box] = False
        self.update(first, last)
        return first, path, total / max(len(path), 1)


def _rescore(boxes: list[torch.Tensor],
             scores: list[Floats]) -> tuple[list[Floats], list[Flags]]:
    """Rescore the boxes of one class; give new scores and which boxes stay, frame by frame."""
    paths = _Paths(boxes, scores)
    result = [item.copy() for item in scores]
    chosen = [np.zeros(len(item), np.bool_) for item in scores]
    while paths.peaks.max(initial=0.0) >= _SMALLEST_SUM:
        first, path, mean = paths.take_best()
        for frame, box in enumerate(path, start=first):
            result[frame][box] = mean
            chosen[frame][box] = True
    # What is still free was too weak for a path and keeps its score.
    return result, [done | free for done, free in zip(chosen, paths.free, strict=True)]


def seq_nms(frames: Sequence[FrameBoxes]) -> list[FrameBoxes]:
    """
    Rescore a video's detections.

    Parameters
    ----------
    frames : sequence of FrameBoxes
        The whole video, in order. Boxes should come from a low score threshold.

    Returns
    -------
    list of FrameBoxes
        As many frames; fewer boxes, new scores, best first.

    """
    scores = [frame.scores.copy() for frame in frames]
    kept = [np.zeros(len(item), np.bool_) for item in scores]
    for label in np.unique(np.concatenate([frame.labels for frame in frames])) if frames else ():
        places = [np.flatnonzero(frame.labels == label) for frame in frames]
        rescored, stay = _rescore(
            [torch.from_numpy(frame.boxes[place])
             for frame, place in zip(frames, places, strict=True)],
            [item[place] for item, place in zip(scores, places, strict=True)])
        for frame, place in enumerate(places):
            scores[frame][place] = rescored[frame]
            kept[frame][place] = stay[frame]
    return [_chosen(frame, score, np.flatnonzero(stays))
            for frame, score, stays in zip(frames, scores, kept, strict=True)]


def _chosen(frame: FrameBoxes, scores: Floats, places: NDArray[np.int64]) -> FrameBoxes:
    """Give `frame` with the boxes in `places` only, best first, and their new scores."""
    places = places[np.argsort(-scores[places], kind='stable')]
    return FrameBoxes(frame.boxes[places], scores[places], frame.labels[places])
