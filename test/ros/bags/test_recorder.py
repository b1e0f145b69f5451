# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The recorder goes on, whatever its publishers do, and what it has is on the disk soon."""
from pathlib import Path
import signal
from time import monotonic

from impnet_ros.ros.bags import recorder as module
from impnet_ros.ros.bags.record import main
from impnet_ros.ros.bags.recorder import record
from impnet_ros.video import open_bag
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_harness import await_text, Client, process
from sensor_msgs.msg import Image
from std_msgs.msg import Int32, String

pytestmark = pytest.mark.ros


def counted(bag: Path) -> list[int]:
    """Give the numbers that were recorded."""
    with open_bag(bag) as reader:
        return [reader.deserialize(data, connection.msgtype).data
                for connection, _, data in reader.messages()]


def publish(client: Client, reliability: ReliabilityPolicy, numbers: range) -> None:
    """Publish numbers with a new publisher, once somebody listens, and take it down."""
    publisher = client.node.create_publisher(Int32, '/numbers',
                                             QoSProfile(depth=50, reliability=reliability))
    client.until(lambda: publisher.get_subscription_count() > 0)
    client.spin(0.5)
    for number in numbers:
        publisher.publish(Int32(data=number))
        client.spin(0.02)
    client.spin(0.3)
    client.node.destroy_publisher(publisher)


def test_publishers_that_come_back_with_another_quality(tmp_path: Path) -> None:
    """Reliable, then best effort, then reliable: every message is there."""
    bag, log = tmp_path / 'bag', tmp_path / 'log'
    client = Client()
    with process('bags.record', str(bag), 'numbers', log=log) as recorder:
        publish(client, ReliabilityPolicy.RELIABLE, range(0, 15))
        publish(client, ReliabilityPolicy.BEST_EFFORT, range(15, 30))
        publish(client, ReliabilityPolicy.RELIABLE, range(30, 45))
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(60) == 0
    client.close()
    assert counted(bag) == list(range(45))
    assert 'now best_effort as its publishers' in log.read_text()


def test_a_terminal_that_is_lost(tmp_path: Path) -> None:
    """The bag is closed as by Ctrl-C, though nothing can be said any more."""
    client = Client()
    before = ('import os, signal, sys; os.close(1); sys.stdout = None; '
              'signal.signal(signal.SIGHUP, signal.SIG_DFL)')  # the tests may run under nohup
    with process('bags.record', str(tmp_path / 'bag'), 'numbers', log=tmp_path / 'log',
                 before=before) as recorder:
        publish(client, ReliabilityPolicy.RELIABLE, range(15))
        recorder.send_signal(signal.SIGHUP)
        assert recorder.wait(60) == 0
    client.close()
    assert counted(tmp_path / 'bag') == list(range(15))
    assert (tmp_path / 'bag' / 'metadata.yaml').exists()
    assert 'Traceback' not in (tmp_path / 'log').read_text()


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_recorder_that_is_killed(tmp_path: Path, storage: str) -> None:
    """What came more than some seconds before can be read."""
    bag, log = tmp_path / 'bag', tmp_path / 'log'
    client = Client()
    with process('bags.record', str(bag), 'numbers', '--storage', storage, log=log) as recorder:
        publish(client, ReliabilityPolicy.RELIABLE, range(20))
        client.spin(3.0)
        recorder.kill()
        recorder.wait(10)
    client.close()
    assert counted(bag) == list(range(20))


