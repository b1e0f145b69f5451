# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Training-free weights w_k: which of two aligned features to believe, cell by cell.

A stand-in for the learned quality network N_q of eq. (2). It needs two facts of the pictures that
the features do not tell; they ride along as two more channels of each level, are warped and mixed
like the feature, and so always describe what the carried feature is made of.
"""
import math
from typing import Any

import cv2
from impnet_ros.model.device import upload
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Array = np.ndarray[Any, Any]

FACTS = 2
"""Channels that `picture_facts` gives: grey and sharpness."""

SHARPNESS_GAIN = 1.0
"""Logit of w_k for each e-fold of sharpness that the new picture has more."""

EVIDENCE_GAIN = 0.7
"""Logit of w_k for each unit of class logit that the new feature has more; above 1 ghosts stay."""

RESIDUAL_SCALE = 0.35
"""Difference of the aligned greys, in deviations of the picture, that leaves e^-1 of the old."""

OUTSIDE = 4.0
"""Added to the grey: the warp gives zero outside the picture, and that should match no grey."""

NOISE_SCALE = 3.0
"""Noise, in grey values of 255, that halves what sharpness is worth."""

_NOISE_IN_BAND = 0.078
# Share of the variance of white noise that the band of `sharpness` lets through.

LAPLACIAN_DIFFERENCE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Immerkaer's mask for noise: the difference of two Laplacians."""


def sharpness(grey: Array) -> float:
    """
    Tell how much a picture can show: detail that is not noise.

    The energy of a band of fine detail (deviations of 0.7 to 1.4 pixels) falls with motion blur,
    defocus and darkness alike, but noise raises it. So the noise is estimated where the picture is
    flattest (Immerkaer's mask, which plain gradients do not excite), its energy is taken off, and
    what is left counts less the noisier it is. Only differences between pictures of one scene mean
    something: the scene's own detail cancels.

    Parameters
    ----------
    grey : numpy.ndarray
        uint8 (h, w), h and w at least 8.

    Returns
    -------
    float
        Natural logarithm of an energy in squared grey values.

    """
    pixels = grey.astype(np.float32)
    band = cv2.GaussianBlur(pixels, (0, 0), 0.7) - cv2.GaussianBlur(pixels, (0, 0), 1.4)
    energy = float(np.square(band).mean())
    rows, columns = grey.shape[0] // 8, grey.shape[1] // 8
    noise_map = np.abs(cv2.filter2D(pixels, -1, LAPLACIAN_DIFFERENCE))[:rows * 8, :columns * 8]
    flattest = np.percentile(noise_map.reshape(rows, 8, columns, 8).mean(axis=(1, 3)), 20)
    noise = float(flattest) / (6 * math.sqrt(2 / math.pi))
    detail = max(energy - _NOISE_IN_BAND * noise ** 2, 0.05 * energy)
    return math.log(detail + 0.1) - math.log1p((noise / NOISE_SCALE) ** 2)


def picture_facts(grey: Array, sizes: list[tuple[int, int]], device: torch.device) -> list[Tensor]:
    """
    Make the channels that ride along with a picture's feature.

    Parameters
    ----------
    grey : numpy.ndarray
        uint8 (h, w).
    sizes : list of tuple of int
        Rows and columns of each level.
    device : torch.device
        Where the levels are.

    Returns
    -------
    list of Tensor
        (1, FACTS, rows, columns) a level: the grey in deviations of its picture, so that a change
        of the light is no difference, plus OUTSIDE; and the picture's sharpness everywhere.

    """
    quality = sharpness(grey)
    return [torch.cat((level, torch.full_like(level, quality)), dim=1)
            for level in grey_levels(grey, sizes, device)]


def grey_levels(grey: Array, sizes: list[tuple[int, int]], device: torch.device) -> list[Tensor]:
    """Give the first channel of `picture_facts` alone, (1, 1, rows, columns) a level."""
    greys = [cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
             for rows, columns in sizes]
    mean, deviation = greys[0].mean(), greys[0].std() + 1.0  # one scale for all levels
    return [upload(torch.from_numpy((level - mean) / deviation + OUTSIDE)[None, None], device)
            for level in greys]


def grey_cells(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """
    Give the first channel of `picture_facts` of pictures that are on the device already.

    Parameters
    ----------
    pixels : Tensor
        (B, 3, H, W), in any unit.
    size : tuple of int
        (h, w), cells.

    Returns
    -------
    Tensor
        (B, 1, h, w), the grey in deviations of its picture, plus OUTSIDE.

    """
    grey = functional.adaptive_avg_pool2d(pixels.mean(dim=1, keepdim=True), size)
    deviation, mean = torch.std_mean(grey, dim=(2, 3), keepdim=True)
    return (grey - mean) / (deviation + 1e-3) + OUTSIDE


def gate_weights(old: Tensor, new: Tensor, old_facts: Tensor, new_facts: Tensor) -> Tensor:
    """
    Weigh one level's new feature against the carried one.

    Blurred is not gone: where the new picture is worse or shows less, the old feature stays. But a
    stale or wrongly carried feature must not: where the carried grey differs from the new one, at
    a resolution that blur does not touch, only the new feature counts.

    Parameters
    ----------
    old, new : Tensor
        (1, classes, h, w), class logits up to a constant: carried and of the key frame.
    old_facts, new_facts : Tensor
        (1, FACTS, h, w), `picture_facts`, carried and of the key frame.

    Returns
    -------
    Tensor
        w_k, (1, 1, h, w), the share of the new feature in 0..1.

    """
    sharper = new_facts[:, 1:] - old_facts[:, 1:]
    evidence = new.amax(dim=1, keepdim=True) - old.amax(dim=1, keepdim=True)
    share = (SHARPNESS_GAIN * sharper + EVIDENCE_GAIN * evidence).sigmoid()
    residual = functional.avg_pool2d(old_facts[:, :1] - new_facts[:, :1], 3, 1, 1,
                                     count_include_pad=False)
    return 1 - (1 - share) * torch.exp(-(residual / RESIDUAL_SCALE) ** 2)


def picture_mismatch(here: Tensor, there: Tensor) -> Tensor:
    """
    Tell where two aligned pictures cannot show the same thing.

    Parameters
    ----------
    here, there : Tensor
        (1, 1, h, w), greys as `picture_facts` gives them, in deviations of their picture.

    Returns
    -------
    Tensor
        (1, 1, h, w), 0..1: 0 below half a deviation, which blur and noise reach too.

    """
    difference = functional.avg_pool2d(here - there, 3, 1, 1, count_include_pad=False).abs()
    return ((difference - 0.5) / 0.5).clamp(0, 1)
