# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Parts of photographs that slide, turn and grow over others, with exact flow.

Made as FlyingChairs was (Dosovitskiy et al., "FlowNet: Learning Optical Flow with Convolutional
Networks", 2015): nothing looks or moves like the videos that a flow network is used on later.
"""
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_Matrix = NDArray[np.float64]

_TEXTURE = 2
"""Sides of the picture that the background's texture has, so that its border stays outside."""

_CORNERS = 24


@dataclass(frozen=True)
class _Layer:
    """A texture, its mask (0 or 255), and how it moves, in pixels, radians, growth a frame."""

    texture: Image
    mask: Image
    position: NDArray[np.float64]
    velocity: NDArray[np.float64]
    turn: float
    growth: float

    def pose(self, instant: float) -> _Matrix:
        """Matrix (3, 3) from texture to picture, pixels."""
        height, width = self.mask.shape
        scale, angle = np.exp(self.growth * instant), self.turn * instant
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        x, y = self.position + self.velocity * instant
        centre = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1]])
        return np.array([[cosine, -sine, x], [sine, cosine, y], [0, 0, 1]]) @ centre


class MovedVideo:
    """
    Frames of layers that each move evenly.

    Parameters
    ----------
    layers : sequence
        The background first.
    side : int
        Of the frames, pixels.
    frames : int
        How many.

    """

    def __init__(self, layers: Sequence[_Layer], side: int, frames: int) -> None:
        self._layers, self._side, self._frames = layers, side, frames

    def __len__(self) -> int:
        """Count the frames."""
        return self._frames

    def frame(self, index: int) -> Image:
        """Picture `index`, uint8 (side, side, 3)."""
        picture = np.zeros((self._side, self._side, 3), np.uint8)
        for layer in self._layers:
            seen = self._placed(layer.mask, layer, index) > 127
            picture[seen] = self._placed(layer.texture, layer, index)[seen]
        return picture

    def flow(self, index: int, key_index: int) -> NDArray[np.float32]:
        """Give the exact flow, (side, side, 2) in pixels, from frame `index` to `key_index`."""
        x, y = np.meshgrid(np.arange(self._side), np.arange(self._side))
        places = np.stack((x, y, np.ones_like(x)), axis=-1).astype(float)
        flow = np.zeros((self._side, self._side, 2), np.float32)
        for layer in self._layers:
            seen = self._placed(layer.mask, layer, index) > 127
            way = layer.pose(key_index) @ np.linalg.inv(layer.pose(index))
            flow[seen] = (places[seen] @ way.T - places[seen])[:, :2]
        return flow

    def _placed(self, pixels: Image, layer: _Layer, index: int) -> NDArray[Any]:
        return cv2.warpAffine(pixels, layer.pose(index)[:2], (self._side, self._side))


class MovedPictures:
    """
    A set of such videos, each made when it is asked for.

    Parameters
    ----------
    pictures : sequence of numpy.ndarray
        uint8 (H, W, 3), what textures are cut from; every side at least `side` / 2.
    count : int
        Videos.
    seed : int
        The same seed gives the same videos.
    side, frames : int
        Of each video.

    """

    def __init__(self, pictures: Sequence[Image], count: int, seed: int, side: int,
                 frames: int = 16) -> None:
        smallest = min((min(picture.shape[:2]) for picture in pictures), default=0)
        if smallest < side // 2:
            raise ValueError(f'pictures: expected some, of at least {side // 2} pixels a side, '
                             f'got {len(pictures)}, the smallest side {smallest}')
        self._pictures, self._count, self._seed = pictures, count, seed
        self._side, self._frames = side, frames

    def __len__(self) -> int:
        """Count the videos."""
        return self._count

    def __getitem__(self, number: int) -> MovedVideo:
        """Make a video."""
        if not 0 <= number < self._count:
            raise IndexError(f'video: expected 0..{self._count - 1}, got {number}')
        rng = np.random.default_rng((self._seed, number))
        side, middle = self._side, (self._frames - 1) / 2
        size = _TEXTURE * side
        layers = [self._layer(rng, np.full((size, size), 255, np.uint8), 0.006 * side, middle,
                              np.full(2, side / 2))]
        for _ in range(int(rng.integers(2, 6))):
            size = int(rng.uniform(0.2, 0.6) * side)
            layers.append(self._layer(rng, _cut_out(rng, size), 0.012 * side, middle,
                                      rng.uniform(0, side, 2)))
        return MovedVideo(layers, side, self._frames)

    def _layer(self, rng: Generator, mask: Image, speed: float, middle: float,
               place: NDArray[np.float64]) -> _Layer:
        """Cut a texture for a mask; it passes `place` at the instant `middle`."""
        picture = self._pictures[int(rng.integers(len(self._pictures)))]
        height, width = picture.shape[:2]
        size = int(rng.uniform(0.4, 1.0) * min(height, width))
        y, x = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
        texture = cv2.resize(picture[y:y + size, x:x + size], mask.shape[::-1],
                             interpolation=cv2.INTER_AREA)
        # Most stand nearly still and some are fast, as in FlyingChairs.
        velocity = rng.laplace(0, speed / 2, 2).clip(-speed, speed)
        return _Layer(np.asarray(texture, np.uint8), mask, place - velocity * middle, velocity,
                      float(rng.normal(0, 0.01)), float(rng.normal(0, 0.004)))


def _cut_out(rng: Generator, size: int) -> Image:
    """Draw a round silhouette with dents and bumps."""
    angles = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    radii = np.ones(_CORNERS)
    for waves in range(2, 6):
        radii += rng.normal(0, 0.5 / waves) * np.cos(waves * angles + rng.uniform(0, 2 * np.pi))
    radii = radii.clip(0.2, None) / radii.max() * (size / 2 - 1)
    outline = size / 2 + radii[:, None] * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 255)
    return mask
