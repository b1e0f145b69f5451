# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What comes late, stands still, is slow or is no number: over DDS, on the running node."""
from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import signal
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of
from rosgraph_msgs.msg import Clock

pytestmark = [pytest.mark.ros, pytest.mark.timeout(200)]

BLACK = np.zeros((48, 64, 3), np.uint8)
SECOND_NS = 1_000_000_000
TENTH_NS = SECOND_NS // 10
SUPPORT = str(Path(__file__).parents[1] / 'support')
BEFORE = f'import sys; sys.path.append({SUPPORT!r}); import slow_features'


@contextmanager
def asked(log: Path, stamps_ns: list[int], **parameters: Any
          ) -> Iterator[tuple[Client, list[Any]]]:
    """Send images with these stamps, each when the one before was answered."""
    with node_process(log, **{'l': 4, 'key_mode': 'sync', **parameters}) as running:
        client = Client()
        client.pid = running.pid  # type: ignore[attr-defined]
        _, status = client.listen_to()
        for count, stamp_ns in enumerate(stamps_ns, 1):
            client.send(image_message(BLACK, stamp_ns))
            client.until(lambda: len(status) >= count)  # noqa: B023
            client.spin(0.05)
        yield client, status
        client.close()


def test_images_that_others_overtook(tmp_path: Path) -> None:
    """They are answered as late ones; memory stays, nothing is lost, a loop still resets."""
    numbers = [0, 1, 2, 4, 3, 5, 6, 7, 8, 10, 9, 11, 12, 13, 0, 1]
    with asked(tmp_path / 'log', [number * TENTH_NS for number in numbers]) as (client, status):
        assert [stamp_of(each) for each in status] == [number * TENTH_NS for number in numbers]
        assert [each.stamp_problem for each in status] == [
            'late' if number in (3, 9) else '' for number in numbers]
        assert [each.reset_reason for each in status] == [
            'start', *[''] * 13, 'backward_stamp', '']
        assert [each.frames_lost for each in status][-1] == 0
        # The late ones take no place in their segment.
        assert [index for index, each in enumerate(status) if each.is_key] == [0, 5, 9, 14]
        values = {each.key: each.value for each in client.diagnostics()['/image'].values}
        assert values['stamps: late'] == '2'


def test_stamps_that_stand_still(tmp_path: Path) -> None:
    """With a key period: key frames come by the time of arrival; log and diagnostics say so."""
    log = tmp_path / 'log'
    with asked(log, [0] * 12, key_period=0.2) as (client, status):
        assert [each.stamp_problem for each in status] == ['', *['still'] * 11]
        assert sum(each.is_key for each in status) > 2
        client.send(image_message(BLACK, 0))
        report = client.diagnostics()['/image']
        assert report.level == DiagnosticStatus.WARN
        assert 'stand still' in report.message
    assert log.read_text().count('stand still') == 1


def test_features_that_are_not_finite(tmp_path: Path) -> None:
    """One infinity: an error is told, memory begins anew with the reason, detections go on."""
    stamps_ns = [number * TENTH_NS for number in range(3)]
    with asked(tmp_path / 'log', stamps_ns, before=BEFORE) as (client, status):
        os.kill(client.pid, signal.SIGUSR1)  # type: ignore[attr-defined]
        client.diagnostics()
        reports = client.received['/diagnostics']
        for number in range(3, 8):
            client.send(image_message(BLACK, number * TENTH_NS))
            client.until(lambda: len(status) > number)  # noqa: B023
        client.until(lambda: any(each.level == DiagnosticStatus.ERROR and 'NaN' in each.message
                                 for report in reports for each in report.status))
        assert [each.reset_reason for each in status] == [
            'start', '', '', '', '', 'not_finite', '', '']


def test_parameters_are_answered_during_a_long_key_frame(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key frame takes over a second, a call a fraction of it; so does a reset."""
    monkeypatch.setenv('SLOW_FEATURES_S', '1.5')
    with asked(tmp_path / 'log', [], before=BEFORE) as (client, status):
        client.parameter('l')
        client.reset()
        client.publisher().publish(image_message(BLACK, SECOND_NS))
        client.spin(0.2)
        took_s = []
        while not status:
            began_s = monotonic()
            client.parameter('l')
            client.set(g=0.5)
            client.reset()
            took_s.append(monotonic() - began_s)
        assert len(took_s) > 3
        assert sorted(took_s)[len(took_s) // 2] < 0.15  # three calls


def test_latency_is_true_in_simulated_time(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/clock goes on while an image is processed for half a second: that is its age."""
    monkeypatch.setenv('SLOW_FEATURES_S', '0.5')
    with asked(tmp_path / 'log', [], before=BEFORE, use_sim_time=True) as (client, status):
        clock = client.node.create_publisher(Clock, '/clock', 10)
        client.until(lambda: clock.get_subscription_count() > 0)
        client.publisher()
        began_s, sent = monotonic(), False
        while not status:
            now = Clock()
            now.clock.sec = 1000
            now.clock.nanosec = int((monotonic() - began_s) * 1e8)  # a tenth of real time
            clock.publish(now)
            client.spin(0.01)
            if not sent and monotonic() - began_s > 0.3:
                sent = True
                client.publisher().publish(image_message(
                    BLACK, 1000 * SECOND_NS + now.clock.nanosec))
        assert 40 < status[0].latency_ms < 200
        assert status[0].total_ms > 500


def test_a_key_frame_of_over_two_periods_costs_no_image(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the node keeps up two images wait; at 20 Hz a key frame of 0.12 s lets two come."""
    monkeypatch.setenv('SLOW_FEATURES_S', '0.1')
    with node_process(tmp_path / 'log', before=BEFORE, l=10, key_mode='sync', glance='off'):
        client = Client()
        _, status = client.listen_to()
        client.send(image_message(BLACK, 10 * SECOND_NS))
        client.until(lambda: len(status) == 1)
        client.spin(1.1)  # the patience with a video that begins is over
        for number in range(1, 60):
            client.send(image_message(BLACK, 10 * SECOND_NS + number * SECOND_NS // 20))
            client.spin(0.05)
        client.until(lambda: len(status) == 60)
        assert status[-1].frames_lost == 0
        client.close()
