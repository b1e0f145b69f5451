# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When key frames are computed beside the stream, from times that are told."""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from impnet_ros.ros.key_pace import KeyPace, Timed
from impnet_ros.stream.real_time import Costs
from impnet_ros.stream.types import Detections, nothing_seen, Origin
import pytest


def choices(keys_ms: list[float], period_ms: float = 33.0, missed: int = 0,
            periods: int = 1) -> list[str]:
    """Give the choice after each of these key frames, ten images from one to the next."""
    pace, arrived_s, found = KeyPace(), 0.0, []
    for key_ms in keys_ms:
        pace.took(key_ms / 1e3)
        for _ in range(10):
            pace.arrived(arrived_s, missed)
            arrived_s += (missed + 1) * period_ms / 1e3
        found.append(pace.decide(periods))
    return found


def test_nothing_is_known_at_first() -> None:
    """Before there are key frames and periods."""
    pace = KeyPace()
    assert pace.decide() == 'sync'
    pace.took(1.0)
    pace.arrived(0.0, 0)
    assert pace.decide() == 'sync'


@pytest.mark.parametrize(('key_ms', 'period_ms', 'expected'), [
    (20, 33, 'sync'), (32, 33, 'sync'), (34, 33, 'async'), (70, 33, 'async'), (70, 100, 'sync')])
def test_a_steady_machine(key_ms: float, period_ms: float, expected: str) -> None:
    """The first key frame decides, and nothing changes afterwards."""
    assert choices([key_ms] * 20, period_ms) == [expected] * 20


def test_one_long_key_frame_and_back() -> None:
    """Asynchronous at once, synchronous after five that fit."""
    assert choices([20, 50] + [25] * 7) == ['sync'] + ['async'] * 5 + ['sync'] * 3


def test_key_frames_that_may_last_longer() -> None:
    """Two periods, and back where five take less than 0.9 of them."""
    assert choices([40, 65, 67, 61, 58, 58, 58, 58, 58, 58], periods=2) == (
        ['sync'] * 2 + ['async'] * 6 + ['sync'] * 2)


def test_at_the_limit_it_does_not_change_to_and_fro() -> None:
    """Between 0.9 and 1 of a period, whatever is chosen stays."""
    assert choices([31.5] * 12) == ['sync'] * 12
    assert choices([40] + [31.5] * 12) == ['async'] * 13


def test_images_that_were_missed_make_no_longer_period() -> None:
    """Two of three images were lost: the camera's period is still a third of the interval."""
    assert choices([50], missed=2) == ['async']


def test_equal_times_of_arrival_say_nothing() -> None:
    """No division by them, no choice from them."""
    pace = KeyPace()
    pace.took(1.0)
    for _ in range(10):
        pace.arrived(5.0, 0)
    assert pace.decide() == 'sync'


def test_an_executor_that_tells_times() -> None:
    """Results and errors are those of the function."""
    times: list[float] = []
    timed = Timed(ThreadPoolExecutor(1), times.append)
    assert timed.submit(max, 3, 4).result() == 4
    with pytest.raises(ZeroDivisionError):
        timed.submit(divmod, 1, 0).result()
    assert len(times) == 1 and times[0] >= 0
    timed.shutdown()


def _seen(is_key: bool = False, is_glance: bool = False) -> Detections:
    return replace(nothing_seen(Origin(0.0, (4, 6)), ''), is_key=is_key, is_glance=is_glance)


def test_costs_and_whether_it_keeps_up() -> None:
    """Medians by kind, once there are three key frames; others are estimated until they come."""
    pace = KeyPace(threads=2)
    for number in range(4):
        pace.arrived(number * 0.03, 0)
    assert pace.period_s == pytest.approx(0.03) and pace.costs is None
    for seconds in (0.020, 0.040, 0.022):
        pace.answered(_seen(is_key=True), seconds)
    assert pace.costs == Costs(0.022, pytest.approx(0.6 * 0.022), pytest.approx(0.0044), 2)
    assert pace.keeps_up
    pace.answered(_seen(is_glance=True), 0.011)
    pace.answered(_seen(), 0.003)
    assert pace.costs == Costs(0.022, 0.011, 0.003, 2)
    for _ in range(30):
        pace.answered(_seen(), 0.031)
    assert not pace.keeps_up
