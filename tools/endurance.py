# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The node through hours of trouble: a camera at a steady rate, and a fault every so often.

Publishers that restart and change their QoS, features that are not finite, clocks and stamps that
jump, storms of parameters and requests, malformed images, a kill. After each fault images must be
answered again within some seconds; at the end the node's memory must be what it was.

    python3 tools/endurance.py --seconds 3600 --every 60 --report endurance.jsonl

Each fault is told when it is over, and a fault that does not recover does not end the others; a
summary comes at the end, after Ctrl-C too.
"""
import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from time import monotonic, sleep
from typing import Any

from impnet_ros.msg import FrameStatus
from impnet_ros.ros import images, qos
from lifecycle_msgs.srv import ChangeState
import numpy as np
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from std_srvs.srv import Trigger

ROOT = Path(__file__).resolve().parents[1]
CODE = (f'import sys; sys.path.append({str(ROOT / "test" / "support")!r}); import slow_features; '
        'from impnet_ros.ros.node import main; sys.exit(main())')
START_S = 60.0
RECOVERY_S = 10.0
RUNNING = 5
"""Answers in a row, without a reset between them, after which a fault is over."""


@dataclass
class Row:
    """What became of a fault."""

    fault: str
    recovered_s: float
    reasons: list[str]
    memory_mb: float
    problem: str = ''


class Robot:
    """A camera, the node's process, and whoever disturbs them."""

    def __init__(self, rate_hz: float, log: Path, seed: int) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node('endurance', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._node.create_subscription(FrameStatus, 'status', self._on_status, qos.RESULTS)
        self._clock = self._node.create_publisher(Clock, '/clock', 10)
        self._clients: dict[str, Any] = {}
        self._random = np.random.default_rng(seed)
        self._period_s = 1 / rate_hz
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open('a')
        self._picture = self._random.integers(0, 255, (480, 640, 3), np.uint8)
        self.statuses: list[FrameStatus] = []
        self.published = self.answers = 0
        self._due_s = self._began_s = monotonic()
        self._ahead_s = 0.0
        self._publisher = self._offer(ReliabilityPolicy.RELIABLE)
        self._process = self._start()

    def _offer(self, reliability: ReliabilityPolicy) -> Any:
        return self._node.create_publisher(
            Image, 'image', QoSProfile(depth=5, reliability=reliability))

    def _start(self) -> 'subprocess.Popen[bytes]':
        return subprocess.Popen(
            [sys.executable, '-c', CODE, '--ros-args', '-p', 'use_sim_time:=true'],
            stdout=self._log, stderr=subprocess.STDOUT)

    def _on_status(self, message: FrameStatus) -> None:
        self.statuses.append(message)
        self.answers += 1

    def now_s(self) -> float:
        """Tell the time of this world."""
        return 1000.0 + monotonic() - self._began_s + self._ahead_s

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Let the camera run for so long, or until something is so."""
        end_s = monotonic() + seconds
        while monotonic() < end_s and not done():
            self._executor.spin_once(max(0.0, min(self._due_s - monotonic(), 0.02)))
            if monotonic() >= self._due_s:
                self._due_s = max(self._due_s + self._period_s, monotonic() - self._period_s)
                self._tell_time()
                self._publisher.publish(self._image())
                self.published += 1
        return done()

    def _tell_time(self) -> None:
        now = Clock()
        now.clock.sec, now.clock.nanosec = divmod(round(self.now_s() * 1e9), 1_000_000_000)
        self._clock.publish(now)

    def _image(self) -> Image:
        self._picture = np.roll(self._picture, 2, 1)
        message = images.to_image(self._picture, Header(frame_id='camera'))
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = divmod(round(self.now_s() * 1e9), 1_000_000_000)
        return message

    def answered(self) -> bool:
        """Whether the newest answers came without a new video between them."""
        return len(self.statuses) >= RUNNING and not any(
            each.reset_reason for each in self.statuses[-RUNNING + 1:])

    def lives(self) -> bool:
        """Whether the node runs."""
        return self._process.poll() is None

    def memory_mb(self) -> float:
        """Give what the node holds."""
        with suppress(OSError):
            said = Path(f'/proc/{self._process.pid}/status').read_text()
            return int(said.split('VmRSS:')[1].split()[0]) / 1024
        return 0.0

    def ask(self, service: str, kind: Any, request: Any) -> None:
        """Call a service of the node; it must answer, whatever it says."""
        if service not in self._clients:
            self._clients[service] = self._node.create_client(kind, f'impnet_node/{service}')
        client = self._clients[service]
        if not self.run(RECOVERY_S, client.service_is_ready):
            raise RuntimeError(f'{service} is not there')
        future = client.call_async(request)
        if not self.run(RECOVERY_S, future.done):
            raise RuntimeError(f'{service} did not answer')

    def restart_publisher(self) -> None:
        """Take the camera away for a moment."""
        reliability = self._publisher.qos_profile.reliability
        self._node.destroy_publisher(self._publisher)
        sleep(0.5)
        self._publisher = self._offer(reliability)

    def change_qos(self) -> None:
        """Let it come back with the other reliability."""
        was = self._publisher.qos_profile.reliability
        self._node.destroy_publisher(self._publisher)
        self._publisher = self._offer(
            ReliabilityPolicy.RELIABLE if was == ReliabilityPolicy.BEST_EFFORT
            else ReliabilityPolicy.BEST_EFFORT)

    def spoil_features(self) -> None:
        """Let the next key frame's features hold an infinity."""
        self._process.send_signal(signal.SIGUSR1)
        self.run(1.0, lambda: any(each.reset_reason == 'not_finite' for each in self.statuses))

    def clock_back(self) -> None:
        """Begin the bag anew."""
        self._ahead_s -= 20.0

    def clock_forward(self) -> None:
        """Jump over a pause."""
        self._ahead_s += 10.0

    def storm(self) -> None:
        """Change parameters, reset and ask for nonsense as fast as answers come."""
        for number in range(30):
            values = {'l': ParameterValue(type=2, integer_value=2 + number % 9),
                      'nonsense': ParameterValue(type=200),
                      'g': ParameterValue(type=3, double_value=(number % 11) / 10)}
            for name, value in values.items():
                self.ask('set_parameters', SetParameters, SetParameters.Request(
                    parameters=[Parameter(name=name, value=value)]))
            request = ChangeState.Request()
            request.transition.id = int(self._random.integers(9, 256))
            self.ask('change_state', ChangeState, request)
        self.ask('reset', Trigger, Trigger.Request())

    def malformed_images(self) -> None:
        """Send what is no image."""
        data = serialize_message(self._image())
        for _ in range(50):
            bad = bytearray(data[:int(self._random.integers(8, len(data)))])
            place = int(self._random.integers(4, 60)) % len(bad)
            bad[place:place + 8] = self._random.bytes(len(bad[place:place + 8]))
            self._publisher.publish(bytes(bad))
            self.run(0.01)

    def kill(self) -> None:
        """End the node without a word; something starts it again."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def close(self) -> int:
        """End all; give the node's status."""
        self._process.send_signal(signal.SIGINT)
        try:
            status = self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()
        self._log.close()
        return status


FAULTS = ('restart_publisher', 'change_qos', 'spoil_features', 'clock_back', 'storm',
          'malformed_images', 'clock_forward', 'change_qos')
_KILL_ROUNDS = 3
"""In the first round of faults, and in every third one, the node is killed at the end."""


def faults() -> Iterator[str]:
    """List the faults for ever."""
    for number in count():
        yield from FAULTS
        if number % _KILL_ROUNDS == 0:
            yield 'kill'


@contextmanager
def _robot(options: argparse.Namespace) -> Iterator[Robot]:
    robot = Robot(options.rate, options.log, options.seed)
    try:
        if not robot.run(START_S, robot.answered):
            raise RuntimeError(f'no answer within {START_S:g} s, see {options.log}')
        yield robot
    finally:
        status = robot.close()
    if status:
        raise RuntimeError(f'the node ended with {status}, see {options.log}')


def _one(robot: Robot, fault: str, every_s: float) -> Row:
    """Do one fault, wait until images are answered again, and let it run on."""
    robot.statuses.clear()
    problem = ''
    try:
        getattr(robot, fault)()
    except RuntimeError as error:
        problem = str(error)
    began_s = monotonic()
    limit_s = START_S if fault == 'kill' else RECOVERY_S
    if fault != 'spoil_features':
        robot.statuses.clear()
    if not robot.run(limit_s, robot.answered):
        problem = problem or f'no answers within {limit_s:g} s'
    if not robot.lives():
        raise RuntimeError(f'{fault}: the node ended')
    recovered_s = monotonic() - began_s
    robot.run(max(0.0, every_s - recovered_s))
    reasons = [each.reset_reason for each in robot.statuses if each.reset_reason]
    robot.statuses[:-RUNNING] = []
    return Row(fault, recovered_s, reasons, robot.memory_mb(), problem)


def main() -> int:
    """Run; 1 with a line on what did not recover or grew."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=3600.0, help='how long (3600)')
    parser.add_argument('--every', type=float, default=60.0, help='seconds between faults (60)')
    parser.add_argument('--rate', type=float, default=30.0, metavar='HZ')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--growth', type=float, default=1.0, metavar='PERCENT',
                        help='memory that may be added after the first faults of a process (1)')
    parser.add_argument('--log', type=Path, default=Path('out/endurance.log'),
                        help="the node's")
    parser.add_argument('--report', type=Path, metavar='FILE',
                        help='JSON Lines, a line for each fault as it is over')
    options = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rows: list[Row] = []
    error = ''
    try:
        with _robot(options) as robot:
            end_s = monotonic() + options.seconds
            for fault in faults():
                if monotonic() >= end_s:
                    break
                rows.append(_one(robot, fault, options.every))
                _tell(rows[-1], options.report)
            share = robot.answers / max(1, robot.published)
            print(f'{robot.published} images published, {100 * share:.1f} % answered')
    except (KeyboardInterrupt, RuntimeError) as ended:
        error = str(ended) or 'interrupted'
    _sum_up(rows)
    problems = [f'{row.fault}: {row.problem}' for row in rows if row.problem]
    problems += [*_grown(rows, options.growth), *filter(None, [error])]
    for problem in problems:
        print(f'endurance: {problem}', file=sys.stderr)
    return 1 if problems else 0


def _tell(row: Row, report: Path | None) -> None:
    """Say at once what became of a fault."""
    reasons = ', '.join(row.reasons) or 'memory kept'
    print(f'{row.fault:18} '
          + (row.problem or f'answers again after {row.recovered_s:5.2f} s')
          + f', memory {row.memory_mb:.0f} MB, {reasons}', flush=True)
    if report:
        with report.open('a') as file:
            file.write(json.dumps(asdict(row)) + '\n')


def _sum_up(rows: list[Row]) -> None:
    """Say for each kind of fault how often it came, and what recovered from it, and when."""
    for fault in dict.fromkeys(row.fault for row in rows):
        of_kind = [row for row in rows if row.fault == fault]
        reasons = Counter(', '.join(dict.fromkeys(row.reasons)) or 'memory kept'
                          for row in of_kind)
        said = '; '.join(f'{number} x {reason}' for reason, number in reasons.most_common())
        over = sum(not row.problem for row in of_kind)
        print(f'{fault:18} {over} of {len(of_kind)} recovered, slowest after '
              f'{max(row.recovered_s for row in of_kind):.2f} s: {said}')


def _grown(rows: list[Row], growth_percent: float) -> Iterator[str]:
    """Compare each process's memory at its end with that after its first faults."""
    lives: list[list[float]] = []
    for row in rows:
        if row.fault == 'kill' or not lives:
            lives.append([])
        lives[-1].append(row.memory_mb)
    for life in lives:
        judged = len(life) > len(FAULTS) + 2
        first = life[len(FAULTS) if judged else 0]
        print(f'a process of {len(life)} faults: memory {first:.0f} to {life[-1]:.0f} MB'
              + ('' if judged else ', too few to judge'))
        if judged and life[-1] > first * (1 + growth_percent / 100):
            yield f'memory grew from {first:.0f} to {life[-1]:.0f} MB'


if __name__ == '__main__':
    sys.exit(main())
