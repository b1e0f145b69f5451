# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The boxes remembered of a video."""
from dataclasses import dataclass, replace
import math

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tracks:
    """
    The boxes remembered of a video, best first.

    Attributes
    ----------
    boxes : Tensor
        float (N, 4), x1 y1 x2 y2 in pixels of the newest frame.
    scores, labels, ids : Tensor
        (N,); an id is never given twice within a video.
    velocity : Tensor
        (N, 2), (x, y) in pixels a second against the background.
    drift : Tensor
        (N, 2), pixels a second that the flow misses of it.
    age_s : Tensor
        (N,), seconds since each was first seen.
    way : Tensor
        (N,), the way that each has gone since the last key frame, in sides: roots of its area.
    evidence : Tensor
        (N,), scores that spoke for its class, added up and forgotten; see `objects`.
    rival : Tensor
        bool (N,): the same object is likelier of another class.
    next_id : int
        The first id that is still free.
    stamp_s : float
        When they last met fresh boxes, seconds.
    frame_s : float
        Time of the newest frame, seconds.
    clarity : float
        Log of the detail in the clearest picture of late; see `memory.merge`.

    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    ids: Tensor
    velocity: Tensor
    drift: Tensor
    age_s: Tensor
    way: Tensor
    evidence: Tensor
    rival: Tensor
    next_id: int
    stamp_s: float
    frame_s: float
    clarity: float = -math.inf

    def chosen(self, which: Tensor) -> 'Tracks':
        """Give some of them, by a mask or by numbers."""
        return replace(self, boxes=self.boxes[which], scores=self.scores[which],
                       labels=self.labels[which], ids=self.ids[which],
                       velocity=self.velocity[which], drift=self.drift[which],
                       age_s=self.age_s[which], way=self.way[which],
                       evidence=self.evidence[which], rival=self.rival[which])

    def and_also(self, other: 'Tracks') -> 'Tracks':
        """Append the tracks of another memory; all else stays as it is here."""
        return replace(self, boxes=torch.cat((self.boxes, other.boxes)),
                       scores=torch.cat((self.scores, other.scores)),
                       labels=torch.cat((self.labels, other.labels)),
                       ids=torch.cat((self.ids, other.ids)),
                       velocity=torch.cat((self.velocity, other.velocity)),
                       drift=torch.cat((self.drift, other.drift)),
                       age_s=torch.cat((self.age_s, other.age_s)),
                       way=torch.cat((self.way, other.way)),
                       evidence=torch.cat((self.evidence, other.evidence)),
                       rival=torch.cat((self.rival, other.rival)))
