# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Two nodes of one name in one graph."""
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
import rclpy
from ros_harness import Client, node_process

pytestmark = [pytest.mark.ros, pytest.mark.timeout(100)]


def test_another_node_of_this_name(tmp_path: Path) -> None:
    """Log and diagnostics say so while it is there; the same name elsewhere is another one."""
    log = tmp_path / 'log'
    with node_process(log, autostart=False, ready='') as running:
        client = Client()
        elsewhere = rclpy.create_node('impnet_node', namespace='b', context=client.context)
        client.spin(2.5)
        assert client.diagnostics()['node'].level == DiagnosticStatus.OK
        twin = rclpy.create_node('impnet_node', context=client.context)
        client.until(lambda: 'nodes are named' in client.diagnostics()['node'].message, 5)
        assert client.diagnostics()['node'].level == DiagnosticStatus.WARN
        twin.destroy_node()
        client.until(lambda: client.diagnostics()['node'].level == DiagnosticStatus.OK, 5)
        elsewhere.destroy_node()
        client.close()
    assert running.returncode == 0
    assert log.read_text().count('2 nodes are named /impnet_node') == 1
