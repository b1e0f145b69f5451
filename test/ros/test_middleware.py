# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What happens around the node: signals, publishers that change, /clock, compressed images."""
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import signal
import subprocess
from time import sleep

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from ros_harness import Client, image_message, node_process, process
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

pytestmark = [pytest.mark.ros, pytest.mark.timeout(200)]

BLACK = np.zeros((48, 64, 3), np.uint8)
SECOND_NS = 1_000_000_000


@contextmanager
def client_of_node(log: Path, **parameters: object) -> Iterator[Client]:
    """Run a node and speak to it."""
    with node_process(log, **parameters):
        client = Client()
        yield client
        client.close()


@pytest.mark.parametrize('signals', [
    [signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM, signal.SIGINT]])
def test_a_clean_end(tmp_path: Path, signals: list[signal.Signals]) -> None:
    """On the first and the second signal: exit code 0, no traceback."""
    log = tmp_path / 'log'
    with node_process(log) as running:
        for number in signals:
            running.send_signal(number)
            sleep(0.05)
        assert running.wait(60) == 0
    assert 'Traceback' not in log.read_text()


def test_a_signal_during_the_start(tmp_path: Path) -> None:
    """Ctrl-C while torch is being imported is no error either."""
    log = tmp_path / 'log'
    with process('node', log=log) as running:
        while b'SigCgt' not in (status := Path(f'/proc/{running.pid}/status').read_bytes()) or (
                not int(status.split(b'SigCgt:')[1].split()[0], 16) & 1 << (signal.SIGTERM - 1)):
            sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
    assert 'Traceback' not in log.read_text()


def test_unusable_parameters(tmp_path: Path) -> None:
    """One line, and 1."""
    log = tmp_path / 'log'
    with process('node', '--ros-args', '-p', 'key_offset:=10', log=log) as running:
        assert running.wait(60) == 1
    assert log.read_text().startswith('impnet_node: parameters: key_offset: expected an int')
    assert len(log.read_text().splitlines()) == 1


def test_it_follows_the_publishers(tmp_path: Path) -> None:
    """A best-effort publisher, then a reliable one, then both: images arrive from each."""
    with client_of_node(tmp_path / 'log', l=1) as client:
        detections = client.listen('detections')
        stamp_ns = SECOND_NS

        def offer(reliability: ReliabilityPolicy) -> object:
            return client.node.create_publisher(
                Image, 'image', QoSProfile(depth=1, reliability=reliability))

        def answered(publisher: object) -> bool:
            nonlocal stamp_ns
            stamp_ns += SECOND_NS // 10
            count = len(detections)
            publisher.publish(image_message(BLACK, stamp_ns))  # type: ignore[attr-defined]
            client.spin(0.2)
            return len(detections) > count

        loose = offer(ReliabilityPolicy.BEST_EFFORT)
        client.until(lambda: answered(loose))
        assert asked(client) == 'BEST_EFFORT'
        firm = offer(ReliabilityPolicy.RELIABLE)
        client.until(lambda: answered(firm))
        assert asked(client) == 'BEST_EFFORT'
        assert answered(loose) or answered(loose)
        client.node.destroy_publisher(loose)
        client.until(lambda: asked(client) == 'RELIABLE')
        client.until(lambda: answered(firm))


def asked(client: Client) -> str:
    """Give the reliability that the node asks for."""
    infos = client.node.get_subscriptions_info_by_topic('/image')
    return infos[0].qos_profile.reliability.name if infos else ''


