# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Somebody else's detector, in one file: it finds red and blue balls on grey ground.

No weights: a cell's evidence is how much its colour stands out, a ball is a patch of such cells.
Its pictures, which `ball` draws, have boxes that are known.
"""
from typing import Any

import cv2
from impnet_ros.config import DetectionConfig
from impnet_ros.model.contract import Boxes, Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.sight.picture import Picture
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

STRIDE = 4
EMPTY = -7.0
"""Logit of a cell without colour."""


class BallDetector(Network):
    """Dense maps (1, 2, h, w) of one level, logits of red and blue above those of grey."""

    name = 'balls'
    class_names = ('red ball', 'blue ball')
    strides = (STRIDE,)

    def __init__(self, device: torch.device) -> None:
        """Compute on a device."""
        self.device = device

    def evidence(self, picture: Picture) -> Tensor:
        """Tell how much red and blue stand out, the mean of each cell."""
        red, green, blue = picture.pixels.to(self.device).float().div(255).unbind(dim=1)
        colours = torch.stack((red - green.maximum(blue), blue - red.maximum(green)), dim=1)
        return 20 * functional.avg_pool2d(colours.clamp(min=0), STRIDE, ceil_mode=True)

    def features(self, picture: Picture) -> Levels:
        """N_feat: one level, relative to an empty cell."""
        return self.levels_of(picture, [self.evidence(picture)])

    def class_logits(self, level: Tensor, number: int) -> Tensor:
        """All of it."""
        return level

    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """N_task: patches of cells."""
        if flow is not None:
            levels = self.propagate(levels, flow)
        scores = (levels.maps[0][0] + EMPTY).sigmoid().cpu().numpy()
        found = [patch for label, item in enumerate(scores)
                 for patch in _patches(item, label, detection.score_threshold)]
        table = torch.tensor(sorted(found, key=lambda row: -row[4])[:detection.max_detections],
                             dtype=torch.float32).reshape(-1, 6)
        height, width = levels.image_size
        rows, columns = levels.maps[0].shape[2:]
        scale = torch.tensor([width / columns, height / rows] * 2)
        return table[:, :4] * scale, table[:, 4], table[:, 5].long()


class BoxesOnlyBalls(BallDetector):
    """The same as a program that gives boxes and nothing that could be carried."""

    name = 'balls, boxes only'
    strides = ()
    boxes_only = True

    def features(self, picture: Picture) -> Levels:
        """Give the pixels, for `task` to look at."""
        return Levels((self.evidence(picture),), picture.image_size)


class FailingBalls(BallDetector):
    """Breaks on pictures whose first pixel is 1, and gives NaN where it is 2."""

    def features(self, picture: Picture) -> Levels:
        """Look at the first pixel first."""
        mark = int(picture.pixels[0, 0, 0, 0])
        if mark == 1:
            raise RuntimeError('device lost')
        levels = super().features(picture)
        if mark == 2:
            levels.maps[0].fill_(torch.nan)
        return levels


class ThreadTeller(BallDetector):
    """Reports one box, whose score is a tenth for each thread that PyTorch computes on."""

    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """Tell it."""
        score = torch.tensor([torch.get_num_threads() / 10])
        return torch.tensor([[1.0, 1.0, 9.0, 9.0]]), score, torch.zeros(1, dtype=torch.long)


def make(device: torch.device) -> BallDetector:
    """Give the detector."""
    return BallDetector(device)


def make_boxes_only(device: torch.device) -> BallDetector:
    """Give the one that gives boxes only."""
    return BoxesOnlyBalls(device)


def make_failing(device: torch.device) -> BallDetector:
    """Give the one that breaks."""
    return FailingBalls(device)


def make_teller(device: torch.device) -> BallDetector:
    """Give the one that tells its threads."""
    return ThreadTeller(device)


def make_nothing(device: torch.device) -> str:
    """Give what is no network."""
    return f'no network on {device}'


def ball(*places: tuple[int, int, int], size: tuple[int, int] = (192, 320), mark: int = 100,
         strength: int = 250) -> np.ndarray[Any, Any]:
    """
    Draw patterned balls of 49 pixels on structured grey ground.

    Parameters
    ----------
    *places : tuple of int
        Centre x, y, and 0 for red or 1 for blue.
    size : tuple of int
        (height, width) in pixels.
    mark : int
        Grey value of the first pixel.
    strength : int
        How bright the colour is, 0..250.

    """
    rng = np.random.default_rng(3)
    noise = rng.integers(130, 220, (size[0] // 8 + 1, size[1] // 8 + 1), np.uint8)
    ground = cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)
    image = np.repeat(ground[..., None], 3, axis=2)
    pattern = cv2.resize(rng.integers(150, 250, (9, 9)).astype(np.uint8), (49, 49))
    disc = cv2.circle(np.zeros((49, 49), np.uint8), (24, 24), 24, 1, -1).astype(bool)
    for x, y, label in places:
        patch = image[y - 24:y + 25, x - 24:x + 25]
        patch[disc] = 20
        patch[disc, 2 * label] = pattern[disc] * (strength / 250)
    image[0, 0] = mark
    return image


def _patches(scores: np.ndarray[Any, Any], label: int, threshold: float) -> list[list[float]]:
    """Give x1, y1, x2, y2 in cells, score and label of each patch of cells above a threshold."""
    mask = (scores >= max(threshold, 0.01)).astype(np.uint8)
    count, numbers, boxes, _ = cv2.connectedComponentsWithStats(mask)
    return [[x, y, x + width, y + height, float(scores[numbers == number].max()), label]
            for number, (x, y, width, height, _) in enumerate(boxes[:count]) if number]
