# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Box memory: what was seen is carried by flow as boxes, beside the impression's features.

Between key frames boxes follow the flow from frame to frame; at a key frame they meet the fresh
ones, and what the key frame misses lives on for a while with a fading score. The memory of
features is stronger on clear video, the memory of boxes in long bad bursts; together they are
better than either. Boxes keep an identity for as long as they are linked.
"""
from dataclasses import replace
import math

from impnet_ros.config import DetectionConfig
from impnet_ros.stream.types import Flow, Tracks
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import batched_nms, box_iou

_POINTS = torch.linspace(-0.3, 0.3, 5)
"""Where the flow of a box is read, in widths from its centre: its border is not the object."""

SAME_OBJECT = 0.5
"""IoU above which a remembered and a fresh box of a class are one object."""


def carry_boxes(boxes: Tensor, flow: Flow, image_size: tuple[int, int]) -> Tensor:
    """
    Move and scale boxes along a flow.

    Parameters
    ----------
    boxes : Tensor
        (N, 4), x1 y1 x2 y2 in pixels of the earlier frame.
    flow : tuple of Tensor
        F(earlier, later): the first level, (1, 2, h, w), tells in cells where each place goes.
    image_size : tuple of int
        (height, width) of both frames in pixels.

    Returns
    -------
    Tensor
        (N, 4), in pixels of the later frame, clipped to it; the shift is the median of the
        flow inside a box, the growth the difference of the medians at its sides.

    """
    if not len(boxes):
        return boxes
    height, width = image_size
    size = boxes.new_tensor((width, height))
    cells = boxes.new_tensor((flow[0].shape[3], flow[0].shape[2]))
    centres, extents = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    points = _POINTS.to(boxes)
    places = _places(boxes, image_size).flatten(0, 1)[None]
    moves = functional.grid_sample(flow[0].to(boxes), places, padding_mode='border',
                                   align_corners=False)
    moves = moves[0].unflatten(1, (len(boxes), len(points))).permute(1, 2, 3, 0) * (size / cells)
    shift = moves.flatten(1, 2).median(dim=1).values
    span = (points[-1] - points[0]) * extents
    right, left = moves[:, :, -1, 0].median(dim=1).values, moves[:, :, 0, 0].median(dim=1).values
    low, high = moves[:, -1, :, 1].median(dim=1).values, moves[:, 0, :, 1].median(dim=1).values
    growth = 1 + torch.stack((right - left, low - high), dim=1) / span.clamp(min=1e-3)
    half = extents * growth.clamp(0.8, 1.25) / 2
    moved = torch.cat((centres + shift - half, centres + shift + half), dim=1)
    return torch.minimum(moved.clamp(min=0), torch.cat((size, size)))


def _places(boxes: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Points inside each box, (N, 5, 5, 2), x and y in -1..1 over the picture."""
    y, x = torch.meshgrid(_POINTS.to(boxes), _POINTS.to(boxes), indexing='ij')
    extents = (boxes[:, 2:] - boxes[:, :2])[:, None, None]
    centres = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None, None]
    size = boxes.new_tensor((image_size[1], image_size[0]))
    return 2 * (centres + torch.stack((x, y), -1) * extents) / size - 1


def carry_tracks(tracks: Tracks, flow: Flow, mismatch: Tensor | None,
                 image_size: tuple[int, int], detection: DetectionConfig) -> Tracks:
    """
    Bring tracks from one frame to the next.

    Parameters
    ----------
    tracks : Tracks
        In the earlier frame.
    flow : tuple of Tensor
        F(earlier, later), cells.
    mismatch : Tensor, optional
        (1, 1, h, w) at the earlier frame's first level: how much what is there differs from what
        the flow finds in the later frame, 0..1. Scores suffer by it, so that a scene cut
        or an occlusion ends a track.
    image_size : tuple of int
        (height, width) in pixels.
    detection : DetectionConfig
        Boxes below its score threshold, and boxes that left the picture, are forgotten.

    """
    scores = tracks.scores
    if mismatch is not None and len(scores):
        places = _places(tracks.boxes, image_size)
        inside = functional.grid_sample(mismatch.to(scores), places.flatten(0, 1)[None],
                                        padding_mode='border', align_corners=False)
        scores = scores * (1 - inside.view(len(scores), -1).median(dim=1).values)
    boxes = carry_boxes(tracks.boxes, flow, image_size)
    alive = (scores >= detection.score_threshold) & (boxes[:, 2:] - boxes[:, :2] >= 2).all(dim=1)
    return replace(tracks, boxes=boxes[alive], scores=scores[alive], labels=tracks.labels[alive],
                   ids=tracks.ids[alive.cpu()])


def merge(carried: Tracks, boxes: Tensor, scores: Tensor, labels: Tensor, stamp_s: float,
          lifetime_s: float, detection: DetectionConfig) -> Tracks:
    """
    Unite remembered and fresh boxes by class-wise NMS.

    Parameters
    ----------
    carried : Tracks
        Remembered boxes, already moved to this frame; their scores fade by the time since they
        last met fresh ones.
    boxes, scores, labels : Tensor
        Fresh boxes (N, 4), (N,), (N,).
    stamp_s : float
        Time of this frame in seconds.
    lifetime_s : float
        Time in which a score falls to 1 / e.
    detection : DetectionConfig
        Score threshold, IoU above which two boxes of a class are one, and how many may remain.

    Returns
    -------
    Tracks
        Best first. A fresh box that takes the place of a remembered one inherits its id.

    """
    fading = math.exp(-max(stamp_s - carried.stamp_s, 0.0) / lifetime_s)
    old_scores = carried.scores * fading
    all_boxes = torch.cat((boxes, carried.boxes))
    all_scores = torch.cat((scores, old_scores))
    all_labels = torch.cat((labels, carried.labels))
    threshold = min(detection.nms_threshold, SAME_OBJECT)
    fresh = torch.arange(len(all_scores), device=all_scores.device) < len(scores)
    kept = batched_nms(all_boxes, all_scores, all_labels, threshold)
    kept = kept[fresh[kept] | (all_scores[kept] >= detection.score_threshold)]
    kept = kept[:detection.max_detections]
    overlap = box_iou(all_boxes[kept], carried.boxes)
    overlap[all_labels[kept][:, None] != carried.labels[None]] = 0
    ids, next_id = _inherit(overlap.cpu(), carried.ids, threshold, carried.next_id)
    return Tracks(all_boxes[kept], all_scores[kept], all_labels[kept], ids, next_id, stamp_s)


def no_tracks(like: Tensor, stamp_s: float) -> Tracks:
    """Nothing remembered yet; tensors like `like` (boxes)."""
    return Tracks(like.new_zeros(0, 4), like.new_zeros(0),
                  torch.zeros(0, dtype=torch.int64, device=like.device),
                  torch.zeros(0, dtype=torch.int64), 0, stamp_s)


def _inherit(overlap: Tensor, ids: Tensor, threshold: float,
             next_id: int) -> tuple[Tensor, int]:
    """Match boxes, best first, with remembered ones that they overlap; the others are new."""
    free = overlap.clone()
    result = []
    for row in range(overlap.shape[0]):
        best = int(free[row].argmax()) if free.shape[1] else -1
        if best >= 0 and free[row, best] > threshold:
            result.append(int(ids[best]))
            free[:, best] = 0
        else:
            result.append(next_id)
            next_id += 1
    return torch.tensor(result, dtype=torch.int64), next_id
