# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Labels of clips that nobody labelled: what the detector sees in their sharp frames.

It looks four times, at two sizes and mirrored, and what it sees every time becomes truth. That
is no replacement for annotation: the labels share the detector's errors, and flicker where it
does. It is a fair reference for *spoilt* copies of the same frames.
"""
from dataclasses import dataclass

from impnet_ros.config import DetectionConfig
from impnet_ros.data.samples import FrameTruth, make_truth
from impnet_ros.model.contract import Boxes, Network
import numpy as np
from numpy.typing import NDArray
import torch
from torchvision.ops import box_iou

SIDES = (416, 608)
"""Sides in pixels of the squares whose area the pictures get, where a network can choose."""

_DETECTION = DetectionConfig(score_threshold=0.05)

SURE, MAYBE = 0.4, 0.2
"""Mean score over the looks above which something is there, and below which it is not."""

SAME_OBJECT = 0.55


@dataclass(frozen=True)
class PseudoTruth:
    """
    Labels of a frame.

    Attributes
    ----------
    truth : FrameTruth
        Objects, and things that may be some.
    counts : ndarray
        bool, one for each: whether it is an object; the others count neither way.

    """

    truth: FrameTruth
    counts: NDArray[np.bool_]


@torch.inference_mode()
def label_frame(network: Network, image: NDArray[np.uint8]) -> PseudoTruth:
    """Label a sharp frame, uint8 (H, W, 3) RGB."""
    sides = (None,) if network.fixed_size else SIDES
    looks = [look for side in sides for look in _look_twice(network, image, side)]
    boxes, scores, labels = _mean_of(looks)
    kept = scores >= MAYBE
    truth = make_truth(boxes[kept].tolist(), labels[kept].tolist())
    return PseudoTruth(truth, (scores[kept] >= SURE).numpy())


def _look_twice(network: Network, image: NDArray[np.uint8],
                side: int | None) -> list[Boxes]:
    """Detect in the image, and in its mirror image, mirrored back."""
    plain = _look(network, image, side)
    mirror = np.ascontiguousarray(image[:, ::-1])
    boxes, scores, labels = _look(network, mirror, side)
    width = image.shape[1]
    boxes = torch.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), 1)
    return [plain, (boxes, scores, labels)]


def _look(network: Network, image: NDArray[np.uint8], side: int | None) -> Boxes:
    levels = network.features(network.prepare(image, side))
    return network.task(levels, None, _DETECTION)


def _mean_of(looks: list[Boxes]) -> Boxes:
    """Group boxes that show the same; mean place by score, and mean score over all looks."""
    boxes, scores, labels = (torch.cat(parts) for parts in zip(*looks))
    order = scores.argsort(descending=True, stable=True)
    boxes, scores, labels = boxes[order].cpu(), scores[order].cpu(), labels[order].cpu()
    same = (box_iou(boxes, boxes) > SAME_OBJECT) & (labels[:, None] == labels)
    free = torch.ones(len(scores), dtype=torch.bool)
    rows = []
    for index in range(len(scores)):
        if not free[index]:
            continue
        group = same[index] & free
        free &= ~group
        share = scores[group]
        place = (boxes[group] * share[:, None]).sum(dim=0) / share.sum()
        rows.append((place, (share.sum() / len(looks)).clamp(max=1.0), labels[index]))
    if not rows:
        return boxes[:0], scores[:0], labels[:0]
    places, means, names = zip(*rows)
    return torch.stack(places), torch.stack(means), torch.stack(names)
