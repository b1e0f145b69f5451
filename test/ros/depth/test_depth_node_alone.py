# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The depth node over DDS with nodes of its own: other frames, arguments, a kill."""
from pathlib import Path

from depth_client import (camera_info, depth_message, depth_node, DepthClient, detections_message,
                          FAR, LATCHED, NEAR, PERIOD_NS, scene, START_NS, transform)
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_harness import process
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray, Detection3DArray

pytestmark = pytest.mark.ros


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give the file that the node writes its log to."""
    return tmp_path / 'node.log'


def test_target_frame(log: Path) -> None:
    """The camera drives towards a thing that stands; in the map it stands. Late tf is awaited."""
    with depth_node(log, target_frame='map', wait=0.5):
        client = DepthClient().ready(camera_info())
        tf = client.publisher('/tf', TFMessage)
        client.frame(0)
        client.why('no transform names the frame')
        assert "'map'" in log.read_text()
        for index in range(1, 12):
            x = 0.05 * index
            client.frame(index, scene(NEAR - x, FAR - x))
            client.spin(0.05)
            assert len(client.results) == index - 1
            tf.publish(transform(START_NS + index * PERIOD_NS, x))
            message = client.answer(index)
            assert message.header.frame_id == 'map'
        first, last = client.results[1], client.results[-1]
        for message in (first, last):
            position = message.detections[0].bbox.center.position
            assert position.x == pytest.approx(NEAR + 0.15, abs=0.1)
            assert position.z == pytest.approx(1.0, abs=0.03)
        client.frame(30)
        client.why('too old')
        client.close()


def test_a_fixed_transform(log: Path) -> None:
    """/tf_static that was told before is heard."""
    with depth_node(log, target_frame='base'):
        client = DepthClient()
        sender = client.node.create_publisher(TFMessage, '/tf_static', LATCHED)
        sender.publish(transform(0, 0.5, 'base'))
        client.ready(camera_info())
        client.spin(1.2)
        client.frame(0)
        position = client.answer(1).detections[0].bbox.center.position
        assert position.x == pytest.approx(NEAR + 0.5 + 0.15, abs=0.1)
        client.close()


def test_other_quality_of_service(log: Path) -> None:
    """Best-effort images and detections, and a camera_info that was latched once, are heard."""
    client = DepthClient(node_runs=False)
    client.node.create_publisher(CameraInfo, 'depth/camera_info', LATCHED).publish(camera_info())
    profile = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    image = client.node.create_publisher(Image, 'depth/image', profile)
    seen = client.node.create_publisher(Detection2DArray, 'detections', profile)
    with depth_node(log):
        client.results = client.listen('detections_3d', Detection3DArray)
        client.until(lambda: image.get_subscription_count() > 0
                     and seen.get_subscription_count() > 0, 20)
        client.spin(1.5)
        image.publish(depth_message(scene(), START_NS))
        seen.publish(detections_message(START_NS))
        assert len(client.answer(1).detections) == 1
    client.close()


def test_another_type_on_the_topic(log: Path) -> None:
    """It is named in the log within seconds."""
    client = DepthClient(node_runs=False)
    client.node.create_publisher(CompressedImage, 'depth/image', 1)
    with depth_node(log):
        client.until(lambda: '/depth/image is published as sensor_msgs/msg/CompressedImage, '
                     'expected sensor_msgs/msg/Image' in log.read_text(), 15)
    client.close()


def test_wrong_arguments(log: Path) -> None:
    """One line and 1."""
    with process('depth.node', '--ros-args', '-p', 'keep:=much', log=log) as running:
        assert running.wait(30) == 1
    assert log.read_text().count('\n') <= 2 and 'keep' in log.read_text()


def test_killed_and_started_again(log: Path, tmp_path: Path) -> None:
    """After SIGKILL a new one serves the same topics."""
    with depth_node(log) as running:
        client = DepthClient().ready(camera_info())
        client.frame(0)
        client.answer(1)
        running.kill()
        running.wait(20)
    with depth_node(tmp_path / 'again.log'):
        sent = 0
        while len(client.results) < 2 and sent < 60:  # it is not discovered at once
            sent += 1
            client.publisher('depth/camera_info', CameraInfo).publish(camera_info())
            client.spin(0.2)
            client.frame(sent)
            client.spin(0.3)
        assert len(client.answer(2).detections) == 1
    client.close()
