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

_INSIDE = torch.cartesian_prod(torch.linspace(-0.35, 0.35, 7), torch.linspace(-0.4, 0.4, 7))
_BESIDE = torch.cartesian_prod(torch.tensor((-0.75, -0.65, 0.65, 0.75)),
                               torch.linspace(-0.4, 0.4, 7))
"""Where the flow of a box and of what is behind it is read, in widths and heights, (49 or 28, 2)
from its centre."""

SAME_OBJECT = 0.5
"""IoU above which a remembered and a fresh box of a class are one object."""

GROWTH = 0.25
"""Share of the measured growth that a box follows."""

SCENE_CUT = 0.3
"""Mean mismatch of two pictures above which they are of two scenes: 0.43 and more at the cuts of
bikes.mp4, 0.18 and less everywhere else, bursts of strong blur and darkness included."""

BLURRED_LIFETIME = 6.0
"""How many times longer an unconfirmed box lives where the picture has lost an e-fold of its
clarity: what is blurred is not gone. Half way between, in proportion on a log scale."""

CLARITY_SPAN_S = 1.5
"""Seconds in which the clarity to compare with falls by an e-fold, as scenes change."""

_NOT_MOVING = 0.01
"""Cells; keeps the weights of the flow's points above zero where nothing moves."""


def carry_boxes(boxes: Tensor, flow: Flow, image_size: tuple[int, int]) -> Tensor:
    """
    Move boxes along a flow.

    A box is full of background too, and a plain median loses a quarter of the way of people who
    walk by. So points count by how differently they move from what is left and right of the box.
    Growth, the slope of the flow across the box, is mostly noise and limbs: a quarter of it is
    believed, which was the best of none, a quarter, a half and all.

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
        (N, 4), in pixels of the later frame, clipped to it.

    """
    if not len(boxes):
        return boxes
    height, width = image_size
    size = boxes.new_tensor((width, height))
    cells = boxes.new_tensor((flow[0].shape[3], flow[0].shape[2]))
    points = torch.cat((_INSIDE, _BESIDE)).to(boxes)
    moves = _read(flow[0].to(boxes), boxes, points, image_size)  # (N, points, 2), cells
    inside, beside = moves.split((len(_INSIDE), len(_BESIDE)), dim=1)
    apart = (inside - beside.median(dim=1, keepdim=True).values).norm(dim=2) + _NOT_MOVING
    shift = torch.stack([_weighted_median(inside[..., axis], apart) for axis in (0, 1)], dim=1)
    offsets = _INSIDE.to(boxes)
    slope = ((inside * offsets).mean(dim=1) / offsets.square().mean(dim=0)) * size / cells
    extents = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    half = (GROWTH * slope / extents).clamp(-0.2, 0.25) * extents / 2
    shift = shift * size / cells
    moved = boxes + torch.cat((shift - half, shift + half), dim=1)
    return torch.minimum(moved.clamp(min=0), torch.cat((size, size)))


