# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything that is said of one network on one set, as plain data ready for JSON."""
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from impnet_ros.data.samples import FrameTruth
from impnet_ros.evaluation.average_precision import class_average_precision, mean_average_precision
from impnet_ros.evaluation.bootstrap import interval
from impnet_ros.evaluation.conventions import Convention
from impnet_ros.evaluation.matching import FrameBoxes, match_all, Matches
from impnet_ros.evaluation.motion import motion_iou, speed_of, SPEEDS
import numpy as np

Found = Sequence[Sequence[FrameBoxes]]
Truths = Sequence[Sequence[FrameTruth]]


def report(found: Found, truths: Truths, class_names: Sequence[str],
           conventions: Sequence[Convention], samples: int = 1000) -> dict[str, Any]:
    """
    Evaluate in several conventions.

    Parameters
    ----------
    found, truths : sequence of sequence
        Detections and truth by video and frame.
    class_names : sequence of str
        In class order.
    conventions : sequence of Convention
        Which to use.
    samples : int
        Bootstrap samples.

    Returns
    -------
    dict
        Convention name to mAP with its interval, by class, by motion, by degradation. Average
        precisions are in per cent, None where there is no object.

    """
    return {'videos': len(truths), 'frames': sum(len(video) for video in truths),
            'conventions': {item.name: _in_convention(found, truths, class_names, item, samples)
                            for item in conventions}}


def _in_convention(found: Found, truths: Truths, class_names: Sequence[str],
                   convention: Convention, samples: int) -> dict[str, Any]:
    classes = len(class_names)
    everything = match_all(found, truths, classes, convention)
    by_class = class_average_precision(everything, convention)[0]
    return {
        'mAP': percent_interval(everything, convention, samples),
        'by_class': {name: per_cent(value) for name, value in zip(class_names, by_class)},
        'by_motion': {speed: per_cent(mean_average_precision(matches, convention)[0])
                      for speed, matches in by_motion(found, truths, classes, convention).items()},
        'by_degradation': {
            kind: percent_interval(matches, convention, samples)
            for kind, matches in by_degradation(found, truths, classes, convention).items()}}


def by_motion(found: Found, truths: Truths, classes: int,
              convention: Convention) -> dict[str, Matches]:
    """Match against slow, medium and fast objects; the others are ignored."""
    speeds = [[speed_of(values) for values in motion_iou(video)] for video in truths]
    return {name: match_all(found, truths, classes, convention,
                            judge=lambda video, frame, truth, index=index:
                            speeds[video][frame] == index)
            for index, name in enumerate(SPEEDS)}


def by_degradation(found: Found, truths: Truths, classes: int,
                   convention: Convention) -> dict[str, Matches]:
    """Match on the frames of each kind of degradation, and on all 'degraded' ones."""
    kinds = sorted({truth.degradation.kind for video in truths for truth in video})
    result = {kind: match_all(found, truths, classes, convention,
                              keep=lambda truth, kind=kind: truth.degradation.kind == kind)
              for kind in kinds}
    if len(kinds) > 1:
        result['degraded'] = match_all(found, truths, classes, convention, keep=is_degraded)
    return result


def is_degraded(truth: FrameTruth) -> bool:
    """Whether something is known to spoil the frame."""
    return truth.degradation.kind not in ('none', 'unknown')


def percent_interval(matches: Matches, convention: Convention, samples: int) -> dict[str, Any]:
    """Mean average precision in per cent with its 95 % interval over videos."""
    result = interval(lambda weights: mean_average_precision(matches, convention, weights),
                      len(matches.positives), samples)
    return {name: per_cent(value) for name, value in asdict(result).items()}


def per_cent(value: float) -> float | None:
    """Turn 0..1 into per cent, rounded to two places; None for NaN, which JSON lacks."""
    return None if np.isnan(value) else round(float(value) * 100, 2)
