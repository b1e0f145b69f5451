# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Scenes in which everything is known: objects cut out of clips move over a picture.

A detector of real objects sees something in them, unlike in `sprites`. Place and size of each box
are exact in that they follow from where it was in the picture that it was cut from; a static or a
moving camera looks on.
"""
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
from impnet_ros.data.true_clip import BoxRows, Image, TrueBoxes
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

MARGIN = 0.15
"""What is cut out around a box, in its sides; there it fades into the background."""

HIDDEN = 0.6
"""Share of a box outside the picture, or behind nearer boxes, from which it is ignored."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CutOut:
    """
    An object with a rim of what is around it.

    Attributes
    ----------
    pixels : ndarray
        uint8 (h, w, 3) RGB.
    opacity : ndarray
        float32 (h, w, 1), 0..1.
    box : ndarray
        float64 (4,), x1 y1 x2 y2 of the object in it.
    label : int
        Its class.

    """

    pixels: Image
    opacity: NDArray[np.float32]
    box: Floats
    label: int


@dataclass(frozen=True)
class Walk:
    """
    Where something is at each moment: evenly on, swaying, growing and shrinking.

    Attributes
    ----------
    start, velocity : ndarray
        (2,), pixels, and pixels a second.
    sway : ndarray
        (2,), pixels to both sides.
    rate, phase : float
        Of swaying and growing, in radians a second and radians.
    scale, growth : float
        Size, and by how much its logarithm goes up and down.

    """

    start: Floats
    velocity: Floats
    sway: Floats
    rate: float
    phase: float
    scale: float
    growth: float

    def at(self, second: float) -> tuple[Floats, float]:
        """Give place (2,) and scale."""
        turn = np.sin(self.rate * second + self.phase)
        return (self.start + self.velocity * second + self.sway * turn,
                float(self.scale * np.exp(self.growth * np.sin(self.rate * second))))


@dataclass(frozen=True)
class Collage:
    """
    A scene.

    Attributes
    ----------
    background : ndarray
        uint8 (H, W, 3) RGB; what lies outside of it is its mirror image.
    actors : sequence
        The pictures of each object, which take turns, and its walk on the background; far ones
        first.
    camera : Walk
        Of the middle of the view on the background; scale 2 shows everything twice as large.
    size : tuple of int
        (height, width) of the view in pixels.
    fps : float
        Frames a second.

    """

    background: Image
    actors: Sequence[tuple[Sequence[CutOut], Walk]]
    camera: Walk
    size: tuple[int, int]
    fps: float

    def frame(self, index: int) -> tuple[Image, TrueBoxes]:
        """Draw frame `index` and say what is true in it."""
        second = index / self.fps
        height, width = self.size
        centre, zoom = self.camera.at(second)
        middle = np.array([width, height]) / 2
        view = _affine(zoom, middle - zoom * centre)
        image = cv2.warpAffine(self.background, view, (width, height), flags=cv2.INTER_AREA,
                               borderMode=cv2.BORDER_REFLECT_101)
        boxes = []
        for pictures, walk in self.actors:
            item = pictures[_there_and_back(index, len(pictures))]
            place, scale = walk.at(second)
            scale *= zoom
            corner = zoom * (place - centre) + middle - scale * _middle_of(item.box)
            image = _pasted(image, item, scale, corner)
            boxes.append(scale * item.box + np.tile(corner, 2))
        return image, self._truth(boxes)

    def _truth(self, boxes: Sequence[Floats]) -> TrueBoxes:
        """Cut boxes at the picture's border; those that can hardly be seen are ignored."""
        height, width = self.size
        rows = BoxRows()
        limits = np.array([width, height, width, height])
        for number, box in enumerate(boxes):
            cut = np.clip(box, 0, limits)
            sides = cut[2:] - cut[:2]
            if (sides < 2).any():
                continue
            behind = np.zeros(self.size, bool)
            for nearer in boxes[number + 1:]:
                x1, y1, x2, y2 = np.clip(nearer, 0, limits).round().astype(int)
                behind[y1:y2, x1:x2] = True
            x1, y1, x2, y2 = cut.round().astype(int)
            seen = np.count_nonzero(~behind[y1:y2, x1:x2])
            rows.add((*cut[:2], *sides), self.actors[number][0][0].label, number,
                     ignored=bool(seen < (1 - HIDDEN) * np.prod(box[2:] - box[:2])))
        return rows.done()


