# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a camera says of images that it refuses."""
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of
from sensor_msgs.msg import CompressedImage

pytestmark = [pytest.mark.ros, pytest.mark.timeout(100)]

BLACK = np.zeros((48, 64, 3), np.uint8)


def test_each_kind_of_refusal_is_told(tmp_path: Path) -> None:
    """In log and diagnostics, with what came, in short; good images are answered meanwhile."""
    log = tmp_path / 'log'
    with node_process(log, l=4):
        client = Client()
        detections, _ = client.listen_to()
        reports = client.listen('/diagnostics', DiagnosticArray)
        for number, encoding in enumerate(('RGB8', 'nv9', 'x' * 100_000)):
            name = repr(encoding) if number < 2 else "'xxxxxxxxxxxx...xxxxxxxxxxxxx'"
            words = f'got {name}'
            client.send(image_message(BLACK, 2 * number + 1, encoding=encoding))
            client.until(lambda words=words: any(
                words in each.message for report in reports for each in report.status), 5)
            assert words in log.read_text()
            client.send(image_message(BLACK, 2 * number + 2, frame_id='f' * 100_000))
            client.until(lambda number=number: bool(detections)
                         and stamp_of(detections[-1]) == 2 * number + 2)
        report = client.diagnostics()['/image']
        assert {each.key: len(each.value) for each in report.values}['frame_id'] == 200
        client.close()
    assert len(log.read_text()) < 5_000


def test_two_cameras_on_one_topic_are_told(tmp_path: Path) -> None:
    """Their sizes change at each image, and memory is of no use."""
    log = tmp_path / 'log'
    with node_process(log, l=4):
        client = Client()
        detections, _ = client.listen_to()
        reports = client.listen('/diagnostics', DiagnosticArray)
        words = 'images (size); publishers of the topic: 1'

        def is_told() -> bool:
            number = len(detections)
            picture = BLACK[:, :32 + 32 * (number % 2)]
            client.send(image_message(picture, (number + 1) * 33_000_000))
            client.until(lambda: len(detections) > number)
            return any(words in each.message for report in reports for each in report.status)

        client.until(is_told)
        assert words in log.read_text()
        client.close()


def test_images_that_were_never_published_are_told_as_such(tmp_path: Path) -> None:
    """The stamps of a steady camera have holes, the messages none: no network lost them."""
    log = tmp_path / 'log'
    with node_process(log, l=4):
        client = Client()
        detections, states = client.listen_to()
        reports = client.listen('/diagnostics', DiagnosticArray)

        def is_told() -> bool:
            number = len(detections)
            client.send(image_message(BLACK, (number + 1 + 2 * (number // 5)) * 33_000_000))
            client.until(lambda: len(detections) > number)
            return any('never published' in each.message for report in reports
                       for each in report.status)

        client.until(is_told)
        client.until(lambda: len(states) == len(detections))
        assert states[-1].frames_lost > 0 and 'lost on the way' not in log.read_text()
        client.close()


def test_a_picture_that_no_jpeg_holds_costs_itself_only(tmp_path: Path) -> None:
    """Whoever watches it is told; detections go on, and memory stays."""
    log = tmp_path / 'log'
    wide = np.zeros((2, 65_600, 3), np.uint8)
    with node_process(log, l=4):
        client = Client()
        detections, states = client.listen_to()
        client.listen('annotated_image/compressed', CompressedImage)
        for number in range(1, 4):
            client.send(image_message(wide, number * 33_000_000))
            client.until(lambda number=number: len(states) == number)
        assert [state.reset_reason for state in states] == ['start', '', '']
        assert len(detections) == 3
        assert client.diagnostics()['/image'].level == DiagnosticStatus.OK
        client.close()
    assert log.read_text().count('expected at most 65500 pixels a side for a JPEG') == 1
