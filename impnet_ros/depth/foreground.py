# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which depths in a box belong to its object.

A box holds the object, what stands behind it, the ground, and whatever hides a part of it. All of
those go on outside the box; the object does not. So the border just outside is looked at first:
depths of a row that its two ends have too, or that lie on the plane between them (the ground),
count less, as do those of a column that its ends have. The object is then the mode of the
depths that are left, with all that joins it in depth without a gap.
"""
from dataclasses import dataclass, fields
from typing import Any

from impnet_ros.depth.depth_image import DepthImage
import numpy as np

Array = np.ndarray[Any, Any]

_GRID = 32
"""Samples along each side of a box: enough for a median, and the same time for every box."""
_THICK, _NOISE = 0.1, 0.004
"""Depths of one surface differ by its shape, m, and by noise, 1/m times depth squared (a stereo
camera's is about half of that)."""
_LIKE_BORDER = 0.3
"""What remains of a depth's weight for each side on which the border has it too. Where all depths
are like the border, they still decide."""
_JOINED = 0.12
"""A bin belongs to the mode beside it with this share of its weight."""
_LEAST = 8
"""Samples below which a box says nothing."""
_GAP = np.linspace(0.04, 0.1, 3)
"""Where the border is looked at: shares of the box's size outside of it."""
_BINS_A_UNIT = 2
_AT_ONCE = 256
"""Boxes that are worked on together: bounds the memory."""
_KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
_ALONG = np.linspace(-1, 1, _GRID)
_MIDDLE = 1.0 / (1.0 + 2.0 * (_ALONG[:, None]**2 + _ALONG**2)**2)
"""Weight of a sample by its place: objects fill the middle of their boxes more than corners."""


@dataclass(frozen=True)
class Foreground:
    """
    What of the objects is seen, for N boxes.

    Attributes
    ----------
    near, middle, far : numpy.ndarray
        (N,), 10th, 50th and 90th percentile of the object's depths, m; NaN where it has none.
    count : numpy.ndarray
        (N,), how many samples of the box are the object's.
    share : numpy.ndarray
        (N,), the same as a share of all samples in the box.

    """

    near: Array
    middle: Array
    far: Array
    count: Array
    share: Array


def foreground(image: DepthImage, boxes: Array) -> Foreground:
    """
    Find the depths of objects.

    Parameters
    ----------
    image : DepthImage
        Registered to the boxes.
    boxes : numpy.ndarray
        (N, 4), x1, y1, x2, y2 in pixels of `image`; parts outside of it are left out.

    """
    nothing = np.zeros(0)
    parts = [Foreground(nothing, nothing, nothing, nothing, nothing)]
    parts += [_foreground(image, boxes[at:at + _AT_ONCE])
              for at in range(0, len(boxes), _AT_ONCE)]
    return Foreground(*(np.concatenate([getattr(part, each.name) for part in parts])
                        for each in fields(Foreground)))


def _foreground(image: DepthImage, boxes: Array) -> Foreground:
    columns, rows, inside = _grid(image, boxes)
    depth = image.at(rows[:, :, None], columns[:, None, :])
    depth[~inside] = np.nan
    unit, known = _units(depth), np.isfinite(depth)
    weight = _LIKE_BORDER**_sides_alike(image, boxes, columns, rows, depth) * _MIDDLE * known
    chosen = _mode(np.where(known, unit, 0.0), weight) & known
    return _summary(depth, chosen)


def _units(depth: Array) -> Array:
    """Stretch depth so that one unit is what the depths of one surface differ by."""
    ratio = (_NOISE / _THICK)**0.5
    return np.arctan(depth * ratio) / (_THICK * _NOISE)**0.5


def _grid(image: DepthImage, boxes: Array) -> tuple[Array, Array, Array]:
    """Give columns (N, G), rows (N, G), and which samples (N, G, G) lie in the image."""
    width, height = image.size
    steps = (np.arange(_GRID) + 0.5) / _GRID
    x1, y1, x2, y2 = boxes.T[:, :, None]
    columns = np.rint(x1 + (x2 - x1) * steps - 0.5).astype(int)
    rows = np.rint(y1 + (y2 - y1) * steps - 0.5).astype(int)
    inside = (((rows >= 0) & (rows < height))[:, :, None]
              & ((columns >= 0) & (columns < width))[:, None, :])
    return columns.clip(0, width - 1), rows.clip(0, height - 1), inside


def _sides_alike(image: DepthImage, boxes: Array, columns: Array, rows: Array,
                 depth: Array) -> Array:
    """Count for samples (N, G, G) on how many sides of the box their depth goes on outside."""
    left, right, top, bottom = _border(image, boxes, columns, rows)
    near = _THICK + _NOISE * depth * depth
    # A plane is a straight line in inverse depth along a row of the picture.
    steps = (np.arange(_GRID, dtype=np.float32) + 2.5) / (_GRID + 4)
    with np.errstate(divide='ignore', invalid='ignore'):
        plane = 1 / ((1 / left)[:, :, None] * (1 - steps) + (1 / right)[:, :, None] * steps)
        # Below the object is mostly the ground that it stands on, and as far away: its corners
        # tell. What only hides the object from below is not in the corners.
        corners = plane[:, -1]
        ground = np.abs(bottom - corners) < 2 * (_THICK + _NOISE * corners * corners)
        bottom[ground] = np.nan
        level = (np.abs(depth - left[:, :, None]) < near).astype(np.int8)
        level += np.abs(depth - right[:, :, None]) < near
        level[np.abs(depth - plane) < near] = 2
        level += np.abs(depth - top[:, None, :]) < near
        level += np.abs(depth - bottom[:, None, :]) < near
    return level


def _border(image: DepthImage, boxes: Array, columns: Array, rows: Array) -> list[Array]:
    """Give metres (N, G) left, right, above and below the boxes; NaN outside the image."""
    width, height = image.size
    x1, y1, x2, y2 = boxes.T[:, :, None]
    found = []
    for edge, size, limit, sign in ((x1, x2 - x1, width, -1), (x2, x2 - x1, width, 1),
                                    (y1, y2 - y1, height, -1), (y2, y2 - y1, height, 1)):
        at = np.rint(edge + sign * np.maximum(size * _GAP, [2, 3, 4]) - 0.5).astype(int)
        inside = (at >= 0) & (at < limit)
        at = at.clip(0, limit - 1)
        if edge is x1 or edge is x2:
            depth = image.at(rows[:, :, None], at[:, None, :])
        else:
            depth = image.at(at[:, None, :], columns[:, :, None])
        depth[~np.broadcast_to(inside[:, None, :], depth.shape)] = np.nan
        found.append(_middle_of_three(depth))
    return found


def _middle_of_three(depth: Array) -> Array:
    """Take the median (N, G) of the last axis, of those that are known; holes are bridged."""
    ordered = np.sort(depth, axis=-1)  # NaN last
    count = np.isfinite(ordered).sum(axis=-1)
    middle = np.take_along_axis(ordered, (np.maximum(count, 1) // 2)[..., None], axis=-1)[..., 0]
    middle[count == 0] = np.nan
    before, after = np.roll(middle, 1, axis=1), np.roll(middle, -1, axis=1)
    before[:, 0], after[:, -1] = np.nan, np.nan
    return np.where(count > 0, middle, np.where(np.isfinite(before), before, after))


def _mode(unit: Array, weight: Array) -> Array:
    """Mark samples (N, G, G) of the heaviest depth and of all that joins it."""
    count = len(unit)
    bins = (unit * _BINS_A_UNIT).astype(int)
    size = int(bins.max(initial=0)) + 5
    flat = bins + np.arange(count)[:, None, None] * size + 2
    histogram = np.bincount(flat.ravel(), weight.ravel(), count * size)
    smooth = np.convolve(histogram, _KERNEL, 'same').reshape(count, size)
    peak = smooth.argmax(axis=1)[:, None]
    gap = smooth < _JOINED * np.take_along_axis(smooth, peak, axis=1)
    at = np.arange(size)
    first = np.where(gap & (at < peak), at, -1).max(axis=1) + 1
    last = np.where(gap & (at > peak), at, size).min(axis=1) - 1
    found = flat - np.arange(count)[:, None, None] * size
    chosen = (found >= first[:, None, None]) & (found <= last[:, None, None])
    return chosen & (weight > 0)


def _summary(depth: Array, chosen: Array) -> Foreground:
    values = np.where(chosen, depth, np.inf).reshape(len(depth), -1)
    values.sort(axis=1)
    count = chosen.reshape(len(depth), -1).sum(axis=1)
    at = np.array([0.1, 0.5, 0.9]) * np.maximum(count - 1, 0)[:, None]
    near, middle, far = np.take_along_axis(values, np.rint(at).astype(int), axis=1).T
    told = count >= _LEAST
    near, middle, far = (np.where(told, each, np.nan) for each in (near, middle, far))
    return Foreground(near, middle, far, count, count / _GRID**2)
