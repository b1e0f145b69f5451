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

EVIDENCE_SPAN_S = 1.0
"""Time constant in which the scores that speak for a class are forgotten."""


def witnessed(tracks: Tracks, seen: Tensor, elapsed_s: float) -> Tracks:
    """
    Add up what speaks for each track's class, and let the object's id go with the likeliest.

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
        `rival` marks those whose object another class explains better.

    """
    evidence = tracks.evidence * math.exp(-elapsed_s / EVIDENCE_SPAN_S) + seen
    rival = torch.zeros_like(tracks.labels, dtype=torch.bool)
    ids = tracks.ids
    if len(evidence) > 1:
        together = box_iou(tracks.boxes, tracks.boxes) > SAME_PLACE
        together &= tracks.labels[:, None] != tracks.labels
        if together.any():
            rival, ids = _led(together.cpu(), evidence.cpu(), ids)
    return replace(tracks, evidence=evidence, rival=rival.to(evidence.device), ids=ids)


def _led(together: Tensor, evidence: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Of tracks that are together the likeliest leads, and has the oldest of their ids."""
    rival, ids = torch.zeros_like(together[0]), ids.clone()
    for leader in evidence.argsort(descending=True, stable=True).tolist():
        if rival[leader]:
            continue
        group = together[leader] & ~rival
        group &= (evidence < evidence[leader]) | (torch.arange(len(ids)) > leader)
        rival |= group
        oldest = torch.where(group, ids, ids[leader]).argmin()
        if ids[oldest] < ids[leader]:
            ids[[leader, int(oldest)]] = ids[[int(oldest), leader]]
    return rival, ids


def told(tracks: Tracks, score_threshold: float) -> Tensor:
    """
    Give the scores (N,) that are told: a rival's stays below a threshold.

    Whoever asks for less than the network's own threshold is told of it too.
    """
    return torch.where(tracks.rival, tracks.scores.clamp(max=0.99 * score_threshold),
                       tracks.scores)
