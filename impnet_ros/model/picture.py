# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the compact detector keeps of a frame's image."""
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Picture:
    """
    A frame's image, made small: all that features and flow need, 0.6 MB, own memory.

    Attributes
    ----------
    pixels : numpy.ndarray
        uint8 (S, S, 3), RGB, the whole image stretched to a square.
    grey : numpy.ndarray
        uint8 (S / 2, S / 2), for flow, sharpness and the comparison of pictures.
    image_size : tuple of int
        (height, width) of the original image in pixels.

    """

    pixels: Array
    grey: Array
    image_size: tuple[int, int]


def make_picture(image: Array | Tensor, side: int) -> Picture:
    """
    Shrink an image; cheap, as every frame pays for it (normalising waits for a key frame).

    Parameters
    ----------
    image : numpy.ndarray or Tensor
        uint8 (H, W, 3), RGB; a tensor may be on any device.
    side : int
        S, even.

    Raises
    ------
    ValueError
        If the image is not uint8 (H, W, 3).

    """
    if isinstance(image, Tensor):
        image = image.cpu().numpy()
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f'image: expected uint8 (H, W, 3), got {image.dtype} {image.shape}')
    pixels = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
    if pixels is image or np.shares_memory(pixels, image):
        pixels = image.copy()
    # The mean of 2x2 pixels: halving takes OpenCV a tenth of averaging the full image.
    half = cv2.resize(pixels, (side // 2, side // 2), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)
    return Picture(pixels, grey, (image.shape[0], image.shape[1]))


def normalised(picture: Picture, device: torch.device) -> Tensor:
    """
    Make the network's input.

    Returns
    -------
    Tensor
        float32 (1, 3, S, S), blue, green, red, minus mean, over deviation, channels last.

    """
    pixels = torch.from_numpy(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR)).to(device)
    mean = torch.tensor((103.53, 116.28, 123.675), device=device)
    deviation = torch.tensor((57.375, 57.12, 58.395), device=device)
    return ((pixels - mean) / deviation).permute(2, 0, 1)[None]
