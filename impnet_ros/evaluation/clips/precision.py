# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's average precision of a run over a clip: all, by size, speed and what an oracle knows."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from impnet_ros.data.true_clip import TrueBoxes, TrueClip
from impnet_ros.evaluation.average_precision import mean_average_precision
from impnet_ros.evaluation.clips.matching import judged, match_frame, THRESHOLDS
from impnet_ros.evaluation.clips.oracle import ORACLES
from impnet_ros.evaluation.clips.speed import of_size, of_speed, SIZES, SPEEDS, ways
from impnet_ros.evaluation.conventions import COCO
from impnet_ros.evaluation.matching import FrameBoxes, Matches
import numpy as np
from numpy.typing import NDArray

Masks = tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]
"""What is to be found, and which detections may be wrong; see `match_frame`."""


@dataclass(frozen=True)
class Precision:
    """
    Average precision in per cent, mean over the classes that occur; NaN where nothing is to find.

    Attributes
    ----------
    ap, ap50, ap75 : float
        Mean over IoU .5 to .95, at .5 and at .75.

    """

    ap: float
    ap50: float
    ap75: float


def clip_labels(clip: TrueClip) -> NDArray[np.int64]:
    """Give the classes of which something is to be found in the clip, in order."""
    return np.unique(np.concatenate([frame.labels[~frame.ignored] for frame in clip.truth]))


def precisions(clip: TrueClip, found: Sequence[FrameBoxes],
               spoilt: Sequence[bool]) -> dict[str, Precision]:
    """
    Measure one run.

    Parameters
    ----------
    clip : TrueClip
        With its truth.
    found : sequence of FrameBoxes
        One a frame.
    spoilt : sequence of bool
        Which frames were spoilt.

    Returns
    -------
    dict
        'all', 'spoilt', the names of `SIZES` ('small', ...) and `SPEEDS` ('slow', ...) after
        'size ' and 'speed ', and those of `ORACLES`: what true places or classes would give.

    """
    labels = clip_labels(clip)

    def all_judged(items: Sequence[FrameBoxes]) -> list[FrameBoxes]:
        return [judged(item, truth, labels, clip.complete)
                for item, truth in zip(items, clip.truth, strict=True)]

    frames = all_judged(found)
    everything = matched(clip.truth, frames, labels, lambda _: (None, None))
    result = {'all': precision_of([everything]),
              'spoilt': precision_of([matched(
                  [truth for truth, bad in zip(clip.truth, spoilt) if bad],
                  [item for item, bad in zip(frames, spoilt) if bad], labels,
                  lambda _: (None, None))])}
    for size in SIZES:
        result[f'size {size}'] = precision_of([matched(
            clip.truth, frames, labels, lambda place, size=size: (
                of_size(clip.truth[place].boxes, size), of_size(frames[place].boxes, size)))])
    if clip.tracked:
        way = ways(clip.truth, clip.fps)
        for speed in SPEEDS:
            result[f'speed {speed}'] = precision_of([matched(
                clip.truth, frames, labels,
                lambda place, speed=speed: (of_speed(way[place], speed), None))])
    for name, oracle in ORACLES.items():
        known = all_judged([oracle(item, truth)
                            for item, truth in zip(found, clip.truth, strict=True)])
        result[name] = precision_of([matched(clip.truth, known, labels, lambda _: (None, None))])
    return result


def matched(truth: Sequence[TrueBoxes], found: Sequence[FrameBoxes], labels: NDArray[np.int64],
            masks: Callable[[int], Masks]) -> tuple[Matches, ...]:
    """Match all frames of a clip, one result a threshold; classes are places in `labels`."""
    outcomes = [np.zeros((len(THRESHOLDS), 0), np.int64)]
    positives = np.zeros((1, len(labels)), np.int64)
    for place, (boxes, true) in enumerate(zip(found, truth, strict=True)):
        counts, may_be_wrong = masks(place)
        outcomes.append(match_frame(boxes, true, counts, may_be_wrong))
        asked = ~true.ignored if counts is None else counts & ~true.ignored
        np.add.at(positives[0], np.searchsorted(labels, true.labels[asked]), 1)
    scores = np.concatenate([np.zeros(0), *(item.scores for item in found)])
    kinds = np.searchsorted(labels, np.concatenate(
        [np.zeros(0, np.int64), *(item.labels for item in found)]).astype(np.int64))
    return tuple(Matches(scores, kinds, row, np.zeros(len(scores), np.int64), positives)
                 for row in np.concatenate(outcomes, axis=1))


def precision_of(clips: Sequence[tuple[Matches, ...]]) -> Precision:
    """Average over classes and thresholds what several clips of the same classes gave together."""
    values = [float(mean_average_precision(_joined(items), COCO)[0])
              for items in zip(*clips, strict=True)]
    return Precision(100 * float(np.mean(values)), 100 * values[0], 100 * values[5])


def _joined(parts: Sequence[Matches]) -> Matches:
    if len(parts) == 1:
        return parts[0]
    return Matches(*(np.concatenate([getattr(part, name) for part in parts])
                     for name in ('scores', 'labels', 'outcomes')),
                   np.zeros(sum(len(part.scores) for part in parts), np.int64),
                   np.sum([part.positives for part in parts], axis=0))
