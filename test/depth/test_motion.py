# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion: steady ones are found, jumps begin anew, nothing is carried for ever."""
from impnet_ros.depth.motion import Movers
import numpy as np
import pytest

SIZE = np.full(3, 0.5)


def test_steady_motion() -> None:
    """Ten noisy measurements a second for two seconds tell the velocity, and how surely."""
    rng = np.random.default_rng(0)
    movers, errors, told = Movers(acceleration=0.5), [], []
    for _ in range(20):
        movers.reset()
        for index in range(20):
            movers.advance(index * 0.1)
            truth = np.array([1.0, 2, 5]) + index * 0.1 * np.array([1.0, -0.5, 0])
            found = movers.measure('a', truth + rng.normal(0, 0.03, 3), np.eye(3) * 0.03**2, SIZE)
        errors.append(found.velocity - [1, -0.5, 0])
        told.append(found.speed_deviation)
    assert np.sqrt(np.mean(np.square(errors))) < 0.15
    assert np.sqrt(np.mean(np.square(errors))) < 1.5 * np.mean(told)


def test_carried_for_a_bounded_time() -> None:
    """On a straight line, less and less surely, and then no more."""
    movers = Movers(keep_s=0.5)
    for index in range(30):
        movers.advance(index * 0.05)
        movers.measure('a', np.array([index * 0.05, 0, 3]), np.eye(3) * 1e-4, SIZE)
    spreads = []
    for seconds in (0.1, 0.3, 0.45):
        movers.advance(29 * 0.05 + seconds)
        kept = movers.get('a')
        assert kept is not None
        assert kept.position[0] == pytest.approx(29 * 0.05 + seconds, abs=0.03)
        spreads.append(kept.covariance[0, 0])
    assert spreads == sorted(spreads)
    movers.advance(29 * 0.05 + 0.51)
    assert movers.get('a') is None and movers.get('') is None


def test_a_jump_is_another_object() -> None:
    """An id that is given again elsewhere has no velocity from there to here."""
    movers = Movers()
    for index in range(10):
        movers.advance(index * 0.1)
        movers.measure('1', np.array([0.0, 0, 3]), np.eye(3) * 1e-4, SIZE)
    movers.advance(1.0)
    found = movers.measure('1', np.array([4.0, 0, 3]), np.eye(3) * 1e-4, SIZE)
    assert found.count == 1 and not found.velocity.any()


def test_frames_out_of_order() -> None:
    """A late frame changes nothing; one from long before begins anew."""
    movers = Movers(keep_s=0.5)
    assert movers.advance(10.0)
    movers.measure('a', np.zeros(3), np.eye(3), SIZE)
    assert not movers.advance(9.9)
    assert movers.get('a') is not None
    assert movers.advance(1.0)
    assert movers.get('a') is None
