# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
N_q over a pair: which of two aligned features to believe, cell by cell.

The paper's N_q scores each feature by itself, eq. (2). The score maps of a detector alone do not
tell a blurred object from one that has gone, so this one sees both features at once, and facts of
the pictures that are carried and mixed as the features are: they always describe what the carried
feature is made of. It needs no training: `rule` is what one would write by hand, and `PairQuality`
learns to correct it.
"""
import math

import cv2
from impnet_ros.model.device import upload
from impnet_ros.model.levels import Array, DenseFlow
from impnet_ros.model.sight.compare import LAPLACIAN_DIFFERENCE, ONE_MAP, OUTSIDE
from impnet_ros.model.sight.dis_flow import dis_flow
import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

FACTS = 8
"""Channels of `picture_facts`: what a picture is like, and what its feature went through."""

GREY, SHARPNESS, NOISE, DETAIL, AGE, TRAVEL, UNLIKE, ASTRAY = range(FACTS)

ASTRAY_SCALE = 4.0
"""Pixels of the resized picture that the flow there and back may miss, see `certainty`."""

RESIDUAL_SCALE = 0.35
"""Difference of the aligned greys, in deviations of the picture, that leaves e^-1 of the old."""

EVIDENCE_GAIN = 0.7
"""Logit of w_k for each unit of class logit that the new feature has more; above 1 ghosts stay."""

INPUTS = 24
LEVELS = 3
"""How many levels the learned N_q tells apart; what is coarser counts as the last."""


def noise_deviation(grey: Array) -> float:
    """
    Deviation of the noise in a picture, in grey steps.

    J. Immerkaer, "Fast noise variance estimation", 1996: a mask that answers neither to slopes nor
    to straight edges. The median of its answers stands for their mean, as texture answers too.
    """
    if min(grey.shape) < 3:
        return 0.0
    answer = cv2.filter2D(grey, cv2.CV_32F, LAPLACIAN_DIFFERENCE)[1:-1, 1:-1]
    return float(np.median(np.abs(answer))) / (6 * 0.6745)


def picture_facts(grey: Array, sizes: list[tuple[int, int]], device: torch.device) -> list[Tensor]:
    """
    Tell of a picture what its features do not.

    Parameters
    ----------
    grey : ndarray
        uint8 (h, w).
    sizes : list of tuple
        (rows, columns) of each level.
    device : torch.device
        Where the levels are.

    Returns
    -------
    list of Tensor
        float32 (1, FACTS, rows, columns) a level: grey in deviations of the picture around
        OUTSIDE; sharpness of the whole picture, the log of its fine detail above the noise;
        log of the noise; log of the fine detail in each cell; and four zeros for what `journey`
        will add.

    """
    image = grey.astype(np.float32)
    fine = (image - cv2.GaussianBlur(image, (0, 0), 1.0)) ** 2
    noise = noise_deviation(grey)
    # Noise of deviation 1 leaves 0.8 of its variance in `fine`.
    sharpness = math.log(max(float(fine.mean()) - 0.8 * noise ** 2, 0.0) + 0.5)
    facts = []
    for rows, columns in sizes:
        planes = np.zeros((1, FACTS, rows, columns), np.float32)
        cells = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        planes[0, GREY] = (cells - cells.mean()) / (cells.std() + 1.0) + OUTSIDE
        planes[0, SHARPNESS] = sharpness
        planes[0, NOISE] = math.log(noise + 0.5)
        detail = cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA)
        planes[0, DETAIL] = np.log(detail + 0.5)
        facts.append(upload(torch.from_numpy(planes), device))
    return facts


def journey(flow: DenseFlow, sizes: list[tuple[int, int]], device: torch.device) -> list[Tensor]:
    """
    Tell what a feature goes through that is carried along a flow, to be added to its facts.

    Parameters
    ----------
    flow : DenseFlow
        From the frame that it is carried to, to the one that it comes from.
    sizes : list of tuple
        (rows, columns) of each level.
    device : torch.device
        Where the levels are.

    Returns
    -------
    list of Tensor
        float32 (1, 4, rows, columns) a level: one journey more; its way in cells; how unlike the
        pictures are there, in deviations; how far astray the flow there and back again ends, in
        cells, which tells occlusion and failed flow from mere blur.

    """
    grey, key_grey, field = flow.grey, flow.key_grey, flow.field
    height, width = grey.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = field + np.dstack((x, y))
    here, known = (cv2.GaussianBlur(item.astype(np.float32), (0, 0), 1.5)
                   for item in (grey, key_grey))
    here, known = ((item - item.mean()) / (item.std() + 1.0) for item in (here, known))
    unlike = np.abs(here - cv2.remap(known, there, ONE_MAP, cv2.INTER_LINEAR,
                                     borderMode=cv2.BORDER_CONSTANT, borderValue=OUTSIDE))
    back = cv2.remap(dis_flow(key_grey, grey), there, ONE_MAP, cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)
    told = np.dstack((cv2.magnitude(*cv2.split(field)), unlike,
                      cv2.magnitude(*cv2.split(field + back))))
    result = []
    for rows, columns in sizes:
        cells: Array = cv2.resize(told, (columns, rows), interpolation=cv2.INTER_AREA)
        cells[..., [0, 2]] *= np.float32(columns / width)
        planes = np.concatenate((np.ones((rows, columns, 1), np.float32), cells), axis=2)
        result.append(upload(torch.from_numpy(planes.transpose(2, 0, 1)[None]), device))
    return result


def add_journey(facts: Tensor, told: Tensor) -> Tensor:
    """Note in carried facts (B, FACTS, h, w) what `journey` told, (B, 4, h, w)."""
    return torch.cat((facts[:, :AGE], facts[:, AGE:] + told), dim=1)


def certainty(facts: Tensor, stride: int) -> Tensor:
    """
    Tell how surely a carried feature is in its place.

    Where the flow there and back again does not end where it began, an object was hidden or lost
    on the way, and its feature shows where it is not any more.

    Parameters
    ----------
    facts : Tensor
        (B, FACTS, h, w), carried.
    stride : int
        Pixels of the resized picture a cell.

    Returns
    -------
    Tensor
        (B, 1, h, w), 0..1: 1 for a flow that returns, 1 / e at ASTRAY_SCALE pixels.

    """
    astray = facts[:, ASTRAY:ASTRAY + 1] * stride
    return torch.exp(-(astray / ASTRAY_SCALE) ** 2)


def _compared(old: Tensor, new: Tensor, old_facts: Tensor,
              new_facts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Residual grey, likeness 0..1 and the logit of the rule's w_k, (B, 1, h, w) each."""
    residual = functional.avg_pool2d(old_facts[:, :1] - new_facts[:, :1], 3, 1, 1,
                                     count_include_pad=False)
    likeness = torch.exp(-(residual / RESIDUAL_SCALE) ** 2)
    evidence = new.amax(dim=1, keepdim=True) - old.amax(dim=1, keepdim=True)
    sharper = (new_facts - old_facts)[:, SHARPNESS:SHARPNESS + 1]
    share = (sharper + EVIDENCE_GAIN * evidence).clamp(-8, 8).sigmoid()
    return residual, likeness, torch.logit(1 - (1 - share) * likeness, eps=1e-3)


