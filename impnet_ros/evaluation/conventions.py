# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The three conventions of average precision in use on ImageNet VID; they do not compare.

Name the one used beside every figure.
"""
from dataclasses import dataclass
from typing import Literal

from impnet_ros.boxes import iou_matrix
import numpy as np
from numpy.typing import NDArray
import torch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Convention:
    """
    How boxes are matched and precision is averaged.

    Attributes
    ----------
    name : str
        As written beside figures.
    pixel_tolerance : float
        p of the threshold min(.5, w h / ((w + p)(h + p))) of a true box; 0 gives plain .5.
    extra_pixel : int
        1 where a box from x1 to x2 is x2 - x1 + 1 wide, 0 where it is x2 - x1.
    recall_points : int
        0 for the area under the whole curve, 101 for COCO's samples.
    second_choice : bool
        Whether a detection whose best true box is taken may have the next best.

    """

    name: str
    pixel_tolerance: float
    extra_pixel: Literal[0, 1]
    recall_points: Literal[0, 101]
    second_choice: bool

    def thresholds(self, true_boxes: Floats) -> Floats:
        """Smallest IoU (N,) that finds each true box (N, 4)."""
        width, height = (true_boxes[:, 2:] - true_boxes[:, :2] + self.extra_pixel).T
        wide, high = width + self.pixel_tolerance, height + self.pixel_tolerance
        return np.minimum(0.5, width * height / np.maximum(wide * high, 1e-9))

    def iou(self, boxes: Floats, true_boxes: Floats) -> Floats:
        """Overlap (N, M) of two sets of boxes (N, 4) and (M, 4), xyxy."""
        overlap: Floats = iou_matrix(torch.from_numpy(boxes), torch.from_numpy(true_boxes),
                                     self.extra_pixel).numpy()
        return overlap


MSRA = Convention('msra', 10.0, 1, 0, True)
"""The official VID threshold with its tolerance for small boxes, area under the curve."""

MEGA = Convention('mega', 0.0, 1, 0, False)
"""Plain IoU .5, area under the curve; a second box on a taken object is false."""

COCO = Convention('coco', 0.0, 0, 101, True)
"""COCO's AP50: plain IoU .5, precision sampled at 101 recalls, widths without the extra pixel."""

CONVENTIONS = {item.name: item for item in (MSRA, MEGA, COCO)}
