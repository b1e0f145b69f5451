# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which detections are right: matched to true boxes frame by frame, best score first."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from impnet_ros.data.samples import FrameTruth
from impnet_ros.evaluation.conventions import Convention
import numpy as np
from numpy.typing import NDArray

TRUE, FALSE, IGNORED = 1, 0, -1


@dataclass(frozen=True)
class FrameBoxes:
    """
    What a network found in one frame.

    Attributes
    ----------
    boxes : ndarray
        (N, 4), x1 y1 x2 y2 in pixels.
    scores, labels : ndarray
        (N,), and int (N,).

    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Matches:
    """
    Detections of a whole set with their outcome, and how many objects there were.

    Attributes
    ----------
    scores, labels, outcomes, videos : ndarray
        (N,) over all detections; outcomes are TRUE, FALSE or IGNORED.
    positives : ndarray
        int (videos, classes), objects to be found.

    """

    scores: NDArray[np.float64]
    labels: NDArray[np.int64]
    outcomes: NDArray[np.int64]
    videos: NDArray[np.int64]
    positives: NDArray[np.int64]


Judge = Callable[[int, int, FrameTruth], NDArray[np.bool_]]
"""(video, frame, truth) -> bool (N,), which true boxes count; the others are ignored."""


def match_frame(found: FrameBoxes, truth: FrameTruth, convention: Convention,
                counts: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """
    Match the detections of one frame, class by class.

    Parameters
    ----------
    found : FrameBoxes
        Detections.
    truth : FrameTruth
        True boxes.
    convention : Convention
        Threshold, width of boxes and what becomes of a second detection.
    counts : ndarray, optional
        bool, one for each true box: whether it counts. Detections of a box that does not are
        neither right nor wrong, however many there are.

    Returns
    -------
    ndarray
        int (N,), TRUE, FALSE or IGNORED for each detection.

    """
    outcomes = np.full(len(found.scores), FALSE)
    for label in np.unique(truth.labels):
        rows = np.flatnonzero(found.labels == label)
        rows = rows[np.argsort(-found.scores[rows], kind='stable')]
        columns = np.flatnonzero(truth.labels == label)
        true_boxes = truth.boxes[columns].astype(np.float64)
        overlap = convention.iou(found.boxes[rows].astype(np.float64), true_boxes)
        close = overlap >= convention.thresholds(true_boxes)
        wanted = np.ones(len(columns), bool) if counts is None else counts[columns]
        taken = np.zeros(len(columns), bool)
        for index in np.flatnonzero(close.any(axis=1)):
            outcomes[rows[index]] = _choose(overlap[index], close[index], wanted, taken,
                                            convention.second_choice)
    return outcomes


def _choose(overlap: NDArray[np.float64], close: NDArray[np.bool_], wanted: NDArray[np.bool_],
            taken: NDArray[np.bool_], second_choice: bool) -> int:
    """Give one detection its true box; `taken` is brought up to date."""
    free = close & wanted & ~taken if second_choice else close & wanted
    if free.any():
        best = int(np.argmax(np.where(free, overlap, -1.0)))
        if taken[best]:
            return FALSE
        taken[best] = True
        return TRUE
    return IGNORED if (close & ~wanted).any() else FALSE


def match_all(found: Sequence[Sequence[FrameBoxes]], truths: Sequence[Sequence[FrameTruth]],
              classes: int, convention: Convention, judge: Judge | None = None,
              keep: Callable[[FrameTruth], bool] | None = None) -> Matches:
    """
    Match a whole set.

    Parameters
    ----------
    found, truths : sequence of sequence
        Detections and truth, by video and frame.
    classes : int
        How many there are.
    convention : Convention
        See `match_frame`.
    judge : callable, optional
        Which true boxes count (all).
    keep : callable, optional
        Which frames are looked at (all); of the others neither boxes nor detections count.

    Raises
    ------
    ValueError
        If detections and truth are not of the same videos and frames.

    """
    shapes = [len(video) for video in found], [len(video) for video in truths]
    if shapes[0] != shapes[1]:
        raise ValueError(f'found: expected frames {shapes[1]} a video, got {shapes[0]}')
    parts: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], int]] = []
    positives = np.zeros((len(truths), classes), np.int64)
    for video, (video_found, video_truths) in enumerate(zip(found, truths)):
        for frame, (boxes, truth) in enumerate(zip(video_found, video_truths)):
            if keep is not None and not keep(truth):
                continue
            counts = None if judge is None else judge(video, frame, truth)
            labels = truth.labels if counts is None else truth.labels[counts]
            np.add.at(positives[video], labels, 1)
            parts.append((boxes.scores, boxes.labels,
                          match_frame(boxes, truth, convention, counts), video))
    lengths = [len(part[0]) for part in parts]
    return Matches(
        np.concatenate([np.zeros(0), *(part[0] for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int64), *(part[2] for part in parts)]).astype(np.int64),
        np.repeat(np.array([part[3] for part in parts], np.int64), lengths), positives)
