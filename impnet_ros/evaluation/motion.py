# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How fast objects move: the share of itself that an object keeps over nearby frames."""
from collections.abc import Sequence

from impnet_ros.data.samples import FrameTruth
from impnet_ros.evaluation.conventions import MSRA
import numpy as np
from numpy.typing import NDArray

SPEEDS = ('slow', 'medium', 'fast')
REACH = 10
"""Frames to both sides over which an object is compared with itself."""


def motion_iou(truths: Sequence[FrameTruth]) -> list[NDArray[np.float64]]:
    """
    Mean IoU of every object with itself within `REACH` frames to both sides.

    Parameters
    ----------
    truths : sequence of FrameTruth
        A whole video; track ids tell which box is the same object.

    Returns
    -------
    list of ndarray
        (N,) a frame, 0..1; 1 for an object that is seen in no other of these frames.

    """
    where = [{int(track): row for row, track in enumerate(truth.track_ids)} for truth in truths]
    result = []
    for index, truth in enumerate(truths):
        values = np.ones(len(truth.labels))
        nearby = [other for other in range(max(index - REACH, 0),
                                           min(index + REACH + 1, len(truths))) if other != index]
        for row, track in enumerate(truth.track_ids):
            others = [truths[other].boxes[where[other][int(track)]]
                      for other in nearby if int(track) in where[other]]
            if others:
                values[row] = MSRA.iou(truth.boxes[row:row + 1].astype(np.float64),
                                       np.asarray(others, np.float64)).mean()
        result.append(values)
    return result


def speed_of(iou: NDArray[np.float64]) -> NDArray[np.int64]:
    """
    Sort objects into `SPEEDS` by their motion IoU.

    Returns
    -------
    ndarray
        int (N,): 0 slow (above .9), 1 medium (.7 to .9), 2 fast (below .7).

    """
    return np.where(iou > 0.9, 0, np.where(iou >= 0.7, 1, 2))
