# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Transforms between frames: from tf2_ros where it is installed, else read from /tf here."""
from typing import Any, Protocol

from impnet_ros.depth.frames import FrameError, FrameTree, Rigid, rigid
from impnet_ros.ros.depth.topics import FollowedTopic
from rclpy.node import Node
from rclpy.time import Time

_TF_QUEUE = 100


class Transforms(Protocol):
    """Where frames are in others, at a time."""

    source: str
    """What gives them, for the diagnostics."""

    def lookup(self, target: str, source: str, time_s: float) -> Rigid:
        """Give the transform of points from `source` to `target`; raises FrameError."""

    def look(self) -> None:
        """Follow the publishers; called once a second."""

    def clear(self) -> None:
        """Forget what moves: time went back."""

    def close(self) -> None:
        """Subscribe no more."""


def listen(node: Node) -> Transforms:
    """
    Begin to listen to tf.

    Raises
    ------
    ValueError
        If neither tf2_ros nor tf2_msgs is installed.

    """
    try:
        import tf2_ros
    except ImportError:
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError as error:
            raise ValueError('target_frame: expected tf2_ros (ros-$ROS_DISTRO-tf2-ros-py) to be '
                             f'installed, got {error}') from error
        return OwnTransforms(node, TFMessage)
    return Tf2Transforms(node, tf2_ros)


class Tf2Transforms:
    """tf2_ros behind the same few words."""

    source = 'tf2_ros'

    def __init__(self, node: Node, tf2_ros: Any) -> None:
        """Listen in the node's own thread."""
        self._buffer = tf2_ros.Buffer()
        self._errors = tf2_ros.TransformException
        self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)

    def lookup(self, target: str, source: str, time_s: float) -> Rigid:
        """Ask tf2 at the time."""
        try:
            found = self._buffer.lookup_transform(target, source,
                                                  Time(nanoseconds=round(time_s * 1e9)))
        except self._errors as error:
            raise FrameError(str(error)) from error
        return _rigid(found.transform)

    def look(self) -> None:
        """Do nothing: tf2_ros has its own quality of service."""

    def clear(self) -> None:
        """Forget all."""
        self._buffer.clear()

    def close(self) -> None:
        """Subscribe no more."""
        self._listener.unregister()


class OwnTransforms:
    """A listener for machines without tf2_ros."""

    source = 'the /tf listener of impnet_ros (tf2_ros is not installed)'

    def __init__(self, node: Node, kind: type) -> None:
        """Subscribe to /tf and /tf_static."""
        self._node, self._tree = node, FrameTree()
        self._topics = [
            FollowedTopic(node, kind, '/tf', _TF_QUEUE, lambda message: self._add(message, False)),
            FollowedTopic(node, kind, '/tf_static', _TF_QUEUE,
                          lambda message: self._add(message, True), latched=True)]
        for topic in self._topics:
            topic.start()

    def lookup(self, target: str, source: str, time_s: float) -> Rigid:
        """Look in the tree."""
        return self._tree.lookup(target, source, time_s)

    def look(self) -> None:
        """Follow the publishers' quality of service."""
        for topic in self._topics:
            topic.look()

    def clear(self) -> None:
        """Forget what moves."""
        self._tree.clear()

    def close(self) -> None:
        """Subscribe no more."""
        for topic in self._topics:
            topic.stop()

    def _add(self, message: Any, fixed: bool) -> None:
        for each in message.transforms:
            stamp = each.header.stamp
            try:
                self._tree.add(each.header.frame_id, each.child_frame_id,
                               stamp.sec + stamp.nanosec * 1e-9, _rigid(each.transform), fixed)
            except FrameError as error:
                self._node.get_logger().warning(
                    f'transform of {each.child_frame_id!r} is left out: {error}',
                    throttle_duration_sec=5.0)


def _rigid(transform: Any) -> Rigid:
    r, t = transform.rotation, transform.translation
    return rigid((r.x, r.y, r.z, r.w), (t.x, t.y, t.z))
