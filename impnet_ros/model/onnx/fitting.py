# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How an image is laid into an input of fixed size, and boxes are brought back."""
from dataclasses import dataclass
from math import isfinite
from typing import Any

import cv2
from impnet_ros.model.onnx.families import Three
import numpy as np
import torch
from torch import Tensor

BORDER = 114
"""Grey of the borders, 0..255, the choice of all families that have them."""


@dataclass(frozen=True)
class Input:
    """
    How a picture becomes the network's input.

    Attributes
    ----------
    size : tuple of int
        (height, width) in pixels.
    colour, scale, mean, std, fit
        As for `families.Family`.

    """

    size: tuple[int, int]
    colour: str
    scale: float
    mean: Three
    std: Three
    fit: str

    def __post_init__(self) -> None:
        numbers = (self.scale, *self.mean, *self.std)
        if not all(map(isfinite, numbers)) or min(self.scale, *self.std) <= 0:
            raise ValueError('scale, mean, std: expected finite numbers, scale and std above 0, '
                             f'got {self.scale:g}, {self.mean}, {self.std}')


@dataclass(frozen=True)
class Placement:
    """
    Where an image lies in the input.

    Attributes
    ----------
    top, left : int
        Pixels of border above and left of it.
    height, width : int
        Its size in the input, pixels.
    scale : tuple of float
        Input pixels an image pixel, (x, y).

    """

    top: int
    left: int
    height: int
    width: int
    scale: tuple[float, float]

    def to_image(self, boxes: Tensor) -> Tensor:
        """Bring boxes (N, 4), x1 y1 x2 y2, from the input to the image, in pixels of each."""
        offset = boxes.new_tensor((self.left, self.top, self.left, self.top))
        return (boxes - offset) / boxes.new_tensor((*self.scale, *self.scale))


def placement(image_size: tuple[int, int], size: tuple[int, int], fit: str) -> Placement:
    """
    Place an image as the family does it, to the pixel.

    Parameters
    ----------
    image_size, size : tuple of int
        (height, width) of the image and of the input, pixels.
    fit : str
        'letterbox' keeps the shape and centres (as Ultralytics does), 'top-left' keeps the shape
        (as YOLOX does), 'stretch' does not.

    """
    rows, columns = size
    if fit == 'stretch':
        return Placement(0, 0, rows, columns, (columns / image_size[1], rows / image_size[0]))
    factor = min(rows / image_size[0], columns / image_size[1])
    rounded = round if fit == 'letterbox' else int
    height, width = (min(max(rounded(side * factor), 1), most)
                     for side, most in zip(image_size, size, strict=True))
    if fit == 'top-left':
        return Placement(0, 0, height, width, (factor, factor))
    top, left = round((rows - height) / 2 - 0.1), round((columns - width) / 2 - 0.1)
    return Placement(top, left, height, width, (width / image_size[1], height / image_size[0]))


def laid_out(pixels: Tensor, image_size: tuple[int, int], wanted: Input) -> Tensor:
    """
    Make a network's input of a picture that has its size in it already.

    Parameters
    ----------
    pixels : Tensor
        uint8 (B, 3, h, w), RGB, `placement`'s height and width.
    image_size : tuple of int
        (height, width) of the original image.
    wanted : Input
        What the network takes.

    Returns
    -------
    Tensor
        float32 (B, 3, H, W).

    """
    place = placement(image_size, wanted.size, wanted.fit)
    laid = pixels
    if tuple(pixels.shape[2:]) != wanted.size:
        laid = pixels.new_full((*pixels.shape[:2], *wanted.size), BORDER)
        laid[:, :, place.top:place.top + place.height,
             place.left:place.left + place.width] = pixels
    if wanted.colour == 'bgr':
        laid = laid.flip(1)
    numbers = laid.to(torch.float32, memory_format=torch.contiguous_format)
    if wanted.scale != 1 or any(wanted.mean) or wanted.std != (1.0, 1.0, 1.0):
        deviation = torch.tensor(wanted.std).view(3, 1, 1).to(numbers) * wanted.scale
        mean = torch.tensor(wanted.mean).view(3, 1, 1).to(numbers) * wanted.scale
        numbers = (numbers - mean) / deviation
    return numbers


def input_of(image: np.ndarray[Any, Any], wanted: Input) -> Tensor:
    """Make a network's input, float32 (1, 3, H, W), of an image uint8 (H, W, 3), RGB."""
    size = (image.shape[0], image.shape[1])
    place = placement(size, wanted.size, wanted.fit)
    small = cv2.resize(image, (place.width, place.height), interpolation=cv2.INTER_LINEAR)
    return laid_out(torch.from_numpy(small).permute(2, 0, 1)[None], size, wanted)
