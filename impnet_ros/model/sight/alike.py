# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Two pictures of one scene made alike, for flow between a good and a spoilt one.

Flow compares grey values. Between a sharp and a blurred picture, or a bright and a dark one, it
bends to explain a difference that is no motion: at both ends of a burst of bad frames. What is
missing in the worse one cannot be put back, so detail is taken from the better one.
"""
from typing import Any

import cv2
import numpy as np

Grey = np.ndarray[Any, Any]

CONTRAST_RATIO = 1.1
"""Up to which contrasts of two pictures count as equal; in one light they differ by less."""

DETAIL_RATIO = 1.5
"""Up to which the energies of their fine detail count as equal."""

_DEVIATIONS = (0.7, 1.2, 2.0, 3.5)  # of a Gaussian, in pixels


def alike(grey: Grey, other: Grey) -> tuple[Grey, Grey]:
    """
    Give the one with less contrast the other's, then blur the one with more detail.

    Noise is detail too: a dark picture is noisy once its contrast is raised, and then it is
    smoothed itself. Pictures that are alike already come back unchanged.

    Parameters
    ----------
    grey, other : numpy.ndarray
        uint8 (h, w).

    Returns
    -------
    tuple of numpy.ndarray
        Both, uint8 (h, w).

    """
    light, other_light = _light(grey), _light(other)
    if light[1] > CONTRAST_RATIO * other_light[1]:
        other = _relit(other, other_light, light)
    elif other_light[1] > CONTRAST_RATIO * light[1]:
        grey = _relit(grey, light, other_light)
    detail, other_detail = _detail(grey), _detail(other)
    if detail > DETAIL_RATIO * other_detail:
        grey = _smoothed(grey, other_detail)
    elif other_detail > DETAIL_RATIO * detail:
        other = _smoothed(other, detail)
    return grey, other


def _light(grey: Grey) -> tuple[float, float]:
    """Mean and deviation; the deviation of an empty picture is 1."""
    mean, deviation = cv2.meanStdDev(grey)
    return mean.item(), deviation.item() + 1.0


def _relit(grey: Grey, light: tuple[float, float], wanted: tuple[float, float]) -> Grey:
    gain = wanted[1] / light[1]
    values = np.arange(256) * gain + (wanted[0] - light[0] * gain)
    return cv2.LUT(grey, values.clip(0, 255).astype(np.uint8))


def _detail(grey: Grey) -> float:
    """Sum of squares of what a small Gaussian takes away; that of an empty picture is not zero."""
    return cv2.norm(grey, cv2.GaussianBlur(grey, (3, 3), 0), cv2.NORM_L2SQR) + 0.05 * grey.size


def _smoothed(grey: Grey, detail: float) -> Grey:
    """Blur until no more detail is left than this."""
    for deviation in _DEVIATIONS:
        smooth = cv2.GaussianBlur(grey, (0, 0), deviation)
        if _detail(smooth) <= detail:
            break
    return smooth
