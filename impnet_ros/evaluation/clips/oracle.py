# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What holds accuracy back: true centres, sizes or classes in place of those that were found."""
from collections.abc import Callable, Mapping

from impnet_ros.data.true_clip import TrueBoxes
from impnet_ros.evaluation.clips.matching import overlaps
from impnet_ros.evaluation.matching import FrameBoxes
import numpy as np
from numpy.typing import NDArray

NEAR = 0.3
"""IoU from which on a box may show an object: well below AP50's, as a carried box lags."""

Oracle = Callable[[FrameBoxes, TrueBoxes], FrameBoxes]


def true_places(found: FrameBoxes, truth: TrueBoxes) -> FrameBoxes:
    """Put each box that shows an object of its class where the object is."""
    return _placed(found, truth, true_centre=True, true_size=True)


def true_centres(found: FrameBoxes, truth: TrueBoxes) -> FrameBoxes:
    """Move each box that shows an object of its class to its centre; it keeps its size."""
    return _placed(found, truth, true_centre=True, true_size=False)


def true_sizes(found: FrameBoxes, truth: TrueBoxes) -> FrameBoxes:
    """Give each box that shows an object of its class its size; it keeps its centre."""
    return _placed(found, truth, true_centre=False, true_size=True)


def true_labels(found: FrameBoxes, truth: TrueBoxes) -> FrameBoxes:
    """Give each box that shows an object its class."""
    rows, columns = _pairs(overlaps(found.boxes, truth.boxes), truth)
    labels = found.labels.copy()
    labels[rows] = truth.labels[columns]
    return FrameBoxes(found.boxes, found.scores, labels)


ORACLES: Mapping[str, Oracle] = {
    'true places': true_places, 'true centres': true_centres, 'true sizes': true_sizes,
    'true labels': true_labels}


def _placed(found: FrameBoxes, truth: TrueBoxes, *, true_centre: bool,
            true_size: bool) -> FrameBoxes:
    same = found.labels[:, None] == truth.labels[None]
    rows, columns = _pairs(np.where(same, overlaps(found.boxes, truth.boxes), 0.0), truth)
    mine, true = found.boxes[rows], truth.boxes[columns]
    centre, size = true if true_centre else mine, true if true_size else mine
    middle = (centre[:, :2] + centre[:, 2:]) / 2
    half = (size[:, 2:] - size[:, :2]) / 2
    boxes = found.boxes.copy()
    boxes[rows] = np.concatenate((middle - half, middle + half), axis=1)
    return FrameBoxes(boxes, found.scores, found.labels)


def _pairs(overlap: NDArray[np.float64],
           truth: TrueBoxes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the boxes and the objects that overlap each other most."""
    overlap = np.where(truth.ignored[None], 0.0, overlap)
    if not overlap.size:
        nothing = np.zeros(0, np.intp)
        return nothing, nothing
    columns = np.arange(overlap.shape[1])
    rows = overlap.argmax(axis=0)
    mutual = (overlap[rows, columns] >= NEAR) & (overlap.argmax(axis=1)[rows] == columns)
    return rows[mutual], columns[mutual]
