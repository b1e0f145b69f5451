# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A node as its own process, and a client that speaks to it over DDS."""
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import signal
import subprocess
import sys
from time import monotonic, sleep
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from impnet_ros.msg import FrameStatus
from impnet_ros.ros import qos
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo

DEADLINE_S = 60.0
CODE = 'import sys; from impnet_ros.ros.{} import main; sys.exit(main())'


def image_message(image: Any, stamp_ns: int, *, encoding: str = 'rgb8', frame_id: str = 'camera',
                  padding: int = 0) -> Image:
    """Make a message of an array (H, W) or (H, W, C), rows padded by some bytes."""
    pixels = np.ascontiguousarray(image)
    rows = pixels.reshape(pixels.shape[0], -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding,
                    step=rows.shape[1])
    message.header.frame_id = frame_id
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    message.data = array('B', rows.tobytes())
    return message


def stamp_of(message: Any) -> int:
    """Give a message's stamp in nanoseconds."""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


@contextmanager
def process(module: str, *arguments: str, log: Path | None = None, before: str = ''
            ) -> 'Iterator[subprocess.Popen[str]]':
    """
    Run `impnet_ros.ros.<module>` as a process; it is ended with SIGINT if it still runs.

    `before` is Python that runs there first.
    """
    output = log.open('w') if log else None
    running = subprocess.Popen(
        [sys.executable, '-c', f'{before}\n{CODE.format(module)}', *arguments],
        stdout=output or None, stderr=subprocess.STDOUT if output else None, text=True,
        env=dict(os.environ))
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
            try:
                running.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                running.kill()
        if output:
            output.close()


@contextmanager
def node_process(log: Path, ready: str = ' -> ', before: str = '', **parameters: Any
                 ) -> 'Iterator[subprocess.Popen[str]]':
    """Run impnet_node until the block ends; it begins when the log says that it is ready."""
    given = [part for name, value in {'threads': 1, **parameters}.items()
             for part in ('-p', f'{name}:={value}')]
    with process('node', '--ros-args', *given, log=log, before=before) as running:
        await_text(log, ready, running)
        yield running


def await_text(log: Path, text: str, running: 'subprocess.Popen[str]') -> None:
    """Wait until a process has said something."""
    deadline = monotonic() + DEADLINE_S
    while text not in log.read_text():
        assert running.poll() is None, f'ended with {running.returncode}:\n{log.read_text()}'
        assert monotonic() < deadline, f'no {text!r} in:\n{log.read_text()}'
        sleep(0.05)


class Client:
    """Publish images to the node, keep what comes back, call its services."""

    def __init__(self, node: str = 'impnet_node') -> None:
        """Join the session's DDS domain with a context of our own."""
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node(f'client_{os.getpid()}_{id(self):x}', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.received: defaultdict[str, list[Any]] = defaultdict(list)
        self._publishers: dict[str, Any] = {}
        self._clients: dict[str, Any] = {}
        self._name = node

    def close(self) -> None:
        """Leave the domain."""
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def listen(self, topic: str, kind: type = Detection2DArray,
               profile: QoSProfile = qos.RESULTS) -> list[Any]:
        """Keep what comes on a topic, and wait until its publisher is there."""
        self.node.create_subscription(kind, topic, self.received[topic].append, profile)
        self.until(lambda: self.node.count_publishers(topic) > 0)
        return self.received[topic]

    def listen_to(self, camera: str = '') -> tuple[list[Any], list[Any]]:
        """Keep a camera's detections and status."""
        prefix = f'{camera}/' if camera else ''
        return (self.listen(f'{prefix}detections'),
                self.listen(f'{prefix}status', FrameStatus))

    def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        """Spin until the condition holds, or fail at the deadline."""
        deadline = monotonic() + seconds
        while not condition():
            assert monotonic() < deadline, 'deadline passed'
            self.executor.spin_once(0.05)

    def spin(self, seconds: float) -> None:
        """Spin for a time."""
        end = monotonic() + seconds
        while monotonic() < end:
            self.executor.spin_once(0.02)

    def publisher(self, topic: str = 'image', kind: type = Image,
                  reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE) -> Any:
        """Give the publisher of a topic, once the node has subscribed to it."""
        if topic not in self._publishers:
            created = self.node.create_publisher(
                kind, topic, QoSProfile(depth=10, reliability=reliability))
            self.until(lambda: created.get_subscription_count() > 0)
            self.spin(0.3)
            self._publishers[topic] = created
        return self._publishers[topic]

    def send(self, message: Image | CompressedImage, topic: str = 'image') -> None:
        """
        Publish an image and return when the node has begun with it, or is busy with another.

        A service is called after it. Both go through the one shared-memory port of the node, in
        order; so a round of the node's executor that has the request has the image too, and
        images are taken first.
        """
        self.publisher(topic, type(message)).publish(message)
        self.parameter('l')
        self.spin(0.005)

    def call(self, service: str, kind: Any, request: Any) -> Any:
        """Call a service of the node."""
        if service not in self._clients:
            client = self.node.create_client(kind, f'/{self._name}/{service}')
            self.until(client.service_is_ready)
            self._clients[service] = client
        future = self._clients[service].call_async(request)
        self.until(future.done)
        return future.result()

    def parameter(self, name: str) -> Any:
        """Read a parameter."""
        response = self.call('get_parameters', GetParameters,
                             GetParameters.Request(names=[name]))
        return rclpy.parameter.parameter_value_to_python(response.values[0])

    def set(self, **values: Any) -> str:  # noqa: A003 - as `ros2 param set`
        """Set parameters together; the reason where they are rejected, '' else."""
        parameters = [Parameter(name, value=value).to_parameter_msg()
                      for name, value in values.items()]
        result = self.call('set_parameters_atomically', SetParametersAtomically,
                           SetParametersAtomically.Request(parameters=parameters)).result
        return '' if result.successful else result.reason

    def reset(self) -> Any:
        """Let all cameras begin anew."""
        return self.call('reset', Trigger, Trigger.Request())

    def change_state(self, label: str) -> bool:
        """Ask for a lifecycle transition."""
        request = ChangeState.Request()
        request.transition.label = label
        return self.call('change_state', ChangeState, request).success

    def state(self) -> str:
        """Give the lifecycle state."""
        return self.call('get_state', GetState, GetState.Request()).current_state.label

    def diagnostics(self) -> dict[str, Any]:
        """Wait for the next report: status by the end of its name."""
        if '/diagnostics' not in self.received:
            self.listen('/diagnostics', DiagnosticArray)
        reports = self.received['/diagnostics']
        count = len(reports)
        self.until(lambda: len(reports) > count)
        return {status.name.split(': ')[1]: status for status in reports[-1].status}

    def latched(self) -> tuple[LabelInfo, VisionInfo]:
        """Wait for the latched facts."""
        labels = self.listen('label_info', LabelInfo, qos.LATCHED)
        facts = self.listen('vision_info', VisionInfo, qos.LATCHED)
        self.until(lambda: bool(labels and facts))
        return labels[-1], facts[-1]
