# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Matching in time: the nearest image, waiting that ends, and reasons with numbers."""
from impnet_ros.depth.matching import Matcher
import pytest


def filled(period_s: float = 0.1, count: int = 10, **options: float) -> Matcher:
    """Make a matcher that has seen depth images at 0, period, 2 periods, ..."""
    matcher = Matcher(**options)
    for index in range(count):
        matcher.add_depth(index * period_s, index, 0.0)
    return matcher


def test_the_nearest_is_taken() -> None:
    """At once where the stamps agree or nearly do, in the order of the detections."""
    matcher = filled()
    for time_s in (0.3, 0.52, 0.48):
        matcher.add_detections(time_s, str(time_s), 0.0)
    matches = matcher.take(0.0)
    assert [(each.detections, each.depth) for each in matches] == [
        ('0.3', 3), ('0.52', 5), ('0.48', 5)]
    assert [each.away_s for each in matches] == pytest.approx([0, -0.02, 0.02])


def test_slop_is_at_most_half_the_period() -> None:
    """Whatever is asked; before the period is known it is small."""
    assert filled(0.04, slop_s=1.0).slop_s == pytest.approx(0.02, rel=0.03)
    assert filled(0.5, slop_s=0.1).slop_s == 0.1
    assert Matcher(slop_s=1.0).slop_s == pytest.approx(0.02, rel=0.03)


def test_waiting_ends() -> None:
    """Detections wait for a depth image that is late, but not for ever."""
    matcher = filled(wait_s=0.3)
    matcher.add_detections(1.0, 'a', 10.0)
    assert matcher.take(10.2) == []
    matcher.add_depth(1.01, 'late', 10.2)
    assert matcher.take(10.2)[0].depth == 'late'
    matcher.add_detections(1.4, 'b', 11.0)
    assert matcher.take(11.29) == []
    [missed] = matcher.take(11.3)
    assert missed.depth is None and missed.away_s == pytest.approx(-0.39)
    assert missed.reason.startswith('the nearest depth image is 390 ms older than the detections, '
                                    '51 ms are allowed')


def test_a_newer_image_ends_the_waiting() -> None:
    """What has been passed by cannot come any more."""
    matcher = filled(count=5, period_s=0.2)
    matcher.add_detections(0.5, 'a', 0.0)
    assert matcher.take(0.0)[0].depth is None or matcher.slop_s >= 0.1
    matcher = filled(count=5, period_s=0.2, slop_s=0.05)
    matcher.add_detections(0.5, 'a', 0.0)
    [missed] = matcher.take(0.0)
    assert '100 ms' in missed.reason


def test_an_image_of_another_time_does_not_end_the_waiting() -> None:
    """A stranger's stamp, years ahead, once."""
    matcher = filled(wait_s=0.3)
    matcher.add_depth(1e9, 'of a stranger', 0.0)
    matcher.add_detections(1.0, 'a', 0.0)
    assert matcher.take(0.1) == []
    matcher.add_depth(1.0, 'its own', 0.2)
    assert [each.depth for each in matcher.take(0.2)] == ['its own']


@pytest.mark.parametrize(('time_s', 'text'), [
    (1e9, 'stamped by one clock'), (-0.3, 'newer than the detections')])
def test_reasons(time_s: float, text: str) -> None:
    """They say what is the likely cause."""
    matcher = filled()
    matcher.add_detections(time_s, 'a', 0.0)
    assert text in matcher.take(1.0)[0].reason


def test_nothing_has_come() -> None:
    """No depth image at all."""
    matcher = Matcher(wait_s=0.1)
    matcher.add_detections(0.0, 'a', 0.0)
    assert matcher.take(0.1)[0].reason == 'no depth image has come'


def test_time_goes_back() -> None:
    """A bag that loops: either topic may come first."""
    for first in ('depth', 'detections'):
        matcher = filled(count=50)
        matcher.add_detections(4.9, 'last', 0.0)
        matcher.take(0.0)
        steps = [lambda: matcher.add_depth(0.0, 'new', 1.0),
                 lambda: matcher.add_detections(0.0, 'again', 1.0)]
        for step in steps if first == 'depth' else steps[::-1]:
            step()
            matches = matcher.take(1.0)
        assert [each.depth for each in matches] == ['new']


def test_memory_is_bounded() -> None:
    """Neither images nor detections pile up."""
    matcher = Matcher(history_s=1e9, wait_s=1e9)
    for index in range(1000):
        matcher.add_depth(index * 0.01, index, 0.0)
        matcher.add_detections(1e6 + index, index, 0.0)
    assert len(matcher.take(0.0)) > 900
    assert matcher.waiting < 50
