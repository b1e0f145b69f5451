# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Resizing and flipping of pictures with their boxes."""
import cv2
from impnet_ros.data.samples import FrameTruth
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def resize(image: Image, factor: float) -> Image:
    """Scale a picture (H, W, 3) by a factor, bilinear; the same picture for factor 1."""
    if factor == 1.0:
        return image
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)


def resize_truth(truth: FrameTruth, factor: float) -> FrameTruth:
    """Scale boxes with their picture (corners times the factor, as the reference does)."""
    return FrameTruth(truth.boxes * np.float32(factor), truth.labels, truth.track_ids,
                      truth.occluded, truth.degradation)


def flip(image: Image) -> Image:
    """Mirror a picture (H, W, 3) left to right."""
    return np.ascontiguousarray(image[:, ::-1])


def flip_truth(truth: FrameTruth, width: int) -> FrameTruth:
    """
    Mirror boxes in a picture `width` pixels wide.

    Corners are pixel centres: x goes to width - 1 - x, and left and right change places.
    """
    boxes = truth.boxes.copy()
    boxes[:, 0] = width - 1 - truth.boxes[:, 2]
    boxes[:, 2] = width - 1 - truth.boxes[:, 0]
    return FrameTruth(boxes, truth.labels, truth.track_ids, truth.occluded, truth.degradation)
