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
from impnet_ros.model.levels import Flow
from impnet_ros.stream.boxes.motion import advanced, corrected, INSIDE, read
from impnet_ros.stream.boxes.objects import witnessed
from impnet_ros.stream.boxes.sighting import Sighting
from impnet_ros.stream.boxes.tracks import Tracks
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

SAME_OBJECT = 0.5
"""IoU above which a remembered and a fresh box of one class show one object."""

SCENE_CUT = 0.3
"""Mean mismatch of two consecutive pictures above which they show different scenes. At the cuts of
bikes.mp4 it is at least 0.43; elsewhere, bursts of blur and darkness included, at most 0.18."""

BLURRED_LIFETIME = 10.0
"""How many times longer an unconfirmed box lives in a picture whose detail has fallen to 1 / e: a
blurred object has not gone. In between the factor grows exponentially with the lost clarity."""

WAY_FADES = (2.0, 0.5)
"""How a score decays with the distance that a box was carried, on top of its decay with time: the
exponent for a distance of one box side, and the largest exponent at one key frame. What moves fast
soon leaves the picture or is misplaced."""

LOOKS = 0.5
"""Weight of a remembered place against a fresh one of the same score. More smears the boxes of
what moves, less hands the noise of each look on."""

BLURRED_LOOKS = 2.0
"""How many times more a remembered place counts in a picture whose detail has fallen to 1 / e."""

LEFT_BY_A_LOOK = 0.5
"""A worse look lowers a score, but keeps at least this share of its lead."""

CLARITY_SPAN_S = 1.5
"""Time constant in which the reference clarity is forgotten, as scenes change."""


def carry(tracks: Tracks, flow: Flow, mismatch: Tensor | None, image_size: tuple[int, int],
          detection: DetectionConfig, stamp_s: float) -> Tracks:
    """
    Bring tracks from one frame to the next.

    Parameters
    ----------
    tracks : Tracks
        In the earlier frame.
    flow : Flow
        F(earlier, later).
    mismatch : Tensor, optional
        (1, 1, h, w) at the earlier frame's first level: how much what is there differs from what
        the flow finds in the later frame, 0..1. Scores suffer by it, so that an occlusion ends a
        track; a scene cut ends all of them.
    image_size : tuple of int
        (height, width) in pixels.
    detection : DetectionConfig
        Boxes below its score threshold, and boxes that left the picture, are forgotten.
    stamp_s : float
        Time of the later frame in seconds.

    """
    scores, clarity = tracks.scores, tracks.clarity
    if not len(scores):
        return replace(tracks, frame_s=stamp_s)
    if mismatch is not None:
        if float(mismatch.mean()) > SCENE_CUT:
            scores, clarity = torch.zeros_like(scores), -math.inf
        inside = read(mismatch[0, 0].cpu().numpy(), tracks.boxes.numpy(), INSIDE, image_size)
        scores = scores * (1 - torch.from_numpy(np.median(inside, axis=1)))
    elapsed_s = max(stamp_s - tracks.frame_s, 1e-3)
    boxes, velocity = advanced(tracks, flow, image_size, elapsed_s)
    extents = tracks.boxes[:, 2:] - tracks.boxes[:, :2]
    moves = (boxes - tracks.boxes).reshape(-1, 2, 2).mean(dim=1).abs().amax(dim=1)
    way = tracks.way + moves / extents.clamp(min=1).prod(dim=1).sqrt()
    alive = scores >= max(detection.score_threshold, 1e-6)
    alive &= (boxes[:, 2:] - boxes[:, :2] >= 2).all(dim=1)
    moved = replace(tracks, boxes=boxes, scores=scores, velocity=velocity,
                    age_s=tracks.age_s + elapsed_s, way=way, clarity=clarity, frame_s=stamp_s)
    return moved.chosen(alive)


