# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the ROS part: which of them need ROS."""
from importlib.util import find_spec
from pathlib import Path

WITHOUT_ROS = {'test_bags.py', 'test_write.py', 'test_camera_stream.py', 'test_lost_frames.py'}
HAS_ROS = all(find_spec(name) for name in ('rclpy', 'vision_msgs'))

HERE = Path(__file__).parent

collect_ignore = [] if HAS_ROS else [
    str(path.relative_to(HERE)) for path in HERE.rglob('test_*.py')
    if path.name not in WITHOUT_ROS]


def pytest_report_header() -> str:
    """Say what is left out."""
    return f'ROS: {"found" if HAS_ROS else "not found, left out: " + ", ".join(collect_ignore)}'
