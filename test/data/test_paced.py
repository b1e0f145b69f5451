# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Videos of changing speed."""
from impnet_ros.data.paced import paced, STRETCH
import numpy as np
import pytest


def speeds(chosen: list[int]) -> list[int]:
    return [abs(later - earlier) for earlier, later in zip(chosen, chosen[1:], strict=False)]


def test_speeds_take_turns_and_each_is_kept_for_a_while():
    chosen = paced(100_000, 400, (1, 4), np.random.default_rng(3))
    changes = np.flatnonzero(np.diff(speeds(chosen)))
    assert len(chosen) == 400 and set(speeds(chosen)) == {1, 4}
    stretches = np.diff(changes)
    assert stretches.min() >= STRETCH[0] and stretches.max() <= STRETCH[1]


def test_it_turns_back_at_both_ends():
    chosen = paced(7, 200, (4,), np.random.default_rng(0))
    assert min(chosen) >= 0 and max(chosen) <= 6
    assert paced(3, 6, (1,), np.random.default_rng(0)) in (
        [0, 1, 2, 1, 0, 1], [1, 2, 1, 0, 1, 2], [2, 1, 0, 1, 2, 1])


def test_standing_still():
    assert len(set(paced(50, 10, (0,), np.random.default_rng(0)))) == 1


@pytest.mark.parametrize('steps', [(), (-1, 1), (1, 5)])
def test_steps_that_lead_nowhere(steps):
    with pytest.raises(ValueError, match='steps: expected some in 0..4'):
        paced(5, 10, steps, np.random.default_rng(0))
