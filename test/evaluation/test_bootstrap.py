# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bootstrap over videos: cases whose spread is known."""
from impnet_ros.evaluation.bootstrap import draw_weights, interval, mean_interval
import numpy as np
import pytest


def mean_of(values):
    values = np.asarray(values, float)
    return lambda weights: weights @ values / weights.sum(axis=1)


def test_weights_keep_the_number_of_videos():
    weights = draw_weights(7, 50, 0)
    assert weights.shape == (50, 7) and (weights.sum(axis=1) == 7).all()


def test_interval_of_a_mean_is_that_of_the_textbook():
    values = np.random.default_rng(0).normal(3, 1, 400)
    result = interval(mean_of(values), 400, 4000)
    error = values.std() / np.sqrt(400)
    assert result.value == pytest.approx(values.mean())
    assert result.low == pytest.approx(values.mean() - 1.96 * error, abs=0.01)
    assert result.high == pytest.approx(values.mean() + 1.96 * error, abs=0.01)


def test_paired_difference_of_shifted_values_has_no_spread():
    values = np.random.default_rng(0).normal(0, 5, 60)
    first, second = mean_of(values + 2), mean_of(values)
    result = interval(lambda w: first(w) - second(w), 60)
    assert (result.value, result.low, result.high) == pytest.approx((2, 2, 2))


def test_mean_over_seeds_holds_the_spread_of_seeds():
    same = mean_interval([mean_of(np.ones(10))] * 3, 10)
    assert (same.low, same.high) == pytest.approx((1, 1))
    differing = mean_interval([mean_of(np.full(10, value)) for value in (1, 2, 3)], 10)
    assert differing.value == pytest.approx(2)
    assert differing.low <= 1.34 and differing.high >= 2.66


def test_nothing_to_measure_is_not_a_number_and_no_warning(recwarn):
    nothing = interval(lambda weights: np.full(len(weights), np.nan), 10)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all() and not recwarn
