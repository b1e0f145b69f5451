# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals over videos: frames of one video are no independent witnesses."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """
    A figure and what it might have been with other videos.

    Attributes
    ----------
    value : float
        On the set itself.
    low, high : float
        Percentiles of the bootstrap, 95 % between them unless said otherwise; NaN where there is
        nothing to measure.

    """

    value: float
    low: float
    high: float


def draw_weights(videos: int, samples: int, seed: int) -> Floats:
    """
    Draw bootstrap samples.

    Returns
    -------
    ndarray
        (samples, videos), how often each video was drawn; rows sum to `videos`.

    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(videos, np.full(videos, 1 / videos), size=samples).astype(np.float64)


def interval(statistic: Callable[[Floats], Floats], videos: int, samples: int = 1000,
             seed: int = 0, confidence: float = 0.95) -> Interval:
    """
    Percentile interval of a statistic over videos.

    A paired difference is the statistic `lambda w: a(w) - b(w)`: both see the same videos.

    Parameters
    ----------
    statistic : callable
        Weights (samples, videos) to values (samples,).
    videos : int
        How many there are.
    samples : int
        How many to draw.
    seed : int
        Of the draw.
    confidence : float
        Share of the samples inside the interval.

    """
    value = float(statistic(np.ones((1, videos)))[0])
    drawn = statistic(draw_weights(videos, samples, seed))
    tail = (1 - confidence) / 2 * 100
    return _between(value, drawn, tail)


def mean_interval(statistics: Sequence[Callable[[Floats], Floats]], videos: int,
                  samples: int = 1000, seed: int = 0) -> Interval:
    """
    Interval of the mean over training seeds of a statistic over the same videos.

    Seeds are drawn with replacement as well, so that the interval holds both what other videos and
    what other seeds might have given; with few seeds it is a rough one.

    Parameters
    ----------
    statistics : sequence of callable
        One a seed, see `interval`.
    videos, samples, seed
        See `interval`.

    """
    if not statistics:
        raise ValueError('statistics: expected at least one, got none')
    value = float(np.mean([item(np.ones((1, videos)))[0] for item in statistics]))
    weights = draw_weights(videos, samples, seed)
    drawn = np.stack([item(weights) for item in statistics])
    share = np.random.default_rng(seed + 1).multinomial(
        len(statistics), np.full(len(statistics), 1 / len(statistics)), size=samples).T
    means = (drawn * share).sum(axis=0) / len(statistics)
    return _between(value, means, 2.5)


def _between(value: float, drawn: Floats, tail: float) -> Interval:
    """Cut off `tail` per cent at both ends; what was drawn without any object says nothing."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Interval(value, np.nan, np.nan)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
