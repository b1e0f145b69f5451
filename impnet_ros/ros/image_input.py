# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The subscription of one camera, which follows its publishers."""
from collections.abc import Callable
from typing import Any

from impnet_ros.ros.qos import choose_reliability, newest_image
from impnet_ros.ros.silence import COMPRESSED, IMAGE, why_silent
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

OnImage = Callable[[Image | CompressedImage, int | None], None]


class ImageInput:
    """
    Subscribe to the newest image of a topic, at the reliability of its publishers.

    Parameters
    ----------
    node : Node
    topic : str
        Base topic, relative; remapping applies to it, and 'compressed' is appended after that,
        as image_transport does.
    transport : str
        'raw' or 'compressed'.
    reliability : str
        'auto', 'reliable' or 'best_effort'.
    on_image : callable
        Called with each message and with the middleware's number of it, or None where the
        middleware gives none or several publishers number on their own.

    Attributes
    ----------
    topic : str
        Full name of the topic in use.
    publishers : int
        How many there were at the last look.
    lost_events : int
        Messages that the middleware itself reported as lost.

    """

    def __init__(self, node: Node, topic: str, transport: str, reliability: str,
                 on_image: OnImage) -> None:
        base = node.resolve_topic_name(topic)
        self.topic = f'{base}/compressed' if transport == 'compressed' else base
        self._type = CompressedImage if transport == 'compressed' else Image
        self._node, self._given = node, topic
        self._wanted = reliability
        self._on_image = on_image
        self._subscription: Subscription | None = None
        self._reliability: ReliabilityPolicy | None = None
        self.publishers = 0
        self.lost_events = 0
        # The graph is looked at outside of the event's own callback, which runs while the
        # executor still holds the subscription that may have to go.
        self._look = node.create_guard_condition(self.look_again)

    @property
    def reliability(self) -> str:
        """Name what is asked now: 'reliable', 'best_effort' or 'none'."""
        return 'none' if self._reliability is None else self._reliability.name.lower()

    def start(self) -> None:
        """Subscribe."""
        self._subscribe(self._choice())

    def stop(self) -> None:
        """Stop: no image comes any more."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = self._reliability = None

    def destroy(self) -> None:
        """Stop for good."""
        self.stop()
        self._node.destroy_guard_condition(self._look)

    def look_again(self) -> None:
        """Follow the publishers that there are now; called on events and once a second."""
        if self._subscription is None:
            return
        choice = self._choice()
        if choice != self._reliability:
            self._node.get_logger().info(f'{self.topic}: asking for {choice.name.lower()} now, '
                                         'as its publishers offer')
            self.stop()
            self._subscribe(choice)

    def why_silent(self) -> str:
        """Say why no image comes, and what would help."""
        if self._reliability is None:
            return 'not subscribed'
        kind = COMPRESSED if self._type is CompressedImage else IMAGE
        return why_silent(self._node, self.topic, kind, self._reliability, self._given)

    def _choice(self) -> ReliabilityPolicy:
        infos = self._node.get_publishers_info_by_topic(self.topic)
        self.publishers = len(infos)
        return choose_reliability(self._wanted, (info.qos_profile.reliability for info in infos),
                                  self._reliability)

    def _subscribe(self, reliability: ReliabilityPolicy) -> None:
        self._reliability = reliability
        for callbacks in (self._event_callbacks(), SubscriptionEventCallbacks()):
            try:
                self._subscription = self._node.create_subscription(
                    self._type, self.topic, self._callback(), newest_image(reliability),
                    event_callbacks=callbacks)
                return
            except UnsupportedEventTypeError:
                continue

    def _event_callbacks(self) -> SubscriptionEventCallbacks:
        events: dict[str, Any] = {'message_lost': self._count_lost,
                                  'incompatible_qos': self._changed}
        try:
            return SubscriptionEventCallbacks(matched=self._changed, **events)
        except TypeError:  # Humble: publishers are followed by the look once a second
            return SubscriptionEventCallbacks(**events)

    def _callback(self) -> Callable[..., None]:
        if hasattr(Subscription, 'CallbackType'):
            return self._with_info
        return self._without_info  # Humble gives no message info

    def _with_info(self, message: Image | CompressedImage, info: dict[str, Any]) -> None:
        if self.publishers != 1:  # a publisher's first image may come before its event
            self.publishers = self._node.count_publishers(self.topic)
        number = info.get('publication_sequence_number') if self.publishers == 1 else None
        self._on_image(message, number)

    def _without_info(self, message: Image | CompressedImage) -> None:
        self._on_image(message, None)

    def _changed(self, _: Any) -> None:
        self._look.trigger()

    def _count_lost(self, event: Any) -> None:
        self.lost_events += event.total_count_change
