# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From NanoDet's outputs to boxes: the rest of N_task after its linear part."""
import math

from impnet_ros.config import DetectionConfig
from impnet_ros.model.nanodet.detector import BINS, CLASSES
import torch
from torch import Tensor
from torchvision.ops import batched_nms, clip_boxes_to_image

BEFORE_NMS = 1000
"""Most candidates a level that reach NMS, the original's choice; matters at tiny thresholds."""


def candidates(logits: Tensor, stride: int,
               score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
    """
    Boxes of one level, before NMS.

    Only the cells and classes above the threshold are decoded, a handful of 200,000.

    Parameters
    ----------
    logits : Tensor
        (CHANNELS, h, w): class logits, then bins of the left, top, right and bottom side.
    stride : int
        Input pixels a cell.
    score_threshold : float
        Smallest score, 0..1.

    Returns
    -------
    boxes, scores, labels : Tensor
        (n, 4) x1 y1 x2 y2 in input pixels, (n,), (n,) int64. A cell may give several classes.

    """
    _, height, width = logits.shape
    cells = torch.arange(height * width, device=logits.device)
    return candidates_at(logits.flatten(1), cells, width, stride, score_threshold)


def candidates_at(logits: Tensor, cells: Tensor, width: int, stride: int,
                  score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
    """
    Boxes of some cells of one level, before NMS.

    Parameters
    ----------
    logits : Tensor
        (CHANNELS, n), as in `candidates`.
    cells : Tensor
        int64 (n,), which cells these are, counted row by row.
    width : int
        Cells in a row.
    stride, score_threshold
        As in `candidates`.

    Returns
    -------
    boxes, scores, labels : Tensor
        As from `candidates`.

    """
    classes, sides = logits.split((CLASSES, 4 * BINS))
    label, place = (classes >= logit(score_threshold)).nonzero(as_tuple=True)
    if not len(label):
        return logits.new_zeros(0, 4), logits.new_zeros(0), label
    scores = classes[label, place].sigmoid()
    if len(scores) > BEFORE_NMS:
        scores, best = scores.topk(BEFORE_NMS)
        label, place = label[best], place[best]
    return _decoded(sides[:, place], cells[place], width, stride), scores, label


def best_candidates(logits: Tensor, stride: int) -> tuple[Tensor, Tensor, Tensor]:
    """
    Boxes of one level with the best scores, however small: always as many, before NMS.

    How many are above a threshold only the host can ask, and it would have to wait for the answer.
    So a GPU does more than `candidates` does, and is not waited for.

    Parameters
    ----------
    logits, stride
        As for `candidates`.

    Returns
    -------
    boxes, scores, labels : Tensor
        As from `candidates`; BEFORE_NMS of them, or all where there are fewer.

    """
    _, height, width = logits.shape
    classes, sides = logits.flatten(1).split((CLASSES, 4 * BINS))
    best = classes.flatten().topk(min(BEFORE_NMS, classes.numel()))
    label, cell = best.indices // (height * width), best.indices % (height * width)
    return _decoded(sides[:, cell], cell, width, stride), best.values.sigmoid(), label


def _decoded(sides: Tensor, cell: Tensor, width: int, stride: int) -> Tensor:
    """Boxes (n, 4) from the bins (4 BINS, n) of cells (n,) counted row by row."""
    bins = sides.view(4, BINS, -1).softmax(dim=1)
    steps = torch.arange(BINS, dtype=bins.dtype, device=bins.device)[:, None]
    left, top, right, bottom = (bins * steps).sum(dim=1)
    x, y = cell % width + 0.5, cell // width + 0.5
    return torch.stack((x - left, y - top, x + right, y + bottom), dim=1) * stride


def select(boxes: Tensor, scores: Tensor, labels: Tensor, config: DetectionConfig,
           scale: tuple[float, float], image_size: tuple[int, int],
           ) -> tuple[Tensor, Tensor, Tensor]:
    """
    Bring candidates to the original image, drop doubles, keep the best.

    Parameters
    ----------
    boxes, scores, labels : Tensor
        (n, 4) in input pixels, (n,), (n,).
    config : DetectionConfig
        Overlap and number allowed.
    scale : tuple of float
        Original pixels an input pixel, (x, y).
    image_size : tuple of int
        (height, width) of the original image.

    Returns
    -------
    boxes, scores, labels : Tensor
        Best first; boxes in original pixels, inside the image.

    """
    boxes = clip_boxes_to_image(boxes * boxes.new_tensor((*scale, *scale)), image_size)
    kept = batched_nms(boxes, scores, labels, config.nms_threshold)[:config.max_detections]
    return boxes[kept], scores[kept], labels[kept]


def logit(probability: float) -> float:
    """Inverse of the sigmoid; infinite at 0 and 1."""
    if probability in (0.0, 1.0):
        return math.copysign(math.inf, probability - 0.5)
    return math.log(probability / (1 - probability))
