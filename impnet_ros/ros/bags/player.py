# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Publish the stored bytes of a bag when they are due."""
import argparse
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, time_ns
from typing import Any, TextIO

from impnet_ros.ros.bags.types import message_class, playback_qos, typestore
from impnet_ros.ros.shutdown import StopFlag
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from rosbags.highlevel import AnyReader, AnyReaderError
from rosgraph_msgs.msg import Clock as ClockMessage
from std_srvs.srv import SetBool
from tqdm import tqdm

_SLICE_S = 0.1
_SETTLE_S = 0.3  # a subscriber that we know may not know us yet
_LEAST_WAIT_S = 1e-4


class Timeline:
    """
    Where in the bag we are: bag time runs at `rate` times wall time, or is held as at first.

    Parameters
    ----------
    rate : float
        Above 0.
    start_ns : int
        Bag time at the start.

    """

    def __init__(self, rate: float, start_ns: int) -> None:
        """Hold the start until somebody lets the time go on."""
        self._rate, self._start_ns, self.held = rate, start_ns, True
        self._began_s = monotonic()

    def now_ns(self) -> int:
        """Bag time now."""
        if self.held:
            return self._start_ns
        return self._start_ns + int((monotonic() - self._began_s) * self._rate * 1e9)

    def hold(self, held: bool) -> None:
        """Stop the time, or let it go on."""
        self._start_ns, self._began_s = self.now_ns(), monotonic()
        self.held = held

    def restart(self, bag_ns: int) -> None:
        """Jump to another bag time."""
        self._start_ns, self._began_s = bag_ns, monotonic()

    def seconds_until(self, bag_ns: int) -> float:
        """Wall time until a bag time is reached; infinite while held."""
        if self.held:
            return float('inf')
        return (bag_ns - self.now_ns()) / 1e9 / self._rate


class Player(Node):
    """Publishers for the topics of a bag, /clock and the pause service."""

    def __init__(self, reader: AnyReader, options: argparse.Namespace) -> None:
        """Create the publishers; topics of types that are not installed are left out."""
        super().__init__('impnet_bag_play')
        names = dict(pair.split(':=', 1) for pair in options.remap)
        wanted = {f'/{topic.strip("/")}' for topic in options.topics}
        missing = wanted - {connection.topic for connection in reader.connections}
        if missing:
            raise ValueError(f'--topics: expected topics of the bag, got '
                             f'{", ".join(sorted(missing))}')
        self.topics: dict[str, Publisher] = {}
        self.connections = []
        for connection in reader.connections:
            if wanted and connection.topic not in wanted:
                continue
            try:
                kind: Any = message_class(connection.msgtype)
            except ValueError as error:
                self.get_logger().warning(f'{connection.topic} is left out: {error}')
                continue
            self.connections.append(connection)
            if connection.topic not in self.topics:
                name = names.get(connection.topic) or names.get(connection.topic[1:])
                self.topics[connection.topic] = self.create_publisher(
                    kind, name or connection.topic,
                    playback_qos(connection.ext.offered_qos_profiles, options.reliability))
        if not self.topics:
            raise ValueError(f'{options.bag}: expected topics that can be published, found none')
        self._awaited = self._publishers_of(options.wait_for)
        start_ns = reader.start_time + int(options.start_offset * 1e9)
        self.timeline = Timeline(options.rate, start_ns)
        self.paused, self.playing = options.start_paused, False
        self.create_service(SetBool, '~/pause', self._on_pause)
        self._clock_publisher: Publisher | None = None
        if options.clock:
            self._clock_publisher = self.create_publisher(ClockMessage, '/clock', 10)
            self.create_timer(1.0 / options.clock, self.publish_clock,
                              clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publishers_of(self, topic: str) -> list[Publisher]:
        """Give the publishers of a topic and of what lies below it, as /compressed does."""
        name = '/' + topic.strip('/')
        found = [publisher for own, publisher in self.topics.items()
                 if own == name or own.startswith(f'{name}/')]
        if topic and not found:
            raise ValueError(f'--wait-for: expected a topic of the bag, got {topic}; there are '
                             f'{", ".join(sorted(self.topics))}')
        return found

    def is_heard(self) -> bool:
        """Whether the awaited topic has a subscriber; without one, whether every topic has."""
        if self._awaited:
            return any(publisher.get_subscription_count() for publisher in self._awaited)
        return all(publisher.get_subscription_count() for publisher in self.topics.values())

    def publish_clock(self) -> None:
        """Tell the time of the bag, where that is wanted."""
        if self._clock_publisher is None:
            return
        now = Time(nanoseconds=self.timeline.now_ns()).to_msg()
        self._clock_publisher.publish(ClockMessage(clock=now))

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response
                  ) -> SetBool.Response:
        self.paused = request.data
        if self.playing:
            self.timeline.hold(self.paused)
        response.success = True
        response.message = 'paused' if request.data else 'playing'
        return response