def cut_out(image: Image, box: Floats, label: int) -> CutOut:
    """Cut an object out of a picture, with `MARGIN` around its box."""
    rim = MARGIN * (box[2:] - box[:2])
    height, width = image.shape[:2]
    x1, y1 = np.floor(np.maximum(box[:2] - rim, 0)).astype(int)
    x2, y2 = np.ceil(np.minimum(box[2:] + rim, (width, height))).astype(int)
    here = box - np.tile((x1, y1), 2)
    rows, columns = np.mgrid[:y2 - y1, :x2 - x1] + 0.5
    out_x = np.maximum(here[0] - columns, columns - here[2]) / max(rim[0], 1)
    out_y = np.maximum(here[1] - rows, rows - here[3]) / max(rim[1], 1)
    opacity = np.clip(1 - np.hypot(np.maximum(out_x, 0), np.maximum(out_y, 0)), 0, 1)
    return CutOut(image[y1:y2, x1:x2].copy(), opacity.astype(np.float32)[..., None], here, label)


def draw_walk(rng: Generator, start: Floats, speed: float, scale: float,
              growth: float = 0.0) -> Walk:
    """Draw a way in any direction, at a speed in pixels a second, with some swaying."""
    angle = rng.uniform(0, 2 * np.pi)
    along = speed * np.array([np.cos(angle), 0.4 * np.sin(angle)])
    return Walk(start, 0.5 * along, 0.5 * along, rng.uniform(0.8, 1.6),
                rng.uniform(0, 2 * np.pi), scale, growth)


def _pasted(image: Image, item: CutOut, scale: float, corner: Floats) -> Image:
    """Draw a cut-out with its upper left corner there."""
    height, width = image.shape[:2]
    x1, y1 = np.floor(corner).astype(int)
    columns, rows = np.ceil(np.array(item.pixels.shape[1::-1]) * scale).astype(int) + 2
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x1 + columns, width), min(
        y1 + rows, height)
    if left >= right or top >= bottom:
        return image
    # Sharper pictures than the view shows are averaged, not sampled.
    smaller = min(1.0, 2.0 ** np.floor(np.log2(max(2 * scale, 1e-3))))
    pixels = item.pixels.astype(np.float32)
    opacity = item.opacity
    if smaller < 1:
        to = tuple(max(1, round(side * smaller)) for side in item.pixels.shape[1::-1])
        pixels, opacity = (cv2.resize(part, to, interpolation=cv2.INTER_AREA)
                           for part in (pixels, opacity))
        sides = np.array(to) / item.pixels.shape[1::-1]
    else:
        sides = np.ones(2)
    move = _affine(scale / sides, corner - (left, top))
    area = right - left, bottom - top
    colour = cv2.warpAffine(pixels, move, area, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(opacity, move, area)[..., None]
    result = image.copy()
    under = result[top:bottom, left:right]
    result[top:bottom, left:right] = np.round(under + share * (colour - under))
    return result


def _affine(scale: Floats | float, shift: Floats) -> Floats:
    """Give the matrix for OpenCV, for which whole numbers are the middles of pixels."""
    x, y = np.broadcast_to(scale, 2)
    move = shift + (np.broadcast_to(scale, 2) - 1) / 2
    return np.array([[x, 0, move[0]], [0, y, move[1]]])


def _middle_of(box: Floats) -> Floats:
    return box.reshape(2, 2).mean(axis=0)


def _there_and_back(index: int, count: int) -> int:
    """Give 0, 1, ..., count - 1, count - 2, ..., 0, 1, ... for 0, 1, 2, ..."""
    place = index % max(2 * count - 2, 1)
    return min(place, 2 * count - 2 - place)
