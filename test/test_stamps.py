# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that can tell when an image was taken, and those that cannot."""
from collections.abc import Sequence

from impnet_ros.stamps import Stamps
import pytest

ARRIVALS_S = [100 + number / 10 for number in range(12)]


def line(stamps_s: Sequence[float], arrivals_s: Sequence[float] = ARRIVALS_S
         ) -> tuple[list[float], list[str]]:
    """Give times and problems of images that come ten times a second."""
    stamps = Stamps()
    placed = [stamps.time_of(*divmod(round(stamp_s * 1e9), 1_000_000_000), arrival_s, 2.0)
              for stamp_s, arrival_s in zip(stamps_s, arrivals_s, strict=False)]
    return [time_s for time_s, _ in placed], [problem for _, problem in placed]


@pytest.mark.parametrize('stamps_s', [
    [number / 10 for number in range(12)],
    [1.7e9 + number / 10 for number in range(12)],
    [0, 0.1, 0.2, 5, 5.1, 5.2, 0, 0.1],
    [0, 0.1, 0.3, 0.2, 0.4, 0.6, 0.5, 0.7],
], ids=['from zero', 'of today', 'a gap and a loop', 'two pairs swapped'])
def test_good_stamps_are_the_time(stamps_s: list[float]) -> None:
    """Whatever else is done about them is not done here."""
    times_s, problems = line(stamps_s)
    assert times_s == pytest.approx(stamps_s, abs=1e-6)
    assert set(problems) == {''}


def test_stamps_that_stand_still() -> None:
    """All zero: time goes on as the images come, and the second one says so."""
    times_s, problems = line([0] * 5)
    assert times_s == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert problems == [''] + ['still'] * 4


def test_stamps_of_whole_seconds() -> None:
    """The step of a second does not interrupt the line, as nothing follows it."""
    times_s, problems = line([5] * 5 + [6] * 7)
    assert times_s == pytest.approx([5 + number / 10 for number in range(12)])
    assert problems == [''] + ['still'] * 11


def test_stamps_that_go_on_are_believed_again() -> None:
    """Three sane steps behind the still ones; the line takes no step back."""
    stamps_s = [1, 1.1, 1.1, 1.1, 1.4, 1.5, 1.61, 1.7]
    times_s, problems = line(stamps_s)
    assert times_s == pytest.approx([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.61, 1.7])
    assert problems == ['', '', 'still', 'still', 'still', 'still', '', '']


@pytest.mark.parametrize('factor', [1e3, 1e6, -1.0], ids=['ms', 'us', 'backward'])
def test_absurd_steps(factor: float) -> None:
    """Milliseconds taken for seconds, or time that runs backward: three steps are enough."""
    _, problems = line([1000 + factor * number / 10 for number in range(8)])
    assert problems == ['', '', ''] + ['absurd'] * 5


@pytest.mark.parametrize(('sec', 'nanosec'), [(-1, 0), (-2**31, 0), (3, 10**9), (3, 2**32 - 1)])
def test_stamps_that_are_no_time(sec: int, nanosec: int) -> None:
    """At once, even with the first image."""
    stamps = Stamps()
    assert stamps.time_of(sec, nanosec, 50.0, 2.0) == (50.0, 'absurd')
    assert stamps.time_of(sec, nanosec, 50.5, 2.0) == (50.5, 'absurd')


def test_a_fast_replay_of_a_slow_camera() -> None:
    """Five seconds from stamp to stamp, ten images a second: strange, and no mistake."""
    _, problems = line([5.0 * number for number in range(12)])
    assert set(problems) == {''}
