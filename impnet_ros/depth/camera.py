# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A pinhole camera: pixels to rays and back, read from what a CameraInfo holds."""
from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_SMALL_DISTORTION = 1e-6


class CameraError(ValueError):
    """Intrinsics that cannot be used; says what was expected and what came."""


@dataclass(frozen=True)
class Pinhole:
    """
    Intrinsics of a rectified image.

    Attributes
    ----------
    width, height : int
        Of the image, pixels.
    fx, fy : float
        Focal lengths, pixels.
    cx, cy : float
        Principal point, pixels; the middle of the first pixel is (0, 0), as in CameraInfo.

    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def rays(self, pixels: Array) -> Array:
        """
        Give directions.

        Parameters
        ----------
        pixels : numpy.ndarray
            (..., 2), x and y.

        Returns
        -------
        numpy.ndarray
            (..., 3) in the optical frame (x right, y down, z forward), with z = 1. A ray times a
            depth of a ROS depth image is the point.

        """
        x = (pixels[..., 0] - self.cx) / self.fx
        y = (pixels[..., 1] - self.cy) / self.fy
        return np.stack([x, y, np.ones_like(x)], axis=-1)

    def pixels(self, points: Array) -> Array:
        """Project what lies in the optical frame, (..., 3) with z > 0, to (..., 2)."""
        scale = np.array([self.fx, self.fy])
        return points[..., :2] / points[..., 2:] * scale + np.array([self.cx, self.cy])


def pinhole(width: int, height: int, k: Sequence[float], d: Sequence[float],
            p: Sequence[float], *, rectified: bool = False, binning: tuple[int, int] = (1, 1),
            offset: tuple[int, int] = (0, 0), name: str = 'camera_info') -> Pinhole:
    """
    Read the intrinsics that a CameraInfo gives for its rectified image.

    Parameters
    ----------
    width, height : int
        Of the calibrated picture, pixels.
    k, p : sequence of float
        (9,) and (12,), row by row. Where the image is rectified and p is given, p counts.
    d : sequence of float
        Distortion; empty or all zero for none.
    rectified : bool
        Whether somebody says that the image is rectified, although d is not zero.
    binning, offset : (int, int)
        In x and y: sensor pixels an image pixel, and the corner of the region of interest.
    name : str
        For messages.

    Raises
    ------
    CameraError
        If there are no intrinsics, or the image may be distorted.

    """
    if not rectified and not all(abs(value) <= _SMALL_DISTORTION for value in d):
        raise CameraError(
            f'{name}: expected no distortion, got {[round(value, 4) for value in d]}; send a '
            'rectified image (image_proc), or set rectified:=true where it is one')
    use_p = len(p) == 12 and p[0] > 0 and p[5] > 0
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if use_p else (k[0], k[4], k[2], k[5])
    if not all(map(math.isfinite, (fx, fy, cx, cy))) or fx <= 0 or fy <= 0:
        raise CameraError(f'{name}: expected focal lengths above 0 and a finite principal point, '
                          f'got {fx:g}, {fy:g} and {cx:g}, {cy:g}; is the camera calibrated?')
    bin_x, bin_y = (max(value, 1) for value in binning)
    return Pinhole(width // bin_x, height // bin_y, fx / bin_x, fy / bin_y,
                   (cx - offset[0]) / bin_x, (cy - offset[1]) / bin_y)


def carried(boxes: Array, source: Pinhole, target: Pinhole) -> Array:
    """
    Carry boxes from one image to another of the same optical frame, at another resolution.

    Parameters
    ----------
    boxes : numpy.ndarray
        (N, 4), x1, y1, x2, y2 in pixels of `source`.
    source, target : Pinhole
        The two images.

    Returns
    -------
    numpy.ndarray
        (N, 4) in pixels of `target`.

    """
    corners = boxes.reshape(-1, 2, 2)
    return target.pixels(source.rays(corners)).reshape(-1, 4)
