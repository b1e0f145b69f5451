# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A subscription that follows its publishers' quality of service, and can explain its silence."""
from collections.abc import Callable
from time import monotonic
from typing import Any

from impnet_ros.ros.qos import choose_reliability
from impnet_ros.ros.silence import is_drawn
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

SILENT_S = 2.0


class FollowedTopic:
    """
    Subscribe as the publishers offer, looking again when `look` is called.

    Parameters
    ----------
    node : Node
    kind : type
        Of the messages.
    topic : str
        Relative name; remapping applies.
    depth : int
        How many messages may wait.
    on_message : callable
    latched : bool
        Ask for messages of before, whatever is offered, as for /tf_static.

    Attributes
    ----------
    name : str
        Full name of the topic.
    count : int
        Messages since the start.

    """

    def __init__(self, node: Node, kind: type, topic: str, depth: int,
                 on_message: Callable[[Any], None], latched: bool = False) -> None:
        self._node, self._kind, self._depth = node, kind, depth
        self._on_message, self._latched = on_message, latched
        self.name = node.resolve_topic_name(topic)
        module = kind.__module__.split('.')
        self.type_name = f'{module[0]}/msg/{kind.__name__}'
        self.count = 0
        self._last_s = monotonic()
        self._subscription: Subscription | None = None
        self._asked: tuple[ReliabilityPolicy, DurabilityPolicy] | None = None

    def start(self) -> None:
        """Subscribe."""
        self.count, self._last_s = 0, monotonic()
        self.look()

    def stop(self) -> None:
        """Subscribe no more."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = self._asked = None

    def look(self) -> None:
        """Follow the publishers that there are now."""
        infos = [info for info in self._node.get_publishers_info_by_topic(self.name)
                 if info.topic_type == self.type_name]
        reliability = choose_reliability(
            'auto', (info.qos_profile.reliability for info in infos),
            self._asked[0] if self._asked else None)
        latched = self._latched or bool(infos) and all(
            info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for info in infos)
        asked = (reliability, DurabilityPolicy.TRANSIENT_LOCAL if latched
                 else DurabilityPolicy.VOLATILE)
        if asked != self._asked:
            self.stop()
            self._asked = asked
            self._subscription = self._node.create_subscription(
                self._kind, self.name, self._take,
                QoSProfile(depth=self._depth, reliability=asked[0], durability=asked[1]))

    def silent_s(self) -> float:
        """Tell for how long nothing has come."""
        return monotonic() - self._last_s

    def why_silent(self) -> str:
        """Say in one clause why nothing comes, as far as the graph of topics shows it."""
        infos = self._node.get_publishers_info_by_topic(self.name)
        if not infos:
            return f'nobody publishes {self.name}{self._others()}'
        fitting = [info for info in infos if info.topic_type == self.type_name]
        if not fitting:
            return (f'{self.name} is published as {infos[0].topic_type}, expected '
                    f'{self.type_name}')
        names = ', '.join(sorted({f'{info.node_namespace.rstrip("/")}/{info.node_name}'
                                  for info in fitting})[:3])
        what = 'no message' if not self.count else f'no message for {self.silent_s():.0f} s'
        return f'{what} on {self.name} from {names}'

    def _others(self) -> str:
        own = self._node.get_fully_qualified_name()
        found = []
        for name, kinds in self._node.get_topic_names_and_types():
            if self.type_name in kinds and not is_drawn(name) and any(
                    f'{info.node_namespace.rstrip("/")}/{info.node_name}' != own
                    for info in self._node.get_publishers_info_by_topic(name)):
                found.append(name)
        return f'; there are {", ".join(found[:4])} (remap)' if found else ''

    def _take(self, message: Any) -> None:
        self.count += 1
        self._last_s = monotonic()
        self._on_message(message)
