# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""F without weights: OpenCV's DIS optical flow between two small grey pictures."""
from typing import Any

import cv2
from impnet_ros.model.sight.alike import alike
import numpy as np
import torch
from torch import Tensor

FINEST_SCALE = 1
"""Flow is solved down to half the picture's size; 0 costs more and finds no more for features."""

PATCH_SIZE = 8
PATCH_STRIDE = 4
"""Pixels. A finer stride costs time as its square; a coarser one loses thin moving things."""


class FlowLevels(tuple[Tensor, ...]):
    """
    A flow field brought to feature levels, and what it was made of; in the host's memory.

    Attributes
    ----------
    grey, key_grey : ndarray
        uint8 (h, w), target frame and key frame.
    field : ndarray
        float32 (h, w, 2), in pixels of these.

    """

    grey: np.ndarray[Any, Any]
    key_grey: np.ndarray[Any, Any]
    field: np.ndarray[Any, Any]

    @classmethod
    def between(cls, grey: np.ndarray[Any, Any], key_grey: np.ndarray[Any, Any],
                sizes: list[tuple[int, int]]) -> 'FlowLevels':
        """Flow from the target to the key frame, (1, 2, *size) in cells for each size."""
        field = dis_flow(grey, key_grey)
        self = cls(flow_in_cells(field, size) for size in sizes)
        self.grey, self.key_grey, self.field = grey, key_grey, field
        return self


def dis_flow(grey: np.ndarray[Any, Any], key_grey: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """
    Where each pixel of a picture was in the key picture.

    Both are made `alike` first. The ULTRAFAST preset with a finer finest scale: the presets above
    it smooth small and thin moving things away. One direct flow to the key frame; chaining the
    flows of the frames between would add up their errors.

    Parameters
    ----------
    grey, key_grey : numpy.ndarray
        uint8 (h, w), target frame and key frame.

    Returns
    -------
    numpy.ndarray
        float32 (h, w, 2), (x, y) in pixels of these pictures, from target to key frame.

    """
    # A new solver each time: it costs microseconds, and its scratch memory is not thread-safe.
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    solver.setFinestScale(FINEST_SCALE)
    solver.setPatchSize(PATCH_SIZE)
    solver.setPatchStride(PATCH_STRIDE)
    return solver.calc(*alike(grey, key_grey), np.zeros((*grey.shape, 2), np.float32))


def flow_in_cells(flow: np.ndarray[Any, Any], size: tuple[int, int]) -> Tensor:
    """
    Bring a flow field to a feature level.

    Parameters
    ----------
    flow : numpy.ndarray
        float32 (h, w, 2), (x, y) in pixels of its own picture.
    size : tuple of int
        Height and width of the level in cells.

    Returns
    -------
    Tensor
        float32 (1, 2, *size), the mean flow of each cell, (x, y) in cells.

    """
    height, width = flow.shape[:2]
    rows, columns = size
    cells = cv2.resize(flow, (columns, rows), interpolation=cv2.INTER_AREA)
    cells *= np.float32((columns / width, rows / height))
    return torch.from_numpy(cells.transpose(2, 0, 1)[None])
