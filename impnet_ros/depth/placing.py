# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Objects in space: position, extent and certainty of what a box and its depths show."""
from dataclasses import dataclass
from typing import Any

from impnet_ros.depth.camera import Pinhole
from impnet_ros.depth.depth_image import DepthImage
from impnet_ros.depth.foreground import foreground
import numpy as np

Array = np.ndarray[Any, Any]

_EDGE = 0.05
"""Standard deviation of a box's place, as a share of its size."""
_DECILES = 2.563
"""From the 10th to the 90th percentile of a normal distribution, standard deviations."""
SMALLEST_M = 0.05
"""Least size along the ray."""


@dataclass(frozen=True)
class Placed:
    """
    N objects in the optical frame of the depth camera (x right, y down, z forward).

    Attributes
    ----------
    position : numpy.ndarray
        (N, 3), middle of the cuboid, m; NaN where the box has no depth.
    size : numpy.ndarray
        (N, 3), along the frame's axes, m.
    covariance : numpy.ndarray
        (N, 3, 3) of the position, m^2.
    share : numpy.ndarray
        (N,), the part of the box in which the object was seen, 0..1.

    """

    position: Array
    size: Array
    covariance: Array
    share: Array

    @property
    def found(self) -> Array:
        """Which of them have a place, bool (N,)."""
        return np.isfinite(self.position[:, 2])


def place(image: DepthImage, lens: Pinhole, boxes: Array, thickness: float = 0.5) -> Placed:
    """
    Lift boxes into space.

    A camera sees the front of a thing. The cuboid begins there, reaches at least as far back as
    what is seen of it, and is at least `thickness` times as deep as the smaller of its width and
    height, and never below `SMALLEST_M`.

    Parameters
    ----------
    image : DepthImage
        Registered to the boxes.
    lens : Pinhole
        Of the depth image.
    boxes : numpy.ndarray
        (N, 4), x1, y1, x2, y2 in pixels of the depth image, whose first pixel goes from 0 to 1.
    thickness : float
        0 places objects in the middle of the surface that is seen.

    """
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    seen = foreground(image, boxes)
    spread = seen.far - seen.near
    wide = (boxes[:, 2] - boxes[:, 0]) / lens.fx * seen.middle
    high = (boxes[:, 3] - boxes[:, 1]) / lens.fy * seen.middle
    deep = np.maximum(np.maximum(spread, thickness * np.minimum(wide, high)), SMALLEST_M)
    rays = lens.rays((boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5)
    z = (seen.near + seen.far) / 2 + (deep - spread) / 2
    scale = z / seen.middle
    size = np.stack([wide * scale, high * scale, deep], axis=1)
    along = (spread / _DECILES)**2 + (deep - spread)**2 / 12
    covariance = rays[:, :, None] * rays[:, None, :] * along[:, None, None]
    for axis, width in ((0, wide), (1, high)):
        covariance[:, axis, axis] += (_EDGE * width)**2
    return Placed(rays * z[:, None], size, covariance, seen.share)