def test_a_type_that_is_not_installed_costs_its_topic(tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are recorded, with one line on it."""
    known = module.message_class

    def lacking(name: str) -> object:
        if name == 'std_msgs/msg/String':
            raise ValueError(f'{name}: expected an installed message type')
        return known(name)

    monkeypatch.setattr(module, 'message_class', lacking)
    client = Client()
    text = client.node.create_publisher(String, '/text', 10)
    numbers = client.node.create_publisher(Int32, '/numbers', 10)

    class After:
        """Stop when the topic that can be recorded has been."""

        begin = monotonic()

        def wait_for_end(self) -> None:
            """Do nothing: it is no flag of a process."""

        @property
        def is_set(self) -> bool:
            text.publish(String(data='a'))
            if numbers.get_subscription_count():
                numbers.publish(Int32(data=3))
            return monotonic() > self.begin + 4

    counts = record(tmp_path / 'bag', ['text', 'numbers'], 'mcap', [],
                    After())  # type: ignore[arg-type]
    client.close()
    assert counts['/text'] == 0 and counts['/numbers'] > 0
    assert set(counted(tmp_path / 'bag')) == {3}


@pytest.mark.parametrize('topic', ['my topic', '1st', 'a//b', ''])
def test_names_that_ros_does_not_know(tmp_path: Path, topic: str,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and no bag."""
    before = {number: signal.getsignal(number)
              for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        assert main([str(tmp_path / 'bag'), topic]) == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    said = capsys.readouterr().err
    assert 'expected a topic name' in said and said.count('\n') == 1
    assert not (tmp_path / 'bag').exists()


def test_a_bag_that_is_there(tmp_path: Path) -> None:
    """It stays as it is."""
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag' / 'a').touch()
    log = tmp_path / 'log'
    with process('bags.record', str(tmp_path / 'bag'), 'numbers', log=log) as recorder:
        assert recorder.wait(60) == 1
    assert 'exists already' in log.read_text() and 'Traceback' not in log.read_text()
    assert (tmp_path / 'bag' / 'a').exists()


def test_a_request_that_makes_no_sense(tmp_path: Path) -> None:
    """It is refused, and the recording goes on."""
    client = Client('impnet_bag_record')
    odd = Parameter(name='x', value=ParameterValue(type=99))
    log = tmp_path / 'log'
    with process('bags.record', str(tmp_path / 'bag'), 'numbers', log=log) as recorder:
        await_text(log, 'nobody publishes /numbers', recorder)
        [result] = client.call('set_parameters', SetParameters,
                               SetParameters.Request(parameters=[odd])).results
        assert not result.successful and '99' in result.reason
        publish(client, ReliabilityPolicy.RELIABLE, range(5))
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(60) == 0
    client.close()
    assert counted(tmp_path / 'bag') == list(range(5))


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_disk_that_fills(tmp_path: Path, storage: str) -> None:
    """The recording ends with one line, for no callback hides it."""
    client = Client()
    log = tmp_path / 'log'
    small = 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))'
    with process('bags.record', str(tmp_path / 'bag'), 'text', '--storage', storage, log=log,
                 before=small) as recorder:
        publisher = client.node.create_publisher(String, '/text', 10)
        client.until(lambda: publisher.get_subscription_count() > 0)
        client.until(lambda: publisher.publish(String(data='a' * 50_000)) or
                     recorder.poll() is not None)
        assert recorder.wait(60) == 1
    client.close()
    said = [line for line in log.read_text().splitlines() if line.startswith('impnet_bag_record')]
    assert len(said) == 1 and str(tmp_path / 'bag') in said[0]
    assert 'Traceback' not in log.read_text()


def test_a_topic_that_nobody_publishes(tmp_path: Path) -> None:
    """One line says so soon, and where images are; a bag without any message is an error."""
    client = Client()
    client.node.create_publisher(Image, '/camera/image', 10)
    client.node.create_publisher(Int32, '/numbers', 10)
    log = tmp_path / 'log'
    begin = monotonic()
    with process('bags.record', str(tmp_path / 'bag'), '/camera/imagee', 'numbers', log=log
                 ) as recorder:
        await_text(log, 'nobody publishes /camera/imagee; images are on /camera/image', recorder)
        assert monotonic() < begin + 10  # its start included
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(60) == 1
    client.close()
    assert 'nothing was recorded: no message came on /camera/imagee, /numbers' in log.read_text()
    assert not (tmp_path / 'bag').exists()
