# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""F without weights: OpenCV's DIS optical flow between two small grey pictures."""
from collections.abc import Sequence

import cv2
from impnet_ros.model.levels import Array, DenseFlow, Flow
from impnet_ros.model.sight.alike import alike
from impnet_ros.model.sight.picture import Picture
import numpy as np
import torch
from torch import Tensor

FINEST_SCALE = 1
"""Flow is solved down to half the picture's size; 0 costs more and finds no more for features."""

SMALLEST = 16
"""Pixels a side that the solver needs; smaller pictures are continued at their border."""

PATCH_SIZE = 8
PATCH_STRIDE = 4
"""Pixels. A finer stride costs time as its square; a coarser one loses thin moving things."""


PATCH_STRIDE_OF_BOXES, BOX_CELL = 5, 8
"""The same for boxes, which go by medians of many points, at two thirds; and the pixels of the
network's input to which it is brought."""


def flow_between(grey: Array, key_grey: Array, cells: Sequence[tuple[int, int]],
                 strides: Sequence[int], patch_stride: int = PATCH_STRIDE) -> Flow:
    """
    Solve the flow between two pictures and bring it to feature levels.

    Parameters
    ----------
    grey, key_grey : numpy.ndarray
        uint8 (h, w), half the size of the network's input: target frame and key frame.
    cells : sequence of tuple
        (rows, columns) of each level.
    strides : sequence of int
        Pixels of the network's input a cell of each level.
    patch_stride : int
        Pixels.

    """
    field = dis_flow(grey, key_grey, patch_stride)
    return Flow(tuple(flow_in_cells(field, size, stride / 2)
                      for size, stride in zip(cells, strides, strict=True)),
                dense=DenseFlow(grey, key_grey, field))


def flow_of_boxes(picture: Picture, later: Picture) -> Flow:
    """Solve a coarse flow of one level, cells of `BOX_CELL` pixels of the network's input."""
    height, width = picture.size
    cells = -(-height // BOX_CELL), -(-width // BOX_CELL)
    return flow_between(picture.grey, later.grey, [cells], [BOX_CELL], PATCH_STRIDE_OF_BOXES)


def dis_flow(grey: Array, key_grey: Array, patch_stride: int = PATCH_STRIDE) -> Array:
    """
    Where each pixel of a picture was in the key picture.

    Both are made `alike` first. The ULTRAFAST preset with a finer finest scale: the presets above
    it smooth small and thin moving things away. One direct flow to the key frame; chaining the
    flows of the frames between would add up their errors.

    Parameters
    ----------
    grey, key_grey : numpy.ndarray
        uint8 (h, w), target frame and key frame.
    patch_stride : int
        Pixels.

    Returns
    -------
    numpy.ndarray
        float32 (h, w, 2), (x, y) in pixels of these pictures, from target to key frame.

    """
    # A new solver each time: it costs microseconds, and its scratch memory is not thread-safe.
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    solver.setFinestScale(FINEST_SCALE)
    solver.setPatchSize(PATCH_SIZE)
    solver.setPatchStride(patch_stride)
    height, width = grey.shape
    below, right = max(SMALLEST - height, 0), max(SMALLEST - width, 0)
    here, there = alike(grey, key_grey)
    if below or right:
        here, there = (cv2.copyMakeBorder(item, 0, below, 0, right, cv2.BORDER_REPLICATE)
                       for item in (here, there))
    field: Array = solver.calc(here, there, np.zeros((*here.shape, 2), np.float32))
    return field[:height, :width]


def flow_in_cells(flow: Array, size: tuple[int, int], stride: float) -> Tensor:
    """
    Bring a flow field to a feature level.

    Parameters
    ----------
    flow : numpy.ndarray
        float32 (h, w, 2), (x, y) in pixels of its own picture.
    size : tuple of int
        Rows and columns of the level. Cells that the picture does not fill take the flow at its
        border.
    stride : float
        Pixels of that picture a cell.

    Returns
    -------
    Tensor
        float32 (1, 2, *size), the mean flow of each cell, (x, y) in cells.

    """
    rows, columns = size
    below = max(round(rows * stride) - flow.shape[0], 0)
    right = max(round(columns * stride) - flow.shape[1], 0)
    if below or right:
        flow = cv2.copyMakeBorder(flow, 0, below, 0, right, cv2.BORDER_REPLICATE)
    cells: Array = cv2.resize(flow, (columns, rows), interpolation=cv2.INTER_AREA)
    cells *= np.float32(1 / stride)
    return torch.from_numpy(cells.transpose(2, 0, 1)[None])
