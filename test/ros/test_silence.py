# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Within five seconds without an image, log and diagnostics say why."""
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from diagnostic_msgs.msg import DiagnosticStatus
from impnet_ros.ros.silence import IMAGE, is_drawn, why_silent, why_timeless
import numpy as np
import pytest
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from ros_harness import Client, image_message, node_process
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

pytestmark = [pytest.mark.ros, pytest.mark.timeout(100)]

RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def explained(tmp_path: Path, offer: Callable[[Client], object], *expected: str,
              topic: str = '/image', **parameters: object) -> None:
    """Start a node beside some publisher, and wait for the words."""
    log = tmp_path / 'log'
    client = Client()
    kept = offer(client)
    with node_process(log, **parameters):
        began_s = monotonic()

        def said() -> bool:
            status = client.diagnostics()[topic]
            return status.level == DiagnosticStatus.WARN and all(
                text in status.message and text in log.read_text() for text in expected)
        client.until(said, 15)
        assert monotonic() - began_s < 5.5  # diagnostics come once a second
    del kept
    client.close()


def test_nobody_publishes(tmp_path: Path) -> None:
    """Topics on which there are images are named."""
    explained(tmp_path, lambda client: client.node.create_publisher(Image, 'cam/raw', RELIABLE),
              'nobody publishes /image', 'images are on /cam/raw', 'remap image:=')


@pytest.mark.parametrize(('topic', 'drawn'), [
    ('/annotated_image', True), ('/front/annotated_image/compressed', True),
    ('/camera/image_raw', False), ('/annotated_image/depth', False)])
def test_what_a_node_has_drawn_is_no_camera(topic: str, drawn: bool) -> None:
    """It is not advised in place of one."""
    assert is_drawn(topic) == drawn


def test_another_type(tmp_path: Path) -> None:
    """Both types are named."""
    explained(tmp_path, lambda client: client.node.create_publisher(String, 'image', RELIABLE),
              'std_msgs/msg/String', 'expected sensor_msgs/msg/Image')


def test_a_compressed_topic_as_a_raw_one(tmp_path: Path) -> None:
    """What to set is said."""
    explained(tmp_path,
              lambda client: client.node.create_publisher(CompressedImage, 'image', RELIABLE),
              'CompressedImage', 'image_transport:=compressed')


def test_advice_for_a_camera_of_several() -> None:
    """It names that camera's topic, and none that another one takes; compressed without suffix."""
    client = Client('nobody')
    node, reliable = client.node, ReliabilityPolicy.RELIABLE
    kept = [node.create_subscription(Image, '/front/image', print, RELIABLE)]
    others = Client('nobody')
    kept += [others.node.create_publisher(Image, topic, RELIABLE)
             for topic in ('/front/image', '/spare/image')]
    kept.append(others.node.create_publisher(CompressedImage, '/rear/jpeg', RELIABLE))
    for topic in ('/spare/image', '/rear/jpeg'):
        client.until(lambda topic=topic: node.count_publishers(topic) == 1)
    said = why_silent(node, '/rear/image', IMAGE, reliable, 'rear/image')
    assert '/spare/image (remap rear/image:=...)' in said and '/front/image' not in said
    said = why_silent(node, '/rear/jpeg', IMAGE, reliable, 'rear/image')
    assert 'remap /rear/jpeg/compressed:=/rear/jpeg' in said
    others.close()
    client.close()


def test_time_that_nobody_tells() -> None:
    """With simulated time only, and until somebody does, on the topic that /clock is now."""
    client = Client('nobody')
    assert not why_timeless(client.node)
    node = rclpy.create_node('simulated', context=client.context, cli_args=[
        '--ros-args', '-r', '/clock:=/sim/clock', '-p', 'use_sim_time:=true'])
    assert 'nobody publishes /sim/clock' in why_timeless(node)
    kept = client.node.create_publisher(Clock, '/sim/clock', RELIABLE)
    client.until(lambda: not why_timeless(node))
    del kept
    node.destroy_node()
    client.close()


def test_incompatible_reliability(tmp_path: Path) -> None:
    """Only where somebody insists on reliable."""
    explained(tmp_path, lambda client: client.node.create_publisher(Image, 'image', BEST_EFFORT),
              'incompatible', 'image_reliability:=auto', image_reliability='reliable')


def test_a_publisher_that_says_nothing(tmp_path: Path) -> None:
    """It is named."""
    explained(tmp_path, lambda client: client.node.create_publisher(Image, 'image', RELIABLE),
              'a publisher that fits (/client_', 'nothing came')


def test_an_image_from_before(tmp_path: Path) -> None:
    """A picture that its publisher keeps for later ones is none of a video: it is not taken."""
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

    def offer(client: Client) -> object:
        publisher = client.node.create_publisher(Image, 'image', latched)
        publisher.publish(image_message(np.zeros((48, 64, 3), np.uint8), 10**9))
        return publisher
    explained(tmp_path, offer, 'keeps an image from before', 'publish it again')


def test_compressed_twice(tmp_path: Path) -> None:
    """The suffix that image_transport adds was given too."""
    from ros_harness import await_text, process
    log = tmp_path / 'log'
    with process('node', '--ros-args', '-p', 'image_transport:=compressed', '-p', 'threads:=1',
                 '-r', 'image:=/cam/image/compressed', log=log) as running:
        await_text(log, 'remap image:=/cam/image', running)
        assert 'nobody publishes /cam/image/compressed/compressed' in log.read_text()


def test_a_camera_that_falls_silent_and_comes_back(tmp_path: Path) -> None:
    """Silence is told, and gone with the next image."""
    black = np.zeros((48, 64, 3), np.uint8)
    with node_process(tmp_path / 'log'):
        client = Client()
        client.send(image_message(black, 10**9))
        client.until(lambda: 'no image for' in client.diagnostics()['/image'].message, 10)
        client.send(image_message(black, 2 * 10**9))
        assert 'no image for' not in client.diagnostics()['/image'].message
        client.close()
