# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Comparing pictures: how much detail one shows, and where two cannot show the same thing."""
from functools import lru_cache
import math
from typing import Any

import cv2
from impnet_ros.model.levels import Array
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

CELL = 8
"""Pixels of the network's input a cell at which two pictures are compared."""

OUTSIDE = 4.0
"""Added to a grey level: the warp gives zero outside the picture, and that should match none."""

NOISE_SCALE = 3.0
"""Noise, in grey values of 255, that halves what sharpness is worth."""

_NOISE_IN_BAND = 0.078
# Share of the variance of white noise that the band of `sharpness` lets through.

LAPLACIAN_DIFFERENCE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Immerkaer's mask for noise: the difference of two Laplacians."""


ONE_MAP: Any = None
"""For `cv2.remap`, where one map holds columns and rows; its stubs do not know None, and OpenCV 5
takes an empty array for a map."""


def sharpness(grey: Array) -> float:
    """
    Tell how much a picture can show: detail that is not noise.

    The energy of a band of fine detail (deviations of 0.7 to 1.4 pixels) falls with motion blur,
    defocus and darkness alike, but noise raises it. So the noise is estimated where the picture is
    flattest (Immerkaer's mask, which plain gradients do not excite), its energy is taken off, and
    what is left counts less the noisier it is. Only differences between pictures of one scene mean
    something: the scene's own detail cancels.

    Parameters
    ----------
    grey : numpy.ndarray
        uint8 (h, w).

    Returns
    -------
    float
        Natural logarithm of an energy in squared grey values.

    """
    below, right = max(8 - grey.shape[0], 0), max(8 - grey.shape[1], 0)
    if below or right:
        grey = cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE)
    pixels = grey.astype(np.float32)
    band = cv2.GaussianBlur(pixels, (0, 0), 0.7) - cv2.GaussianBlur(pixels, (0, 0), 1.4)
    energy = float(np.square(band).mean())
    rows, columns = grey.shape[0] // 8, grey.shape[1] // 8
    noise_map = np.abs(cv2.filter2D(pixels, -1, LAPLACIAN_DIFFERENCE))[:rows * 8, :columns * 8]
    blocks = cv2.resize(noise_map, (columns, rows), interpolation=cv2.INTER_AREA)
    flattest = np.percentile(blocks, 20)
    noise = float(flattest) / (6 * math.sqrt(2 / math.pi))
    detail = max(energy - _NOISE_IN_BAND * noise ** 2, 0.05 * energy)
    return math.log(detail + 0.1) - math.log1p((noise / NOISE_SCALE) ** 2)


def grey_level(grey: Array, size: tuple[int, int]) -> Tensor:
    """
    Make a grey picture as coarse as a feature level, and free of the light's changes.

    Parameters
    ----------
    grey : numpy.ndarray
        uint8 (h, w).
    size : tuple of int
        (rows, columns) of the level.

    Returns
    -------
    Tensor
        float32 (1, 1, rows, columns), in deviations of the picture around OUTSIDE.

    """
    cells = cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    level = (cells - cells.mean()) / (cells.std() + 1.0) + OUTSIDE
    return torch.from_numpy(level)[None, None]


def grey_along(level: Tensor, flow: Tensor) -> Tensor:
    """
    Carry a grey level along a flow: what `warp` gives for one channel, at a tenth of the cost.

    Parameters
    ----------
    level : Tensor
        (1, 1, h, w), in the host's memory.
    flow : Tensor
        (1, 2, h, w), (x, y) in cells, in the host's memory.

    Returns
    -------
    Tensor
        (1, 1, h, w), zero outside.

    """
    rows, columns = level.shape[2:]
    places: Array = flow[0].permute(1, 2, 0).float().numpy() + _grid(rows, columns)
    carried = cv2.remap(level[0, 0].numpy(), places, ONE_MAP, cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_CONSTANT)
    return torch.from_numpy(carried)[None, None]


@lru_cache(maxsize=16)
def _grid(rows: int, columns: int) -> Array:
    """Columns and rows of all cells, float32 (rows, columns, 2)."""
    return np.stack(np.meshgrid(np.arange(columns, dtype=np.float32),
                                np.arange(rows, dtype=np.float32)), axis=-1)


def picture_mismatch(here: Tensor, there: Tensor) -> Tensor:
    """
    Tell where two aligned pictures cannot show the same thing.

    Parameters
    ----------
    here, there : Tensor
        (1, 1, h, w), of `grey_level`.

    Returns
    -------
    Tensor
        (1, 1, h, w), 0..1: 0 below half a deviation, which blur and noise reach too.

    """
    difference = functional.avg_pool2d(here - there, 3, 1, 1, count_include_pad=False).abs()
    return ((difference - 0.5) / 0.5).clamp(0, 1)
