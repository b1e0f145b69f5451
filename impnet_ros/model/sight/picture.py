# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A frame's image as a network sees it: made once a frame, all that features and flow need."""
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
from impnet_ros.model.device import upload
from impnet_ros.model.sight.compare import CELL, grey_level, sharpness
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Picture:
    """
    One image at the size of a network's input, or several of one size.

    Attributes
    ----------
    pixels : Tensor
        uint8 (B, 3, h, w), RGB, channels last in memory.
    image_size : tuple of int
        (height, width) of the original image in pixels.

    Raises
    ------
    ValueError
        If the pixels are of another shape or type.

    """

    pixels: Tensor
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != torch.uint8:
            raise ValueError(f'pixels: expected uint8 (B, 3, h, w), got {pixels.dtype} '
                             f'{tuple(pixels.shape)}')

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the network's input in pixels."""
        return self.pixels.shape[2], self.pixels.shape[3]

    @cached_property
    def greys(self) -> tuple[Array, ...]:
        """Give uint8 (ceil(h / 2), ceil(w / 2)) a picture: for flow and comparing pictures."""
        return tuple(_half_grey(rows.numpy()) for rows in self.pixels.cpu().permute(0, 2, 3, 1))

    @property
    def grey(self) -> Array:
        """Give the half-size grey picture of a single image."""
        grey, = self.greys
        return grey

    @cached_property
    def coarse(self) -> Tensor:
        """Give the `grey_level` of a single image in cells of `CELL` pixels, to compare it."""
        height, width = self.size
        return grey_level(self.grey, (-(-height // CELL), -(-width // CELL)))

    @cached_property
    def sharpness(self) -> float:
        """Give the `sharpness` of a single image; a key frame's is asked for twice."""
        return sharpness(self.grey)


def size_of(image: Array | Tensor) -> tuple[int, int]:
    """(height, width) of an image; a ValueError if it is not uint8 (H, W, 3)."""
    shape = tuple(image.shape)
    if len(shape) != 3 or shape[2] != 3 or image.dtype not in (np.uint8, torch.uint8):
        raise ValueError(f'image: expected uint8 (H, W, 3), got {image.dtype} {shape}')
    return shape[0], shape[1]


def make_picture(image: Array | Tensor, size: tuple[int, int]) -> Picture:
    """
    Resize an image, bilinear; cheap, as every frame pays for it.

    Parameters
    ----------
    image : numpy.ndarray or Tensor
        uint8 (H, W, 3), RGB; a tensor may be on any device, and is resized there.
    size : tuple of int
        (height, width) of the network's input in pixels.

    Returns
    -------
    Picture
        With memory of its own.

    Raises
    ------
    ValueError
        If the image is not uint8 (H, W, 3).

    """
    image_size = size_of(image)
    if isinstance(image, Tensor) and image.is_cuda:
        pixels = functional.interpolate(image.permute(2, 0, 1)[None].float(), size,
                                        mode='bilinear', align_corners=False)
        return Picture(pixels.round().to(torch.uint8), image_size)
    whole = image.numpy() if isinstance(image, Tensor) else image
    small = cv2.resize(whole, size[::-1], interpolation=cv2.INTER_LINEAR)
    if np.shares_memory(small, whole):
        small = whole.copy()
    return Picture(torch.from_numpy(small).permute(2, 0, 1)[None], image_size)


def shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    """Make a picture of one image smaller, (height, width) in pixels; as `make_picture` does."""
    rows = picture.pixels[0].permute(1, 2, 0).cpu().numpy()
    small = cv2.resize(rows, size[::-1], interpolation=cv2.INTER_LINEAR)
    return Picture(torch.from_numpy(small).permute(2, 0, 1)[None], picture.image_size)


def normalised(picture: Picture, mean: tuple[float, float, float],
               deviation: tuple[float, float, float], device: torch.device,
               bgr: bool = False) -> Tensor:
    """
    Make a network's input of one image.

    Parameters
    ----------
    picture : Picture
        Of one image.
    mean, deviation : tuple of float
        Of the channels in their order in the result, in grey values 0..255.
    device : torch.device
        Where the result is wanted.
    bgr : bool
        Whether the network wants blue first.

    Returns
    -------
    Tensor
        float32 (1, 3, h, w), minus mean, over deviation, channels last.

    """
    height, width = picture.size
    rows = picture.pixels[0].permute(1, 2, 0)
    if bgr:
        rows = torch.from_numpy(cv2.cvtColor(rows.cpu().numpy(), cv2.COLOR_RGB2BGR))
    # Row by row: an operation over three channels at a time would take six times as long.
    flat = upload(rows.contiguous(), device).view(height, 3 * width).float()
    flat = flat.sub_(_row(mean, width, device)).div_(_row(deviation, width, device))
    return flat.view(height, width, 3).permute(2, 0, 1)[None]


def _half_grey(rgb: Array) -> Array:
    # The mean of 2x2 pixels: halving takes OpenCV a tenth of averaging the full image.
    height, width = rgb.shape[:2]
    half = cv2.resize(np.ascontiguousarray(rgb), (-(-width // 2), -(-height // 2)),
                      interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)


@lru_cache(maxsize=16)
@torch.inference_mode(mode=False)
def _row(channels: tuple[float, ...], width: int, device: torch.device) -> Tensor:
    """Repeat the value of each channel for a row of pixels, once for each size of pictures."""
    return torch.tensor(channels, device=device).repeat(width)
