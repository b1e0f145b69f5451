# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One object, one box: what a detector takes for things of two classes in one place."""
from dataclasses import replace
import math

from impnet_ros.stream.boxes.tracks import Tracks
import torch
from torch import Tensor
from torchvision.ops import box_iou

SAME_PLACE = 0.7
"""IoU above which boxes of two classes show one object; what passes before a thing overlaps less,
and not for long."""

LEAST_TO_LEAD = 0.5
"""Share of the best score in a place that the class of an object has at least."""

EVIDENCE_SPAN_S = 1.0
"""Time constant in which the scores that speak for a class are forgotten."""


def witnessed(tracks: Tracks, seen: Tensor, elapsed_s: float) -> Tracks:
    """
    Add up what speaks for each track's class, and make tracks in one place one object.

    Parameters
    ----------
    tracks : Tracks
        Of one frame, all with ids.
    seen : Tensor
        (N,), the scores of this look; 0 for what it did not see.
    elapsed_s : float
        Seconds since the look before.

    Returns
    -------
    Tracks
        Those of one object have its id. `rival` marks those that another class explains better.

    """
    evidence = tracks.evidence * math.exp(-elapsed_s / EVIDENCE_SPAN_S) + seen
    tracks = replace(tracks, evidence=evidence, rival=torch.zeros_like(tracks.rival))
    together = box_iou(tracks.boxes, tracks.boxes) > SAME_PLACE
    together &= tracks.labels[:, None] != tracks.labels
    if together.any() or len(tracks.ids.unique()) < len(tracks.ids):
        return _as_objects(tracks, together)
    return tracks


def _as_objects(tracks: Tracks, together: Tensor) -> Tracks:
    """Group tracks around the likeliest ones; the oldest id of a group is the object's."""
    scores, ids = tracks.scores, tracks.ids.clone()
    best = torch.where(together, scores, 0 * scores).amax(dim=1)
    evidence = torch.where(scores >= LEAST_TO_LEAD * best, tracks.evidence, 0 * scores)
    free = torch.ones(len(ids), dtype=torch.bool)
    rival, taken, next_id = ~free, set[int](), tracks.next_id
    for leader in evidence.argsort(descending=True, stable=True).tolist():
        if not free[leader]:
            continue
        group = together[leader] & free
        rival |= group
        group[leader] = True
        free &= ~group
        known = sorted(set(ids[group].tolist()) - taken)
        ids[group] = known[0] if known else next_id
        next_id += not known
        taken.add(int(ids[leader]))
    return replace(tracks, ids=ids, rival=rival, next_id=next_id)


def told(tracks: Tracks, score_threshold: float) -> Tensor:
    """
    Give the scores (N,) that are told: a rival's stays below a threshold.

    Whoever asks for less than the network's own threshold is told of it too.
    """
    return torch.where(tracks.rival, tracks.scores.clamp(max=0.99 * score_threshold),
                       tracks.scores)
