# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever strangers send, the depth node says a line, and goes on with what is good."""
from collections.abc import Callable, Iterator
from typing import Any

from depth_client import (camera_info, depth_message, depth_node, DepthClient,
                          detections_message, PERIOD_NS, scene, START_NS)
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.serialization import serialize_message
from ros_harness import stamp_of
from sensor_msgs.msg import CameraInfo
from strangers import COUNT, memory_kb, strange_requests

pytestmark = [pytest.mark.ros, pytest.mark.timeout(200 + COUNT // 10)]
STRANGE_NUMBERS = (float('nan'), float('inf'), -float('inf'), -1.0, 0.0, 1e300, 1e-300)


@pytest.fixture(scope='module')
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DepthClient]:
    """Run a node that all these tests ill-treat; it must live and end well."""
    log = tmp_path_factory.mktemp('depth_strangers') / 'log'
    with depth_node(log) as running:
        made = DepthClient()
        made.pid = running.pid
        yield made.ready(camera_info())
        made.close()
    assert running.returncode == 0
    assert 'Traceback' not in log.read_text()


class Good:
    """A frame now and then whose object must be placed."""

    def __init__(self, client: DepthClient) -> None:
        """Begin after whatever was sent before."""
        self.client, self.index = client, 0
        self.info = client.publisher('depth/camera_info', CameraInfo)

    def one(self) -> None:
        """Send it, and wait for its object."""
        self.index += 1
        self.info.publish(camera_info())
        self.client.spin(0.05)
        self.client.frame(self.index)
        results, stamp_ns = self.client.results, START_NS + self.index * PERIOD_NS
        self.client.until(lambda: any(stamp_of(each) == stamp_ns and each.detections
                                      for each in results))
        results.clear()


@pytest.mark.parametrize('value', [
    ParameterValue(type=200), ParameterValue(), ParameterValue(type=4, string_value='\x01' * 9),
    ParameterValue(type=3, double_value=float('nan')),
    ParameterValue(type=2, integer_value=-2**63),
    ParameterValue(type=5, byte_array_value=[b'\xff'] * 1000)], ids=lambda value: str(value.type))
@pytest.mark.parametrize('name', ['keep', 'slop', 'thickness', 'max_image_pixels', 'depth_topic',
                                  'use_sim_time', '', 'a b', 'x' * 10_000])
def test_parameters_that_are_none(client: DepthClient, name: str, value: ParameterValue) -> None:
    """One refusal, with a reason."""
    [result] = client.call('set_parameters', SetParameters, SetParameters.Request(
        parameters=[Parameter(name=name, value=value)])).results
    assert not result.successful and result.reason


def test_a_flood(client: DepthClient) -> None:
    """Malformed detections, depth, intrinsics and requests in turn; what is good is placed."""
    random = np.random.default_rng(5)
    good = Good(client)
    kinds = [_detections(client, random), _depth(client, random), _infos(client, random),
             strange_requests(client, random)]
    before_kb = 0
    for index in range(COUNT):
        kinds[index % len(kinds)]()
        if index % 20 == 0:
            good.one()
        if index == COUNT // 2:
            before_kb = memory_kb(client)
    good.one()
    assert memory_kb(client) < before_kb + 40_000
    assert client.state() == 'active'


def _sent(client: DepthClient, topic: str, random: np.random.Generator, message: Any) -> None:
    """Publish a message, or some of its bytes, or others in their place."""
    data = bytearray(serialize_message(message))
    kind = int(random.integers(4))
    if kind == 0:
        data = data[:int(random.integers(1, len(data)))]
    elif kind == 1:
        data[4:60] = random.bytes(56)
    client.publisher(topic, type(message)).publish(bytes(data))


def _stamp_ns(random: np.random.Generator) -> int:
    """Give a time that is not that of the good frames."""
    return START_NS + int(random.choice([-1, 1]) * random.integers(1000, 10**9)) * PERIOD_NS


def _detections(client: DepthClient, random: np.random.Generator) -> Callable[[], None]:
    """Send boxes that are none, of no class, or very many."""
    def send() -> None:
        count = int(random.choice([0, 1, 3, 300]))
        message = detections_message(_stamp_ns(random), [(60, 40, 100, 80)] * count,
                                     ['7'] * count)
        for detection in message.detections[:3]:
            box = detection.bbox
            box.size_x, box.size_y, box.center.position.x, box.center.theta = (
                float(value) for value in random.choice(STRANGE_NUMBERS, 4))
            detection.results = detection.results * int(random.integers(3))
        message.header.frame_id = str(random.choice(['', 'other', '\x01', 'x' * 10_000]))
        _sent(client, 'detections', random, message)
    return send


def _depth(client: DepthClient, random: np.random.Generator) -> Callable[[], None]:
    """Send depth images of other encodings, sizes and steps."""
    def send() -> None:
        encoding = str(random.choice(['16UC1', '32FC1']))
        metres = scene()
        if encoding == '32FC1':
            metres[:] = np.clip(random.choice(STRANGE_NUMBERS), -1e38, 1e38)
        message = depth_message(metres, _stamp_ns(random), encoding)
        kind = int(random.integers(4))
        if kind == 0:
            message.height, message.width = (int(size) for size in random.integers(2**32, size=2))
        elif kind == 1:
            message.encoding = str(random.choice(['', 'rgb8', '16UC3', '\x00\x01']))
        elif kind == 2:
            message.step = int(random.integers(2**32))
        _sent(client, 'depth/image', random, message)
    return send


def _infos(client: DepthClient, random: np.random.Generator) -> Callable[[], None]:
    """Send intrinsics that are none."""
    def send() -> None:
        info = camera_info()
        info.k = [float(value) for value in random.choice(STRANGE_NUMBERS, 9)]
        info.p = [float(value) for value in random.choice(STRANGE_NUMBERS, 12)]
        info.d = [float(value) for value in random.choice(STRANGE_NUMBERS,
                                                          int(random.integers(15)))]
        info.distortion_model = str(random.choice(['', 'plumb_bob', 'equidistant', 'nonsense']))
        info.width = int(random.integers(2**32))
        _sent(client, 'depth/camera_info', random, info)
    return send
