# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a camera says of images that it refuses."""
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of

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
