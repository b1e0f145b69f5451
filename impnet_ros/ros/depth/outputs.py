# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The topics on which things in space are published."""
from impnet_ros.msg import ObjectVelocities
from impnet_ros.ros import qos
from impnet_ros.ros.depth import messages
from impnet_ros.ros.depth.stream import Answer
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import MarkerArray


class Outputs:
    """`detections_3d`, `velocities`, and `markers` while somebody watches them."""

    def __init__(self, node: LifecycleNode) -> None:
        """Create the topics."""
        self._node = node
        publisher = node.create_lifecycle_publisher
        self._detections = publisher(Detection3DArray, 'detections_3d', qos.RESULTS)
        self._velocities = publisher(ObjectVelocities, 'velocities', qos.RESULTS)
        self._markers = publisher(MarkerArray, 'markers', qos.RESULTS)
        self.topic = self._detections.topic_name
        self._shown: set[int] = set()
        self._watched = 0

    def publish(self, answer: Answer) -> None:
        """Publish what was placed."""
        self._detections.publish(messages.detections_3d(answer.things, answer.header, answer.turn))
        self._velocities.publish(messages.velocities(answer.things, answer.header, answer.time_s))
        watched = self._markers.get_subscription_count()
        if watched > self._watched:  # a viewer may still show those of an earlier run
            self._markers.publish(messages.no_markers(answer.header))
        if watched:
            drawn, self._shown = messages.markers(answer.things, answer.header, answer.turn,
                                                  self._shown if self._watched else set())
            self._markers.publish(drawn)
        self._watched = watched

    def clear(self) -> None:
        """Remove the markers."""
        if self._watched:
            self._markers.publish(messages.no_markers(Header()))
        self._shown, self._watched = set(), 0

    def destroy(self) -> None:
        """Remove the topics."""
        for publisher in (self._detections, self._velocities, self._markers):
            self._node.destroy_lifecycle_publisher(publisher)
