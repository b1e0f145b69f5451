# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever strangers send, the node answers or says a line, and goes on with the good images."""
from array import array
from collections.abc import Callable, Iterator

from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.serialization import serialize_message
from ros_harness import Client, image_message, node_process, stamp_of
from rosgraph_msgs.msg import Clock
from strangers import COUNT, memory_kb, strange_requests

BLACK = np.zeros((48, 64, 3), np.uint8)
SECOND_NS = 1_000_000_000

pytestmark = [pytest.mark.ros, pytest.mark.timeout(200 + COUNT // 10)]


@pytest.fixture(scope='module')
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Run a node that all these tests ill-treat; it must live and end well."""
    log = tmp_path_factory.mktemp('strangers') / 'log'
    with node_process(log, l=4, use_sim_time=True) as running:
        made = Client()
        made.pid = running.pid
        made.listen_to()
        yield made
        made.close()
    assert running.returncode == 0
    assert 'Traceback' not in log.read_text()


class Good:
    """A good image now and then, which must be answered."""

    def __init__(self, client: Client) -> None:
        """Begin a second after whatever was sent before."""
        self.client = client
        detections = client.received['detections']
        self.stamp_ns = stamp_of(detections[-1]) if detections else 1000 * SECOND_NS

    def one(self) -> None:
        """Send it and wait for its detections."""
        self.stamp_ns += SECOND_NS // 10
        detections = self.client.received['detections']
        self.client.send(image_message(BLACK, self.stamp_ns))
        self.client.until(lambda: bool(detections) and stamp_of(detections[-1]) == self.stamp_ns)


@pytest.mark.parametrize('transition', [
    (0, ''), (8, ''), (60, ''), (99, ''), (255, ''), (1, ''), (2, ''), (3, ''), (5, ''), (6, ''),
    (0, 'nonsense'), (0, 'configure'), (0, 'activate'), (4, 'cleanup'), (0, 'x' * 10_000),
    (0, 'create'), (0, 'destroy'), (0, 'transition_error')])
def test_transitions_that_do_not_fit(client: Client, transition: tuple[int, str]) -> None:
    """Unknown ones and those of other states are refused; the node stays active."""
    request = ChangeState.Request()
    request.transition.id, request.transition.label = transition
    assert not client.call('change_state', ChangeState, request).success
    assert client.state() == 'active'
    Good(client).one()


@pytest.mark.parametrize('value', [
    ParameterValue(type=200), ParameterValue(type=255),
    ParameterValue(type=9, string_array_value=['\x01' * 100] * 100),
    ParameterValue(type=3, double_value=float('nan')),
    ParameterValue(type=2, integer_value=-2**63),
    ParameterValue(type=5, byte_array_value=[b'\xff'] * 1000)], ids=lambda value: str(value.type))
@pytest.mark.parametrize('name', ['l', 'g', 'classes', 'model', 'box_memory', 'use_sim_time', '',
                                  'a b', 'nonsense', 'x' * 10_000, 'qos_overrides./a.b'])
def test_parameters_that_are_none(client: Client, name: str, value: ParameterValue) -> None:
    """One refusal for each of them, with a reason, and none of them is taken over."""
    fine = ParameterValue(type=3, double_value=0.4)
    parameters = [Parameter(name='score_threshold', value=fine), Parameter(name=name, value=value)]
    together = client.call('set_parameters_atomically', SetParametersAtomically,
                           SetParametersAtomically.Request(parameters=parameters)).result
    assert not together.successful and together.reason
    single = client.call('set_parameters', SetParameters,
                         SetParameters.Request(parameters=parameters)).results
    assert [each.successful for each in single] == [True, False]
    assert single[1].reason
    assert client.parameter('l') == 4


@pytest.mark.parametrize('name', ['l', 'g', 'classes', 'model', 'box_memory', 'use_sim_time'])
def test_parameters_cannot_be_deleted(client: Client, name: str) -> None:
    """A value without a type would do that."""
    request = SetParameters.Request(parameters=[Parameter(name=name)])
    [result] = client.call('set_parameters', SetParameters, request).results
    assert not result.successful and result.reason
    assert client.parameter(name) is not None


def test_a_flood(client: Client) -> None:
    """Malformed images, requests and clocks in turn: good images are answered, memory is flat."""
    random = np.random.default_rng(3)
    good = Good(client)
    kinds = [bytes_for(client, random), strange_requests(client, random), _clocks(client, random)]
    before_kb = 0
    for index in range(COUNT):
        kinds[index % len(kinds)]()
        if index % 20 == 0:
            good.one()
        if index == COUNT // 3:
            before_kb = memory_kb(client)
    good.one()
    assert memory_kb(client) < before_kb + 20_000
    assert client.state() == 'active'


def bytes_for(client: Client, random: np.random.Generator) -> Callable[[], None]:
    """Send images with random bytes in them, cut, or with fields that do not fit."""
    publisher = client.publisher()

    def send() -> None:
        message = image_message(BLACK, int(random.integers(2**31)) * SECOND_NS)
        kind = int(random.integers(5))
        if kind == 0:
            message.header.stamp.sec = int(random.integers(-2**31, 2**31))
            message.header.stamp.nanosec = int(random.integers(2**32))
            message.data = array('B')
        elif kind == 1:
            message.height, message.width = (int(size) for size in random.integers(2**32, size=2))
        elif kind == 2:
            message.encoding = str(random.choice(['', 'rgb9', '32FC1', 'bayer_rggb8', '\x00\x01']))
            message.data = message.data[:7]
        data = bytearray(serialize_message(message))
        if kind == 3:
            data[4:60] = random.bytes(56)
        publisher.publish(bytes(data[:int(random.integers(1, len(data)))] if kind > 2 else data))
    return send


def _clocks(client: Client, random: np.random.Generator) -> Callable[[], None]:
    """Tell times that are none."""
    publisher = client.node.create_publisher(Clock, '/clock', 10)

    def tell() -> None:
        message = Clock()
        message.clock.sec = int(random.integers(-2**31, 2**31))
        message.clock.nanosec = int(random.integers(2**32))
        data = serialize_message(message)
        publisher.publish(data[:int(random.integers(1, len(data)))] if random.random() < 0.5
                          else message)
    return tell