def play(options: argparse.Namespace, ros_args: list[str], stop: StopFlag) -> int:
    """
    Play a bag.

    Parameters
    ----------
    options : argparse.Namespace
        See `impnet_ros.ros.bags.play.main`.
    ros_args : list of str
        For rclpy.
    stop : StopFlag
        Ends the playback.

    Returns
    -------
    int
        0.

    Raises
    ------
    OSError, ValueError
        If there is no such bag, or nothing of it can be published.

    """
    with ExitStack() as stack:
        reader = stack.enter_context(_opened(options.bag))
        log = stack.enter_context(options.log.open('w')) if options.log else None
        rclpy.init(args=ros_args, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor()
        try:
            player = Player(reader, options)
            executor.add_node(player)
            wait_until_s = monotonic() + options.wait
            while not (stop.is_set or player.is_heard() or monotonic() > wait_until_s):
                executor.spin_once(_SLICE_S)
            settled_s = monotonic() + _SETTLE_S
            while not stop.is_set and monotonic() < settled_s:
                executor.spin_once(_SLICE_S)
            if not player.is_heard() and not stop.is_set:
                player.get_logger().warning(
                    'playing, though not every awaited topic has a subscriber')
            start_ns = reader.start_time + int(options.start_offset * 1e9)
            while not stop.is_set:
                player.playing = True
                player.timeline.restart(start_ns)
                player.timeline.hold(player.paused)
                player.publish_clock()
                _play_once(player, reader, start_ns, executor, stop, options.quiet, log)
                if not options.loop:
                    break
                _await(player, reader.end_time + _interval_ns(player, reader), executor, stop)
            if not stop.is_set:
                for publisher in player.topics.values():
                    publisher.wait_for_all_acked(Duration(seconds=2))
        finally:
            executor.shutdown()
            rclpy.try_shutdown()
    return 0


def _opened(path: Path) -> AnyReader:
    # Not impnet_ros.video.open_bag: a player need not wait for torch.
    try:
        return AnyReader([path], default_typestore=typestore())
    except AnyReaderError as error:
        raise ValueError(f'{path}: {error}') from error


def _play_once(player: Player, reader: AnyReader, start_ns: int,
               executor: SingleThreadedExecutor, stop: StopFlag, quiet: bool,
               log: TextIO | None) -> None:
    count = sum(connection.msgcount for connection in player.connections)
    messages = reader.messages(player.connections, start=start_ns)
    for connection, bag_ns, data in tqdm(messages, total=count, unit='message', disable=quiet):
        _await(player, bag_ns, executor, stop)
        if stop.is_set:
            return
        if log:
            log.write(f'{connection.topic} {bag_ns} {time_ns()}\n')
        player.topics[connection.topic].publish(bytes(data))


def _await(player: Player, bag_ns: int, executor: SingleThreadedExecutor,
           stop: StopFlag) -> None:
    """Serve /clock and the pause until a bag time is reached."""
    while (left_s := player.timeline.seconds_until(bag_ns)) > _LEAST_WAIT_S and not stop.is_set:
        executor.spin_once(min(left_s, _SLICE_S))


def _interval_ns(player: Player, reader: AnyReader) -> int:
    """
    Tell the time between messages of the busiest topic.

    It passes before a bag begins again: the first message would otherwise meet the last, and a
    subscriber that wants the newest only would lose one a round.
    """
    busiest = max(connection.msgcount for connection in player.connections)
    return reader.duration // max(1, busiest - 1)
