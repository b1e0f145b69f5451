# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the paper's network sees of an image: the reference's sizes, means and deviations."""
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
from impnet_ros.model.device import upload
from impnet_ros.model.paper.flownet import halve
from impnet_ros.model.sight.picture import make_picture, Picture, size_of
from impnet_ros.resizing import resize_factor
import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]
Channels = tuple[float, float, float]


@dataclass(frozen=True)
class PaperPicture(Picture):
    """
    A picture, or several of one size, for N_feat and FlowNet-S.

    Attributes
    ----------
    mean, deviation : tuple of float
        Red, green, blue, of grey values 0..255, for N_feat.
    flow_mean : tuple of float
        The same for FlowNet-S, which divides by 255.
    device : torch.device
        Where the network is.

    """

    mean: Channels
    deviation: Channels
    flow_mean: Channels
    device: torch.device

    @property
    def normalised(self) -> Tensor:
        """Give (B, 3, h, w), RGB minus mean over deviation, the input of N_feat."""
        result = self._float() - _channels(self.mean, self.device)
        if any(value != 1.0 for value in self.deviation):
            result /= _channels(self.deviation, self.device)
        return result

    @cached_property
    def half(self) -> Tensor:
        """Give (B, 3, ceil(h / 2), ceil(w / 2)), (RGB - mean) / 255, the input of FlowNet-S."""
        # The mean of 2x2 differences is the difference of the means: halve first, it is cheaper.
        return (halve(self._float()) - _channels(self.flow_mean, self.device)) / 255

    def _float(self) -> Tensor:
        return upload(self.pixels, self.device).float()


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
    image_size = size_of(image)
    factor = resize_factor(image_size, short_side, long_side)
    size = input_size(image_size, short_side, long_side)
    # A picture that keeps its size, or of which rounding alone would leave nothing.
    if factor == 1.0 or 1 in size or (isinstance(image, Tensor) and image.is_cuda):
        return make_picture(image, size).pixels
    whole = image.numpy() if isinstance(image, Tensor) else image
    # By the factor itself, not by the ratio of the rounded sizes.
    small = cv2.resize(whole, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(small).permute(2, 0, 1)[None]


@lru_cache(maxsize=16)
@torch.inference_mode(mode=False)
def _channels(values: Channels, device: torch.device) -> Tensor:
    """Give (3, 1, 1), made once, as a copy from the host makes it wait; fit for training too."""
    return torch.tensor(values, device=device).view(3, 1, 1)
