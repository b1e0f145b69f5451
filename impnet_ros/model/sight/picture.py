# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the compact detector keeps of a frame's image."""
from dataclasses import dataclass
from functools import lru_cache
import math
from typing import Any

import cv2
from impnet_ros.model.device import upload
import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]

_MEAN = (103.53, 116.28, 123.675)
_DEVIATION = (57.375, 57.12, 58.395)
# Of blue, green and red, as the detector was trained.


@dataclass(frozen=True)
class Picture:
    """
    A frame's image, made small: all that features and flow need, 0.6 MB, own memory.

    Attributes
    ----------
    pixels : numpy.ndarray
        uint8 (h, w, 3), RGB, the whole image resized.
    grey : numpy.ndarray
        uint8 (h / 2, w / 2), for flow, sharpness and the comparison of pictures.
    image_size : tuple of int
        (height, width) of the original image in pixels.

    """

    pixels: Array
    grey: Array
    image_size: tuple[int, int]


def input_shape(image_size: tuple[int, int], side: int) -> tuple[int, int]:
    """
    Choose the input's shape: about the image's own, at about the cost of a square.

    The detector was trained on pictures of their own shape, padded to a square. A picture of
    640 x 272 pixels stretched to a square is too far from that: on such a clip three quarters of
    the people and cars go unseen. Losing area costs small objects, so it counts twice.

    Parameters
    ----------
    image_size : tuple of int
        (height, width) of the image in pixels.
    side : int
        Side of the square in pixels, a multiple of 32.

    Returns
    -------
    tuple of int
        (height, width), multiples of 32 with a product of about side^2.

    """
    budget = (side // 32) ** 2
    aspect = image_size[1] / image_size[0]
    narrowest = side // 64  # four to one either way: beyond that, too few cells across

    def cost(rows: int) -> tuple[float, int, int]:
        columns = min(max(round(rows * aspect), narrowest), round(budget * 1.02 / rows))
        return (abs(math.log(columns / rows / aspect))
                + 2 * abs(math.log(rows * columns / budget)), rows, columns)

    _, rows, columns = min(cost(rows) for rows in range(narrowest, 4 * narrowest + 3))
    return rows * 32, columns * 32


def make_picture(image: Array | Tensor, side: int) -> Picture:
    """
    Shrink an image; cheap, as every frame pays for it (normalising waits for a key frame).

    Parameters
    ----------
    image : numpy.ndarray or Tensor
        uint8 (H, W, 3), RGB; a tensor may be on any device.
    side : int
        Side in pixels of the square whose area the picture gets, see `input_shape`.

    Raises
    ------
    ValueError
        If the image is not uint8 (H, W, 3).

    """
    if isinstance(image, Tensor):
        image = image.cpu().numpy()
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f'image: expected uint8 (H, W, 3), got {image.dtype} {image.shape}')
    height, width = input_shape((image.shape[0], image.shape[1]), side)
    pixels = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    if np.shares_memory(pixels, image):
        pixels = image.copy()
    # The mean of 2x2 pixels: halving takes OpenCV a tenth of averaging the full image.
    half = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)
    return Picture(pixels, grey, (image.shape[0], image.shape[1]))


def normalised(picture: Picture, device: torch.device) -> Tensor:
    """
    Make the network's input.

    Returns
    -------
    Tensor
        float32 (1, 3, h, w), blue, green, red, minus mean, over deviation, channels last.

    """
    height, width = picture.pixels.shape[:2]
    bgr = torch.from_numpy(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR))
    # Row by row: an operation over three channels at a time would take six times as long.
    rows = upload(bgr, device).view(height, 3 * width).float()
    rows = rows.sub_(_row(_MEAN, width, device)).div_(_row(_DEVIATION, width, device))
    return rows.view(height, width, 3).permute(2, 0, 1)[None]


@lru_cache(maxsize=16)
@torch.inference_mode(mode=False)
def _row(channels: tuple[float, ...], width: int, device: torch.device) -> Tensor:
    """Repeat the value of each channel for a row of pixels, once for each size of pictures."""
    return torch.tensor(channels, device=device).repeat(width)
