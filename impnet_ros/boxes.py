# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arithmetic on boxes (N, 4), x1 y1 x2 y2 in pixels.

The reference counts a box from x1 to x2 as x2 - x1 + 1 pixels wide (corners are the centres of
pixels that belong to it). `extra_pixel` says so: 1 for that convention, the default, and 0 for
continuous coordinates.
"""
import torch
from torch import Tensor
from torchvision.ops import batched_nms, nms


def box_areas(boxes: Tensor, extra_pixel: float = 1.0) -> Tensor:
    """Areas (N,) of boxes (N, 4)."""
    sides = boxes[:, 2:] - boxes[:, :2] + extra_pixel
    return sides[:, 0] * sides[:, 1]


def iou_matrix(boxes: Tensor, others: Tensor, extra_pixel: float = 1.0) -> Tensor:
    """Intersection over union (N, M), 0..1, of boxes (N, 4) and others (M, 4)."""
    top_left = torch.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = (bottom_right - top_left + extra_pixel).clamp(min=0).prod(dim=2)
    areas, other_areas = box_areas(boxes, extra_pixel), box_areas(others, extra_pixel)
    return shared / (areas[:, None] + other_areas - shared).clamp(min=1e-9)


def clip_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Move corners into a picture of `size` (height, width): x into 0..width - 1, NaN to 0."""
    height, width = size
    boxes = boxes.nan_to_num(0.0)
    x, y = boxes[:, 0::2].clamp(0, width - 1), boxes[:, 1::2].clamp(0, height - 1)
    return torch.stack((x[:, 0], y[:, 0], x[:, 1], y[:, 1]), dim=1)


def encode_boxes(anchors: Tensor, boxes: Tensor, deviations: tuple[float, ...]) -> Tensor:
    """
    Say how to get from anchors to boxes.

    Parameters
    ----------
    anchors, boxes : Tensor
        (N, 4), with the extra pixel.
    deviations : tuple of float
        What each delta is divided by, so that all are about 1.

    Returns
    -------
    Tensor
        (N, 4): shift of the centre in x and y over the anchor's side, log of the ratio of widths
        and of heights.

    """
    sides, box_sides = anchors[:, 2:] - anchors[:, :2] + 1, boxes[:, 2:] - boxes[:, :2] + 1
    centres = anchors[:, :2] + (sides - 1) / 2
    box_centres = boxes[:, :2] + (box_sides - 1) / 2
    deltas = torch.cat(((box_centres - centres) / sides, (box_sides / sides).log()), dim=1)
    return deltas / deltas.new_tensor(deviations)


def decode_boxes(anchors: Tensor, deltas: Tensor, deviations: tuple[float, ...]) -> Tensor:
    """
    Apply predicted deltas to anchors: the inverse of `encode_boxes`.

    Parameters
    ----------
    anchors, deltas : Tensor
        (N, 4).
    deviations : tuple of float
        As in `encode_boxes`.

    Returns
    -------
    Tensor
        Boxes (N, 4), not clipped.

    """
    deltas = deltas * deltas.new_tensor(deviations)
    sides = anchors[:, 2:] - anchors[:, :2] + 1
    centres = anchors[:, :2] + (sides - 1) / 2 + deltas[:, :2] * sides
    half = (deltas[:, 2:].exp() * sides - 1) / 2
    return torch.cat((centres - half, centres + half), dim=1)


def best_boxes(boxes: Tensor, scores: Tensor, iou_threshold: float, count: int,
               extra_pixel: float = 1.0) -> Tensor:
    """
    Greedy non-maximum suppression, stopped once `count` boxes are kept.

    What is kept of the best n boxes is a prefix of what is kept of all, so a short list is tried
    first: suppressing 6000 proposals only to keep 300 would cost more than the detection head.

    Parameters
    ----------
    boxes, scores : Tensor
        (N, 4), (N,), best first.
    iou_threshold : float
        A box that overlaps a kept one more than this is dropped.
    count : int
        Most boxes to keep.
    extra_pixel : float
        See above.

    Returns
    -------
    Tensor
        Indices, best first.

    """
    wide = torch.cat((boxes[:, :2], boxes[:, 2:] + extra_pixel), dim=1)
    tried = 4 * count
    while True:
        kept = nms(wide[:tried], scores[:tried], iou_threshold)
        if len(kept) >= count or tried >= len(boxes):
            return kept[:count]
        tried *= 2


def best_boxes_by_class(boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float,
                        count: int) -> Tensor:
    """
    Greedy non-maximum suppression within each class, with the extra pixel.

    Parameters
    ----------
    boxes, scores, labels : Tensor
        (N, 4), (N,), int64 (N,), in any order.
    iou_threshold : float
        As in `best_boxes`.
    count : int
        Most boxes to keep, over all classes.

    Returns
    -------
    Tensor
        Indices, best first.

    """
    wide = torch.cat((boxes[:, :2], boxes[:, 2:] + 1), dim=1)
    return batched_nms(wide, scores, labels, iou_threshold)[:count]
