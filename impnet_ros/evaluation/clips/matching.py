# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's matching: detections against true boxes at many thresholds at once."""
from impnet_ros.data.true_clip import TrueBoxes
from impnet_ros.evaluation.matching import FALSE, FrameBoxes, IGNORED, TRUE
import numpy as np
from numpy.typing import NDArray

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""IoU at which COCO's AP is averaged; the first is AP50's, the sixth AP75's."""

APART, INSIDE = 0.1, 0.5
"""IoU with, and share inside, an annotated object below which a box may be of another one."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def shared_areas(boxes: Floats, others: Floats) -> Floats:
    """Give the common area (N, M) of boxes (N, 4) and others (M, 4), xyxy."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.maximum(high - low, 0).prod(axis=2)


def areas(boxes: Floats) -> Floats:
    """Areas (N,)."""
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)


def overlaps(boxes: Floats, truth: Floats, crowd: Bools | None = None) -> Floats:
    """Give the IoU (N, M); with a crowd the share of the box that lies in it, as COCO does."""
    shared, own = shared_areas(boxes, truth), areas(boxes)[:, None]
    union = own + areas(truth)[None] - shared
    if crowd is not None:
        union = np.where(crowd[None], own, union)
    return shared / np.maximum(union, 1e-9)


def judged(found: FrameBoxes, truth: TrueBoxes, labels: NDArray[np.int64],
           complete: bool) -> FrameBoxes:
    """
    Leave out what the truth cannot judge.

    Parameters
    ----------
    found : FrameBoxes
        Detections of a frame.
    truth : TrueBoxes
        What is true in it.
    labels : ndarray
        Classes that the clip's truth has: boxes of others are left out.
    complete : bool
        Whether it has all objects of them. If not, a box that overlaps every annotated one of its
        class by less than `APART`, and lies in it by less than `INSIDE`, is left out too.

    """
    kept = np.isin(found.labels, labels)
    if not complete:
        same = found.labels[:, None] == truth.labels[None]
        shared = shared_areas(found.boxes, truth.boxes)
        inside = shared / np.maximum(areas(found.boxes)[:, None], 1e-9)
        near = (overlaps(found.boxes, truth.boxes) >= APART) | (inside >= INSIDE)
        kept = kept & (near & same).any(axis=1)
    return FrameBoxes(found.boxes[kept], found.scores[kept], found.labels[kept])


def match_frame(found: FrameBoxes, truth: TrueBoxes, counts: Bools | None = None,
                may_be_wrong: Bools | None = None) -> NDArray[np.int64]:
    """
    Match the detections of one frame, best score first, class by class, as pycocotools does.

    Parameters
    ----------
    found : FrameBoxes
        M detections.
    truth : TrueBoxes
        N true boxes.
    counts : ndarray, optional
        bool (N,): what is to be found; by default all that is not ignored.
    may_be_wrong : ndarray, optional
        bool (M,): detections that are false when they match nothing; others are ignored then.

    Returns
    -------
    ndarray
        int (T, M) at the T `THRESHOLDS`: TRUE, FALSE or IGNORED.

    """
    wanted = ~truth.ignored if counts is None else counts & ~truth.ignored
    outcomes = np.full((len(THRESHOLDS), len(found.scores)), FALSE)
    if may_be_wrong is not None:
        outcomes[:, ~may_be_wrong] = IGNORED
    for label in np.unique(truth.labels):
        rows = np.flatnonzero(found.labels == label)
        rows = rows[np.argsort(-found.scores[rows], kind='stable')]
        columns = np.flatnonzero(truth.labels == label)
        crowd, asked = truth.crowd[columns], wanted[columns]
        overlap = overlaps(found.boxes[rows], truth.boxes[columns], crowd)
        taken = np.zeros((len(THRESHOLDS), len(columns)), bool)
        for index in np.flatnonzero((overlap >= THRESHOLDS[0]).any(axis=1)):
            free = (overlap[index] >= THRESHOLDS[:, None]) & (~taken | crowd)
            # An object to be found comes before an ignored one, then the larger overlap.
            value = np.where(free, overlap[index] + 2 * asked, -1)
            best = len(columns) - 1 - value[:, ::-1].argmax(axis=1)  # the last of equal ones
            hit = np.flatnonzero(free.any(axis=1))
            outcomes[hit, rows[index]] = np.where(asked[best[hit]], TRUE, IGNORED)
            taken[hit, best[hit]] = True
    return outcomes