def merge(carried: Tracks, seen: Sighting, lifetime_s: float,
          detection: DetectionConfig) -> Tracks:
    """
    Unite remembered and fresh boxes.

    What is remembered fades with time and with its way, more slowly where the picture is blurred.
    A fresh box and the remembered one that it meets become one. The place is their mean: a good
    look long ago tells more than a bad one now, but not once it has faded. The score rises to
    a better one at once, and falls towards a worse one twice as fast as to nothing where nothing
    is seen: a weak look at something tells more than no look; but one look takes half at most.
    What is left over is united by class-wise NMS; boxes of two classes in one place are one object
    (see `objects`). Weak fresh boxes only confirm what is known (Zhang et al., "ByteTrack", 2022).

    Parameters
    ----------
    carried : Tracks
        Remembered boxes, already moved to this frame; their scores fade by the time and the way
        since they last met fresh ones.
    seen : Sighting
        What is seen in this frame.
    lifetime_s : float
        Time in which a score falls to 1 / e, where the picture is as clear as those before.
    detection : DetectionConfig
        Score threshold, IoU above which two boxes of a class are one, and how many may remain.

    Returns
    -------
    Tracks
        Best first. A fresh box that meets a remembered one inherits its id.

    """
    boxes, scores, labels = seen.boxes, seen.scores, seen.labels
    elapsed_s = max(seen.stamp_s - carried.stamp_s, 0.0)
    clearest = max(seen.clarity, clarity_of_late(carried, seen.stamp_s))
    blurred = min(clearest - seen.clarity, 1.0)
    by_way = (WAY_FADES[0] * carried.way).clamp(max=WAY_FADES[1])
    folds = (elapsed_s / lifetime_s + by_way) / BLURRED_LIFETIME ** blurred
    faded = carried.scores * torch.exp(-folds * seen.absence(carried.boxes))
    threshold = min(detection.nms_threshold, SAME_OBJECT)
    overlap = box_iou(boxes, carried.boxes)
    overlap[labels[:, None] != carried.labels[None]] = 0
    met = _meet(overlap, scores, threshold)
    hits, known = (met >= 0).nonzero()[:, 0], met[met >= 0]
    fresh = tracks_of(boxes.clone(), scores.clone(), labels, seen.stamp_s)
    fresh.velocity[hits], fresh.drift[hits] = corrected(carried, known, boxes[hits], elapsed_s)
    weight = seen.place_weight * scores[hits]
    before = LOOKS * (1 + BLURRED_LOOKS * blurred) * faded[known]
    share = weight / (weight + before).clamp(min=1e-6)
    fresh.boxes[hits] = torch.lerp(carried.boxes[known], boxes[hits], share[:, None])
    better_before = (carried.scores[known] - scores[hits]).clamp(min=0)
    weaker = folds[known] * seen.lower_score(carried.boxes[known])
    left = torch.exp(-2 * weaker).clamp(min=LEFT_BY_A_LOOK)
    fresh.scores[hits] = scores[hits] + left * better_before
    fresh.age_s[hits] = carried.age_s[known]
    fresh.evidence[hits] = carried.evidence[known]
    fresh.ids[hits] = carried.ids[known]
    begins = scores >= seen.begins
    begins[hits] = True
    missed = faded >= detection.score_threshold
    missed[known] = False
    rest = replace(carried, scores=faded, way=torch.zeros_like(faded))
    united = fresh.chosen(begins).and_also(rest.chosen(missed))
    looked = torch.cat((scores[begins], torch.zeros_like(faded[missed])))
    kept = batched_nms(united.boxes, united.scores, united.labels, threshold)
    kept = kept[:detection.max_detections]
    united = united.chosen(kept)
    new = united.ids < 0
    next_id = carried.next_id + int(new.sum())
    united.ids[new] = torch.arange(carried.next_id, next_id)
    united = replace(united, next_id=next_id, clarity=clearest)
    return witnessed(united, looked[kept], elapsed_s)


def clarity_of_late(tracks: Tracks, stamp_s: float) -> float:
    """Give the clarity that pictures had lately, by which a new one is judged."""
    return tracks.clarity - max(stamp_s - tracks.stamp_s, 0.0) / CLARITY_SPAN_S


def no_tracks(stamp_s: float) -> Tracks:
    """Nothing remembered yet."""
    return tracks_of(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64), stamp_s)


def tracks_of(boxes: Tensor, scores: Tensor, labels: Tensor, stamp_s: float) -> Tracks:
    """Boxes that nothing is known of yet, without ids (-1)."""
    count = len(scores)
    return Tracks(boxes, scores, labels, torch.full((count,), -1), boxes.new_zeros(count, 2),
                  boxes.new_zeros(count, 2), boxes.new_zeros(count), boxes.new_zeros(count),
                  boxes.new_zeros(count), torch.zeros_like(labels, dtype=torch.bool),
                  0, stamp_s, stamp_s)


def _meet(overlap: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Give each fresh box, best first, the free remembered one that it overlaps most, or -1."""
    met = torch.full((len(scores),), -1)
    if not overlap.shape[1]:
        return met
    free = overlap.numpy().copy()  # loops over NumPy's items take a third of the time
    for row in scores.argsort(descending=True, stable=True).tolist():
        best = int(free[row].argmax())
        if free[row, best] > threshold:
            met[row] = best
            free[:, best] = 0
    return met