def rule(old: Tensor, new: Tensor, old_facts: Tensor, new_facts: Tensor) -> Tensor:
    """
    Weigh new against old without any training.

    Blurred is not gone: where the new picture is worse or shows less, the old feature stays. But a
    stale or wrongly carried feature must not: where the carried grey differs from the new one, at
    a resolution that blur does not touch, only the new feature counts.

    Parameters
    ----------
    old, new : Tensor
        (B, classes, h, w), class logits relative to an empty cell: carried, and of the key frame.
    old_facts, new_facts : Tensor
        (B, FACTS, h, w), of each.

    Returns
    -------
    Tensor
        w_k, (B, 1, h, w), the share of the new feature in 0..1.

    """
    return torch.sigmoid(_compared(old, new, old_facts, new_facts)[2])


class PairQuality(nn.Module):
    """
    N_q, learned: w_k = sigmoid(logit of the rule + net). The net begins at zero.

    Parameters
    ----------
    hidden : int
        Channels of its two hidden layers.

    """

    def __init__(self, hidden: int = 24) -> None:
        super().__init__()
        self.hidden = hidden
        self.layers = nn.Sequential(
            nn.Conv2d(INPUTS, hidden, 1), nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, 1, 1))
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d) and last.bias is not None
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, old: Tensor, new: Tensor, old_facts: Tensor, new_facts: Tensor,
                level: int) -> Tensor:
        """
        Weigh new against old.

        Parameters
        ----------
        old, new, old_facts, new_facts : Tensor
            As for `rule`.
        level : int
            0.., finest first.

        Returns
        -------
        Tensor
            w_k, (B, 1, h, w) in 0..1.

        """
        best_old, seen_old = old.max(dim=1, keepdim=True)
        best_new, seen_new = new.max(dim=1, keepdim=True)
        residual, likeness, believed = _compared(old, new, old_facts, new_facts)
        which = [torch.full_like(residual, float(min(level, LEVELS - 1) == number))
                 for number in range(LEVELS)]
        inputs = torch.cat((
            best_old / 4, best_new / 4, new.gather(1, seen_old) / 4, old.gather(1, seen_new) / 4,
            residual.abs().clamp(max=4), likeness, believed / 4,
            old_facts[:, SHARPNESS:DETAIL + 1], new_facts[:, SHARPNESS:DETAIL + 1],
            torch.log1p(old_facts[:, AGE:]), (new_facts - old_facts)[:, SHARPNESS:DETAIL + 1],
            (best_new - best_old) / 4, *which), dim=1)
        return torch.sigmoid(believed + self.layers(inputs))
