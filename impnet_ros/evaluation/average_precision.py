# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Average precision, for one sample of videos or many at once.

A sample gives each video a weight: all ones for the set itself, the number of times it was drawn
for the bootstrap. Precision is needed at the true detections only, where the weighted counts of
true and false ones before them are matrix products; a thousand samples cost little more than one.
"""
from impnet_ros.evaluation.conventions import Convention
from impnet_ros.evaluation.matching import FALSE, Matches, TRUE
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def class_average_precision(matches: Matches, convention: Convention,
                            weights: Floats | None = None) -> Floats:
    """
    Average precision of every class.

    Parameters
    ----------
    matches : Matches
        From `match_all` of the same convention.
    convention : Convention
        Says how precision is averaged.
    weights : ndarray, optional
        (samples, videos); one sample with all weights 1 when left out.

    Returns
    -------
    ndarray
        (samples, classes) in 0..1; NaN where a sample has no object of a class.

    """
    videos, classes = matches.positives.shape
    if weights is None:
        weights = np.ones((1, videos))
    result = np.full((len(weights), classes), np.nan)
    for label in range(classes):
        positives = weights @ matches.positives[:, label]
        some = positives > 0
        if some.any():
            result[some, label] = _one_class(matches, label, weights[some], positives[some],
                                             convention.recall_points)
    return result


def mean_average_precision(matches: Matches, convention: Convention,
                           weights: Floats | None = None) -> Floats:
    """Mean over the classes that occur, (samples,), in 0..1; NaN when there is no object."""
    by_class = class_average_precision(matches, convention, weights)
    occurs = ~np.isnan(by_class)
    count = occurs.sum(axis=1)
    total = np.where(occurs, by_class, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _one_class(matches: Matches, label: int, weights: Floats, positives: Floats,
               recall_points: int) -> Floats:
    mine = np.flatnonzero((matches.labels == label) & (matches.outcomes >= FALSE))
    order = mine[np.argsort(-matches.scores[mine], kind='stable')]
    true = matches.outcomes[order] == TRUE
    if not true.any():
        return np.zeros(len(weights))
    video = matches.videos[order]
    at_true = np.flatnonzero(true)
    false_before = _counts_before(video, ~true, at_true, weights.shape[1])
    step = weights[:, video[at_true]]
    true_weight = np.cumsum(step, axis=1)
    false_weight = weights @ false_before.T
    found = true_weight + false_weight
    precision = np.divide(true_weight, found, out=np.zeros_like(found), where=found > 0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    if recall_points == 0:
        return (envelope * step).sum(axis=1) / positives
    return _sampled(envelope, true_weight / positives[:, None], recall_points)


def _counts_before(video: NDArray[np.int64], marked: NDArray[np.bool_],
                   places: NDArray[np.int64], videos: int) -> Floats:
    """How many marked detections of each video stand before each place, (places, videos)."""
    slot = np.searchsorted(places, np.flatnonzero(marked))
    counts = np.zeros((len(places) + 1, videos))
    np.add.at(counts, (slot, video[marked]), 1.0)
    return np.cumsum(counts[:-1], axis=0)


def _sampled(envelope: Floats, recall: Floats, points: int) -> Floats:
    """Mean of the precision at evenly spaced recalls; 0 beyond the largest recall."""
    asked = np.linspace(0, 1, points)
    result = np.empty(len(recall))
    for row, (precisions, recalls) in enumerate(zip(envelope, recall)):
        place = np.searchsorted(recalls, asked, side='left')
        result[row] = np.append(precisions, 0.0)[place].mean()
    return result
