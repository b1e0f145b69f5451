# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How large objects are, and how fast they move in the picture, by the camera's way too."""
from collections.abc import Sequence

from impnet_ros.data.true_clip import TrueBoxes
from impnet_ros.evaluation.clips.matching import areas
import numpy as np
from numpy.typing import NDArray

SIZES = {'small': (0.0, 32.0 ** 2), 'medium': (32.0 ** 2, 96.0 ** 2), 'large': (96.0 ** 2, 1e10)}
"""COCO's ranges of the area in pixels of the clip's pictures, both ends included."""

SPEEDS = {'slow': (0.0, 0.12), 'medium': (0.12, 0.25), 'fast': (0.25, np.inf)}
"""Ways in a third of a second, in diagonals of the object, from the first to below the second."""

SPAN_S = 1 / 3


def of_size(boxes: NDArray[np.float64], size: str) -> NDArray[np.bool_]:
    """Tell which boxes (N, 4) are of a size, bool (N,)."""
    low, high = SIZES[size]
    area = areas(boxes)
    return (area >= low) & (area <= high)


def ways(truth: Sequence[TrueBoxes], fps: float) -> list[NDArray[np.float64]]:
    """
    Say how far each object goes in a third of a second, in its own diagonals.

    The way of its centre between the first and the last frame in which it is annotated, of those
    at most a sixth of a second away; scaled where these are nearer than a third of a second.

    Returns
    -------
    list of ndarray
        (N,) a frame; NaN for an object that no other of these frames has.

    """
    reach = max(1, round(fps * SPAN_S / 2))
    keys = [list(zip(frame.labels.tolist(), frame.ids.tolist(), strict=True)) for frame in truth]
    where = [{key: row for row, key in enumerate(each)} for each in keys]
    result = []
    for index, frame in enumerate(truth):
        values = np.full(len(frame.ids), np.nan)
        near = range(max(index - reach, 0), min(index + reach + 1, len(truth)))
        for row, key in enumerate(keys[index]):
            seen = [other for other in near if key in where[other]]
            if len(seen) < 2:
                continue
            first, last = (truth[other].boxes[where[other][key]]
                           for other in (seen[0], seen[-1]))
            way = np.hypot(*((last - first).reshape(2, 2).mean(axis=0)))
            x1, y1, x2, y2 = frame.boxes[row]
            seconds = (seen[-1] - seen[0]) / fps
            values[row] = way / max(np.hypot(x2 - x1, y2 - y1), 1e-9) * SPAN_S / seconds
        result.append(values)
    return result


def of_speed(way: NDArray[np.float64], speed: str) -> NDArray[np.bool_]:
    """Tell which objects are of a speed, bool (N,); one of unknown speed is of none."""
    low, high = SPEEDS[speed]
    return (way >= low) & (way < high)
