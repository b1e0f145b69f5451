# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the paper's network makes of an image, once a frame: resized, normalised, halved for F."""
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
from impnet_ros.model.device import upload
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.flownet import halve
from impnet_ros.resizing import resize_factor
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class NetworkInput:
    """
    One picture, or several of one size.

    Attributes
    ----------
    pixels : Tensor
        (B, 3, h, w), RGB minus mean over deviation; the input of N_feat.
    half : Tensor or None
        (B, 3, ceil(h / 2), ceil(w / 2)), (RGB - mean) / 255; the input of FlowNet-S.
    grey : tuple of numpy.ndarray
        uint8 (h', w') a picture, half size and padded to whole feature cells; the input of DIS.
    image_size : tuple of int
        (height, width) of the original image in pixels.

    """

    pixels: Tensor
    half: Tensor | None
    grey: tuple[Array, ...]
    image_size: tuple[int, int]


def input_size(image_size: tuple[int, int], short_side: int, long_side: int) -> tuple[int, int]:
    """(height, width) of the network's input for an image of `image_size`."""
    factor = resize_factor(image_size, short_side, long_side)
    return max(round(image_size[0] * factor), 1), max(round(image_size[1] * factor), 1)


def resized(image: Array | Tensor, short_side: int, long_side: int) -> Tensor:
    """
    Scale an image to the network's size, bilinear, to whole grey levels as the reference does.

    Parameters
    ----------
    image : numpy.ndarray or Tensor
        uint8 (H, W, 3).
    short_side, long_side : int
        See `resize_factor`.

    Returns
    -------
    Tensor
        uint8 (1, 3, h, w), channels last in memory, on the image's device.

    """
    shape = tuple(image.shape)
    if len(shape) != 3 or shape[2] != 3 or image.dtype not in (np.uint8, torch.uint8):
        raise ValueError(f'image: expected uint8 (H, W, 3), got {image.dtype} {shape}')
    factor = resize_factor((shape[0], shape[1]), short_side, long_side)
    size = input_size((shape[0], shape[1]), short_side, long_side)
    if isinstance(image, Tensor) and image.is_cuda:
        pixels = functional.interpolate(image.permute(2, 0, 1)[None].float(), size,
                                        mode='bilinear', align_corners=False)
        return pixels.round().to(torch.uint8)
    pixels = image.numpy() if isinstance(image, Tensor) else image
    if factor == 1.0:
        pixels = pixels.copy()
    elif 1 in size:  # rounding alone would leave nothing of so narrow a picture
        pixels = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_LINEAR)
    else:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def _grey(pixels: Tensor) -> tuple[Array, ...]:
    """Half-size grey pictures, their last rows and columns repeated up to whole feature cells."""
    pictures = []
    for picture in pixels.cpu().permute(0, 2, 3, 1).numpy():
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
        height, width = grey.shape
        grey = cv2.copyMakeBorder(grey, 0, -height % 16, 0, -width % 16, cv2.BORDER_REPLICATE)
        pictures.append(cv2.resize(grey, (grey.shape[1] // 2, grey.shape[0] // 2),
                                   interpolation=cv2.INTER_AREA))
    return tuple(pictures)


def make_input(pixels: Tensor, image_size: tuple[int, int], config: ImpressionNetworkConfig,
               device: torch.device) -> NetworkInput:
    """
    Normalise pictures that have the network's size.

    Parameters
    ----------
    pixels : Tensor
        uint8 (B, 3, h, w), RGB, on any device.
    image_size : tuple of int
        (height, width) of the original images.
    config : ImpressionNetworkConfig
        Means, deviations and the choice of flow.
    device : torch.device
        Where the network is.

    """
    if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != torch.uint8:
        raise ValueError(f'pixels: expected uint8 (B, 3, h, w), got {pixels.dtype} '
                         f'{tuple(pixels.shape)}')

    rgb = upload(pixels, device).float()
    normalised = rgb - _channels(config.pixel_mean, device)
    if any(value != 1.0 for value in config.pixel_deviation):
        normalised /= _channels(config.pixel_deviation, device)
    half = None
    if config.flow == 'flownet_s':
        # The mean of 2x2 differences is the difference of the means: halve first, it is cheaper.
        half = (halve(rgb) - _channels(config.flow_mean, device)) / 255
    return NetworkInput(normalised, half, _grey(pixels) if config.flow == 'dis' else (),
                        image_size)


@lru_cache(maxsize=16)
@torch.inference_mode(mode=False)
def _channels(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Give (3, 1, 1), made once, as a copy from the host makes it wait; fit for training too."""
    return torch.tensor(values, device=device).view(3, 1, 1)