def test_frames_lost_are_counted(tmp_path: Path) -> None:
    """Thirty images at once: the newest is answered, what it replaced is counted."""
    with client_of_node(tmp_path / 'log') as client:
        detections, status = client.listen_to()
        publisher = client.publisher()
        client.send(image_message(BLACK, SECOND_NS))
        for index in range(1, 31):
            publisher.publish(image_message(BLACK, SECOND_NS + index * SECOND_NS // 100))
        client.until(lambda: bool(status)
                     and status[-1].frames_processed + status[-1].frames_lost == 31)
        last = detections[-1].header.stamp
        assert last.sec * SECOND_NS + last.nanosec == SECOND_NS + 30 * SECOND_NS // 100


def test_compressed_images(tmp_path: Path) -> None:
    """JPEG and PNG from image/compressed; a broken one is refused and the next answered."""
    with client_of_node(tmp_path / 'log', image_transport='compressed', l=2) as client:
        detections = client.listen('detections')
        for index, suffix in enumerate(('.jpg', '.png', '', '.jpg')):
            data = cv2.imencode(suffix, BLACK)[1].tobytes() if suffix else b'no picture'
            message = CompressedImage(format='jpeg', data=array('B', data))
            message.header.stamp.sec = 1 + index
            client.send(message, 'image/compressed')
            client.spin(0.2)
        client.until(lambda: len(detections) == 3)
        assert [each.header.stamp.sec for each in detections] == [1, 2, 4]


def test_messages_that_are_no_messages(tmp_path: Path) -> None:
    """Serialised images cut short or with random bytes in front: the good ones are answered."""
    random = np.random.default_rng(2)
    with client_of_node(tmp_path / 'log', l=50) as client:
        detections, publisher = client.listen('detections'), client.publisher()
        for index in range(100):
            message = image_message(BLACK, (1 + index) * SECOND_NS // 10)
            if index % 5 == 0:
                client.send(message)
                client.until(lambda: bool(detections)
                             and detections[-1].header.stamp == message.header.stamp)  # noqa: B023
                continue
            data = bytearray(serialize_message(message))
            if index % 5 == 1:
                data[4:60] = random.bytes(56)
            publisher.publish(bytes(data[:int(random.integers(61, len(data)))]))
            client.parameter('l')
        assert len(detections) == 20


def test_clock_jumps(tmp_path: Path) -> None:
    """The first time on /clock is no jump; time that goes back begins a new video."""
    with client_of_node(tmp_path / 'log', use_sim_time=True) as client:
        _, status = client.listen_to()
        clock = client.node.create_publisher(Clock, '/clock', 10)
        client.until(lambda: clock.get_subscription_count() > 0)
        client.spin(0.3)

        def tell(seconds: int) -> None:
            message = Clock()
            message.clock.sec = seconds
            clock.publish(message)
            client.spin(0.3)

        for seconds, stamp_ns in ((0, 100), (100, 101), (101, 102), (50, 103)):
            if seconds:
                tell(seconds)
            count = len(status)
            client.send(image_message(BLACK, stamp_ns * SECOND_NS))
            client.until(lambda: len(status) > count)  # noqa: B023
        assert [each.reset_reason for each in status] == ['start', '', '', 'clock_jump']
        assert status[2].latency_ms != status[2].latency_ms  # in the future: NaN


def test_respawn(tmp_path: Path) -> None:
    """A node that was killed and one that takes its place: the client goes on."""
    client = Client()
    detections = client.received['detections']
    with node_process(tmp_path / 'one') as running:
        client.listen('detections')
        client.send(image_message(BLACK, SECOND_NS))
        client.until(lambda: len(detections) == 1)
        running.kill()
        running.wait(30)
    assert running.returncode == -signal.SIGKILL
    with node_process(tmp_path / 'two'):
        publisher, stamp_ns = client.publisher(), 2 * SECOND_NS
        while len(detections) < 2:
            stamp_ns += SECOND_NS // 10
            publisher.publish(image_message(BLACK, stamp_ns))
            client.spin(0.2)
    client.close()


def test_the_executable_and_its_help() -> None:
    """`python -m` works where nothing is installed."""
    from sys import executable
    said = subprocess.run([executable, '-m', 'impnet_ros.ros.bags.play', '--help'],
                          capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    assert '--rate' in said.stdout
