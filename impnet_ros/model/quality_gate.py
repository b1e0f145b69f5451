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
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Array = np.ndarray[Any, Any]

FACTS = 2
"""Channels that `picture_facts` gives: grey and sharpness."""

SHARPNESS_GAIN = 1.0
EVIDENCE_GAIN = 0.7
RESIDUAL_SCALE = 0.35
OUTSIDE = 4.0
"""Added to the grey so that the zero from outside the picture is far from every grey."""


def sharpness(grey: Array) -> float:
    g = grey.astype(np.float32)
    fine = g - cv2.GaussianBlur(g, (0, 0), 1.0)
    return math.log(float((fine ** 2).mean()) + 1e-3)


def picture_facts(grey: Array, sizes: list[tuple[int, int]], device: torch.device) -> list[Tensor]:
    quality = sharpness(grey)
    facts = []
    for rows, columns in sizes:
        cells = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
        cells = (cells - cells.mean()) / (cells.std() + 1.0) + OUTSIDE
        planes = np.stack((cells, np.full_like(cells, quality)))
        facts.append(torch.from_numpy(planes[None]).to(device))
    return facts


def gate_weights(old: Tensor, new: Tensor, old_facts: Tensor, new_facts: Tensor) -> Tensor:
    dq = new_facts[:, 1:] - old_facts[:, 1:]
    dc = new.amax(1, keepdim=True) - old.amax(1, keepdim=True)
    w = (SHARPNESS_GAIN * dq + EVIDENCE_GAIN * dc).sigmoid()
    residual = functional.avg_pool2d(old_facts[:, :1] - new_facts[:, :1], 3, 1, 1,
                                     count_include_pad=False)
    return 1 - (1 - w) * torch.exp(-(residual / RESIDUAL_SCALE) ** 2)


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