def _read(field: Tensor, boxes: Tensor, points: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Sample (1, C, h, w) at `points` (P, 2), given in sides from the centre of each box."""
    extents = (boxes[:, 2:] - boxes[:, :2])[:, None]
    centres = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    size = boxes.new_tensor((image_size[1], image_size[0]))
    places = 2 * (centres + points * extents) / size - 1
    read = functional.grid_sample(field, places[None], padding_mode='border', align_corners=False)
    return read[0].permute(1, 2, 0)


def _weighted_median(values: Tensor, weights: Tensor) -> Tensor:
    """Median (N,) of values (N, P) that count by their weights."""
    values, order = values.sort(dim=1)
    share = weights.gather(1, order).cumsum(dim=1)
    middle = (share < share[:, -1:] / 2).sum(dim=1, keepdim=True)
    return values.gather(1, middle.clamp(max=values.shape[1] - 1))[:, 0]


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
        the flow finds in the later frame, 0..1. Scores suffer by it, so that an occlusion ends a
        track; a scene cut ends all of them.
    image_size : tuple of int
        (height, width) in pixels.
    detection : DetectionConfig
        Boxes below its score threshold, and boxes that left the picture, are forgotten.

    """
    scores, clarity = tracks.scores, tracks.clarity
    if mismatch is not None and len(scores):
        if float(mismatch.mean()) > SCENE_CUT:
            scores, clarity = torch.zeros_like(scores), -math.inf
        inside = _read(mismatch.to(scores), tracks.boxes, _INSIDE.to(scores), image_size)
        scores = scores * (1 - inside[..., 0].median(dim=1).values)
    boxes = carry_boxes(tracks.boxes, flow, image_size)
    alive = scores >= max(detection.score_threshold, 1e-6)
    alive &= (boxes[:, 2:] - boxes[:, :2] >= 2).all(dim=1)
    return replace(tracks, boxes=boxes[alive], scores=scores[alive], labels=tracks.labels[alive],
                   ids=tracks.ids[alive.cpu()], clarity=clarity)


def merge(carried: Tracks, boxes: Tensor, scores: Tensor, labels: Tensor, stamp_s: float,
          lifetime_s: float, detection: DetectionConfig, clarity: float = 0.0) -> Tracks:
    """
    Unite remembered and fresh boxes.

    A fresh box and the remembered one that it meets become one: the place is their mean, weighted
    by score, as a good look long ago tells more than a bad one now; the score is the better one,
    after fading. What is left over is united by class-wise NMS.

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
        Time in which a score falls to 1 / e, where the picture is as clear as those before.
    detection : DetectionConfig
        Score threshold, IoU above which two boxes of a class are one, and how many may remain.
    clarity : float
        Log of the detail in this frame's picture.

    Returns
    -------
    Tracks
        Best first. A fresh box that meets a remembered one inherits its id.

    """
    elapsed_s = max(stamp_s - carried.stamp_s, 0.0)
    clearest = max(clarity, carried.clarity - elapsed_s / CLARITY_SPAN_S)
    blurred = min(clearest - clarity, 1.0)
    fading = math.exp(-elapsed_s / (lifetime_s * BLURRED_LIFETIME ** blurred))
    faded = carried.scores * fading
    threshold = min(detection.nms_threshold, SAME_OBJECT)
    overlap = box_iou(boxes, carried.boxes)
    overlap[labels[:, None] != carried.labels[None]] = 0
    met = _meet(overlap.cpu(), scores.cpu(), threshold).to(boxes.device)
    fresh, known = (met >= 0).nonzero()[:, 0], met[met >= 0]
    boxes, scores = boxes.clone(), scores.clone()
    share = scores[fresh] / (scores[fresh] + carried.scores[known]).clamp(min=1e-6)
    boxes[fresh] = torch.lerp(carried.boxes[known], boxes[fresh], share[:, None])
    scores[fresh] = torch.maximum(scores[fresh], faded[known])
    left = faded >= detection.score_threshold
    left[known] = False
    ids = torch.full((len(scores),), -1)
    ids[fresh.cpu()] = carried.ids[known.cpu()]
    boxes, scores = torch.cat((boxes, carried.boxes[left])), torch.cat((scores, faded[left]))
    labels = torch.cat((labels, carried.labels[left]))
    ids = torch.cat((ids, carried.ids[left.cpu()]))
    kept = batched_nms(boxes, scores, labels, threshold)[:detection.max_detections]
    ids = ids[kept.cpu()]
    new = ids < 0
    ids[new] = torch.arange(carried.next_id, carried.next_id + int(new.sum()))
    return Tracks(boxes[kept], scores[kept], labels[kept], ids,
                  carried.next_id + int(new.sum()), stamp_s, clearest)


def no_tracks(like: Tensor, stamp_s: float) -> Tracks:
    """Nothing remembered yet; tensors like `like` (boxes)."""
    return Tracks(like.new_zeros(0, 4), like.new_zeros(0),
                  torch.zeros(0, dtype=torch.int64, device=like.device),
                  torch.zeros(0, dtype=torch.int64), 0, stamp_s)


def _meet(overlap: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Give each fresh box, best first, the free remembered one that it overlaps most, or -1."""
    met = torch.full((len(scores),), -1)
    if not overlap.shape[1]:
        return met
    free = overlap.clone()
    for row in scores.argsort(descending=True, stable=True).tolist():
        best = int(free[row].argmax())
        if free[row, best] > threshold:
            met[row] = best
            free[:, best] = 0
    return met
