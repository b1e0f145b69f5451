# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The part of a level's cells that an image covers, where borders surround it."""
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
from impnet_ros.model.levels import Array, DenseFlow, Flow
from impnet_ros.model.onnx.fitting import Placement
from impnet_ros.model.sight.dis_flow import flow_in_cells


@dataclass(frozen=True)
class Window:
    """
    Cells of a level that an image touches.

    Attributes
    ----------
    top, left, bottom, right : int
        Rows and columns; the last ones are not in it.
    stride : int
        Pixels of the input a cell.
    above, before : int
        Pixels of the input from the window's border to the image's, at its top and left.

    """

    top: int
    left: int
    bottom: int
    right: int
    stride: int
    above: int
    before: int

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left


def window(place: Placement, stride: int, cells: tuple[int, int]) -> Window:
    """Give the window of a level of `cells` (rows, columns) for an image that lies at a place."""
    top, left = place.top // stride, place.left // stride
    return Window(top, left, min(-(-(place.top + place.height) // stride), cells[0]),
                  min(-(-(place.left + place.width) // stride), cells[1]), stride,
                  place.top - top * stride, place.left - left * stride)


def flow_in_windows(grey: Array, key_grey: Array, field: Array, windows: Sequence[Window]
                    ) -> Flow:
    """
    Bring a flow field to the windows of all levels.

    Parameters
    ----------
    grey, key_grey : ndarray
        uint8 (h, w), half the image's size in the input: target frame and key frame.
    field : ndarray
        float32 (h, w, 2), (x, y) in pixels of these.
    windows : sequence of Window
        One a level.

    """
    levels = []
    for item in windows:
        above, before = round(item.above / 2), round(item.before / 2)
        part = field
        if above or before:
            part = cv2.copyMakeBorder(field, above, 0, before, 0, cv2.BORDER_REPLICATE)
        rows, columns = (round(count * item.stride / 2) for count in item.size)
        levels.append(flow_in_cells(part[:rows, :columns], item.size, item.stride / 2))
    return Flow(tuple(levels), dense=DenseFlow(grey, key_grey, field))
