# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One row a setting, clip and draw: everything that is said of a run, as plain data."""
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from impnet_ros.data.true_clip import TrueClip
from impnet_ros.evaluation.clips.matching import judged, overlaps
from impnet_ros.evaluation.clips.precision import clip_labels, precisions
from impnet_ros.evaluation.clips.run import Run
from impnet_ros.evaluation.clips.tracking import SAME_PLACE, track_class, Tracking
from impnet_ros.evaluation.matching import FrameBoxes
import numpy as np


def row(clip: TrueClip, run: Run, spoilt: Sequence[bool],
        seen: Sequence[FrameBoxes]) -> dict[str, Any]:
    """
    Say everything of one run.

    Parameters
    ----------
    clip : TrueClip
        With its truth.
    run : Run
        What was found.
    spoilt : sequence of bool
        Which frames were spoilt.
    seen : sequence of FrameBoxes
        What the network sees in the clean frames, each alone; see `unsupported`.

    Returns
    -------
    dict
        ap, ap50, ap75 and, by place ('spoilt', 'size small', ...), the same under 'by'; counts of
        what was reported; key frames a frame. NaN where nothing is to be found; None for what
        needs ids and has none.

    """
    parts = {name: asdict(item) for name, item in precisions(clip, run.found, spoilt).items()}
    counts = tracking(clip, run)
    has_ids = clip.tracked and all(item is not None for item in run.ids)
    frames = len(clip.truth)
    boxes = sum(len(item.scores) for item in run.reported)
    return {
        **parts.pop('all'), 'by': parts, 'frames': frames,
        'objects': counts.objects, 'matches': counts.matches,
        'false': counts.false, 'reported': boxes, 'unsupported': unsupported(clip, run, seen),
        'id_switches': counts.switches if has_ids else None,
        'fragmentations': counts.fragmentations if clip.tracked else None,
        'breaks': counts.breaks if clip.tracked else None,
        'keys_per_frame': run.keys / frames}


def tracking(clip: TrueClip, run: Run) -> Tracking:
    """Count what was reported, over all classes of the clip."""
    labels = clip_labels(clip)
    kept, ids = [], []
    given = 0
    for boxes, numbers, truth in zip(run.reported, run.ids, clip.truth, strict=True):
        if numbers is None:  # each box is an object of its own
            numbers = np.arange(given, given + len(boxes.scores))
            given += len(boxes.scores)
        # Numbers stand in for scores: they go the way of their boxes.
        item = judged(FrameBoxes(boxes.boxes, numbers, boxes.labels), truth, labels,
                      clip.complete)
        kept.append(item)
        ids.append(item.scores)
    return sum((track_class(clip.truth, kept, ids, int(label)) for label in labels), Tracking())


def unsupported(clip: TrueClip, run: Run, seen: Sequence[FrameBoxes]) -> int:
    """
    Count reported boxes, of any class, that nothing supports.

    Neither a true box of their class overlaps them by `SAME_PLACE`, nor one that the network sees
    in the clean frame, however weakly.
    """
    count = 0
    for boxes, truth, look in zip(run.reported, clip.truth, seen, strict=True):
        labels = np.concatenate((truth.labels, look.labels))
        crowd = np.concatenate((truth.crowd, np.zeros(len(look.boxes), bool)))
        overlap = overlaps(boxes.boxes, np.concatenate((truth.boxes, look.boxes)), crowd)
        same = boxes.labels[:, None] == labels[None]
        count += int((~((overlap >= SAME_PLACE) & same).any(axis=1)).sum())
    return count
