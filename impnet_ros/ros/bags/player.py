# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Publish the stored bytes of a bag when they are due."""
import argparse
from contextlib import ExitStack
from functools import partial
from math import inf
import sys
from time import monotonic, time_ns
from typing import TextIO

from impnet_ros.outputs import require_distinct
from impnet_ros.ros.bags.names import topic_problem
from impnet_ros.ros.bags.session import node_session
from impnet_ros.ros.bags.types import message_class, playback_qos
from impnet_ros.ros.guards import SteadyExecutor
from impnet_ros.ros.shutdown import StopFlag
from impnet_ros.sources.bag_reader import BagReader, encoding_of
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.time import Time
from rosbags.interfaces import Connection
from rosgraph_msgs.msg import Clock as ClockMessage
from std_srvs.srv import SetBool
from tqdm import tqdm

_SLICE_S = 0.1
_SETTLE_S = 0.3  # a subscriber that we know may not know us yet
_TELL_S = 3.0
_LEAST_WAIT_S = 1e-4
_LONG_S = 10.0
_LEAST_ROUND_NS = 10_000_000  # a bag that loops never spins
_HEAD_BYTES = 4  # of every message in CDR


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

    def __init__(self, reader: BagReader, options: argparse.Namespace) -> None:
        """Create the publishers; topics that cannot be published are left out."""
        super().__init__('impnet_bag_play')
        names = dict(pair.split(':=', 1) for pair in options.remap)
        wanted = {f'/{topic.strip("/")}' for topic in options.topics}
        missing = wanted - {connection.topic for connection in reader.connections}
        if missing:
            raise ValueError(f'--topics: expected topics of the bag, got '
                             f'{", ".join(sorted(missing))}')
        missing = {f'/{topic.strip("/")}' for topic in names} - {
            connection.topic for connection in reader.connections}
        if missing:
            raise ValueError(f'--remap: expected topics of the bag, got '
                             f'{", ".join(sorted(missing))}')
        self.topics: dict[str, Publisher] = {}
        self.connections = []
        for connection in reader.connections:
            if wanted and connection.topic not in wanted:
                continue
            name = names.get(connection.topic) or names.get(connection.topic[1:])
            try:
                self._offer(connection, name or connection.topic, options.reliability)
            except Exception as error:  # noqa: B902 - rclpy and message packages have their own
                self.get_logger().warning(f'{connection.topic} is left out: '
                                          f'{" ".join(str(error).split())}')
        if not self.topics:
            raise ValueError(f'{reader.path}: expected topics that can be published, found none')
        self._awaited = self._publishers_of(options.wait_for)
        self.timeline = Timeline(options.rate, reader.start_time)
        self.paused, self.playing = options.start_paused, False
        self.create_service(SetBool, '~/pause', self._on_pause)
        self._clock_publisher: Publisher | None = None
        if options.clock:
            self._clock_publisher = self.create_publisher(ClockMessage, '/clock', 10)
            self.create_timer(1.0 / options.clock, self.publish_clock,
                              clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _offer(self, connection: Connection, name: str, reliability: str) -> None:
        if encoding_of(connection) != 'cdr':
            raise ValueError(f'expected messages of ROS 2 (cdr), got {encoding_of(connection)}')
        kind = message_class(connection.msgtype)
        if connection.topic not in self.topics:
            if problem := topic_problem(name if name.startswith('/') else f'/{name}'):
                raise ValueError(problem)
            self.topics[connection.topic] = self.create_publisher(
                kind, name, playback_qos(connection.ext.offered_qos_profiles, reliability))
        elif self.topics[connection.topic].msg_type is not kind:
            raise ValueError(f'expected one type a topic, got {connection.msgtype} too')
        self.connections.append(connection)

    def _publishers_of(self, topic: str) -> list[Publisher]:
        """Give the publishers of a topic and of what lies below it, as /compressed does."""
        name = '/' + topic.strip('/')
        found = [publisher for own, publisher in self.topics.items()
                 if own == name or own.startswith(f'{name}/')]
        if topic and not found:
            raise ValueError(f'--wait-for: expected a topic of the bag, got {topic}; there are '
                             f'{", ".join(sorted(self.topics))}')
        return found

    def unheard(self) -> list[str]:
        """Name the topics that lack a subscriber; of those awaited one with it is enough."""
        publishers = self._awaited or list(self.topics.values())
        silent = [each.topic_name for each in publishers if not each.get_subscription_count()]
        return [] if self._awaited and len(silent) < len(publishers) else silent

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
        If there is no such bag, nothing of it can be published, or it ends before its end.

    """
    stop.wait_for_end()
    with ExitStack() as stack:
        reader = stack.enter_context(BagReader(*options.bags))
        for note in reader.notes:
            print(f'impnet_bag_play: {note}', file=sys.stderr)
        start_ns = _start(reader, options)
        if options.log:
            require_distinct({'--log': options.log}, options.bags)
        player, executor = stack.enter_context(
            node_session(ros_args, partial(Player, reader, options)))
        _await_hearers(player, executor, options.wait, options.wait_for, stop)
        log = stack.enter_context(options.log.open('w')) if options.log else None
        if player.paused:
            player.get_logger().info(f'paused; the service {player.get_fully_qualified_name()}'
                                     '/pause with data false lets it go on')
        while not stop.is_set:
            player.playing = True
            player.timeline.restart(start_ns)
            player.timeline.hold(player.paused)
            player.publish_clock()
            played = _play_once(player, reader, start_ns, executor, stop, options.quiet, log)
            if not played and not stop.is_set:
                raise ValueError(f'{reader.path}: expected messages to publish from '
                                 f'{options.start_offset} s on, found none; it holds '
                                 f'{_held(reader)}')
            if not options.loop:
                break
            interval_ns = max(_interval_ns(player, reader), int(_LEAST_ROUND_NS * options.rate))
            _await(player, reader.end_time + interval_ns, executor, stop)
        if not stop.is_set:
            for publisher in player.topics.values():
                publisher.wait_for_all_acked(Duration(seconds=2))
    return 0


def _start(reader: BagReader, options: argparse.Namespace) -> int:
    """Give the bag time to begin at; ValueError where there is nothing behind it."""
    if not reader.message_count:
        raise ValueError(f'{reader.path}: expected messages, the bag holds none')
    if options.start_offset * 1e9 >= reader.duration:
        raise ValueError(f'--start-offset: expected less than the {reader.duration / 1e9:.3f} s '
                         f'of the bag, got {options.start_offset}')
    return reader.start_time + int(options.start_offset * 1e9)


def _held(reader: BagReader) -> str:
    """Say what a bag holds."""
    topics = ', '.join(f'{each.msgcount} of {each.topic}' for each in reader.connections)
    return f'{topics or "no topics"} in {reader.duration / 1e9:.3f} s'


def _await_hearers(player: Player, executor: SteadyExecutor, wait_s: float, wanted: str,
                   stop: StopFlag) -> None:
    """Wait until somebody listens, but not for ever; to the wanted topic somebody must."""
    began_s = monotonic()
    until_s, tell_s = began_s + wait_s, began_s + _TELL_S
    while not (stop.is_set or monotonic() > until_s) and (silent := player.unheard()):
        if monotonic() > tell_s:
            tell_s = inf
            player.get_logger().info(f'waiting for subscribers of {", ".join(silent)}, '
                                     f'{wait_s:g} s at most')
        executor.serve(_SLICE_S)
    settled_s = monotonic() + _SETTLE_S
    while not stop.is_set and monotonic() < settled_s:
        executor.serve(_SLICE_S)
    silent = player.unheard()
    if not silent or stop.is_set:
        return
    if wanted:
        raise ValueError(f'--wait-for: expected a subscriber of {wanted} within {wait_s} s, got '
                         f'none')
    player.get_logger().warning(f'playing, though nobody subscribes to {", ".join(silent)}')


def _play_once(player: Player, reader: BagReader, start_ns: int,
               executor: SteadyExecutor, stop: StopFlag, quiet: bool,
               log: TextIO | None) -> int:
    """Publish every message once; gives how many."""
    count = sum(connection.msgcount for connection in player.connections)
    messages = reader.messages(player.connections, start=start_ns)
    played = 0
    for connection, bag_ns, data in tqdm(messages, total=count, unit='message', disable=quiet):
        if (left_s := player.timeline.seconds_until(bag_ns)) > _LONG_S and not player.paused:
            player.get_logger().info(f'the next message comes in {left_s:.0f} s')
        _await(player, bag_ns, executor, stop)
        if stop.is_set:
            break
        if len(data) < _HEAD_BYTES:
            player.get_logger().warning(f'{connection.topic}: a message of {len(data)} bytes is '
                                        f'left out')
            continue
        if log:
            log.write(f'{connection.topic} {bag_ns} {time_ns()}\n')
        player.topics[connection.topic].publish(bytes(data))
        played += 1
    return played


def _await(player: Player, bag_ns: int, executor: SteadyExecutor,
           stop: StopFlag) -> None:
    """Serve /clock and the pause until a bag time is reached."""
    while (left_s := player.timeline.seconds_until(bag_ns)) > _LEAST_WAIT_S and not stop.is_set:
        executor.serve(min(left_s, _SLICE_S))


def _interval_ns(player: Player, reader: BagReader) -> int:
    """
    Tell the time between messages of the busiest topic.

    It passes before a bag begins again: the first message would otherwise meet the last, and a
    subscriber that wants the newest only would lose one a round.
    """
    busiest = max(connection.msgcount for connection in player.connections)
    return max(_LEAST_ROUND_NS, reader.duration) // max(1, busiest - 1)
