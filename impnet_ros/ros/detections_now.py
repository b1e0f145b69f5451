# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the objects are at the instant of publication, on a topic of its own."""
from time import perf_counter

from impnet_ros.model.contract import Network
from impnet_ros.ros import detections as detection_messages
from impnet_ros.ros import qos
from impnet_ros.ros.camera_stream import Answer
from impnet_ros.stream.compensation import moved_on, velocities
from impnet_ros.stream.types import Detections
from rclpy.lifecycle import LifecycleNode
from rclpy.time import Time
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

OLDEST_S = 1.0
"""Age of an image above which a steady velocity is no guess at all any more."""
_QUIET_S = 30.0


class DetectionsNow:
    """
    Publish detections moved by their velocity to the present, for whoever subscribes.

    Left out are images without another one before them (the first of a video), all but the newest
    where several are answered at once, and images whose age is not known or above `OLDEST_S`.

    Parameters
    ----------
    node : LifecycleNode
        Its clock says what the present is.
    topic : str
    network : Network
        Its flow tells the velocities; its class names are published.

    """

    def __init__(self, node: LifecycleNode, topic: str, network: Network) -> None:
        self._node = node
        self._network = network
        self._publisher = node.create_lifecycle_publisher(Detection2DArray, topic, qos.RESULTS)

    def destroy(self) -> None:
        """Remove the topic."""
        self._node.destroy_lifecycle_publisher(self._publisher)

    def publish(self, answer: Answer, seen: Detections, latency_ms: float,
                class_id: str) -> float:
        """
        Publish, where somebody listens and the motion and the age are known.

        Parameters
        ----------
        answer : Answer
            Of an image.
        seen : Detections
            Those of its detections that are published.
        latency_ms : float
            The image's age when `seen` was published; NaN where it is not known.
        class_id : str
            As in `impnet_ros.ros.detections.to_message`.

        Returns
        -------
        float
            Milliseconds spent; 0 where nothing was published.

        """
        if answer.motion is None or not self._publisher.get_subscription_count():
            return 0.0
        if not latency_ms <= OLDEST_S * 1e3:
            self._node.get_logger().warning(
                f'{self._publisher.topic_name}: nothing for images that are over {OLDEST_S:g} s '
                "old, or whose stamp is not of this node's clock (bags: use_sim_time and /clock)",
                throttle_duration_sec=_QUIET_S)
            return 0.0
        started_s = perf_counter()
        speeds = velocities(self._network, seen.boxes, answer.motion)
        image = answer.arrival.header
        seen_ns = Time.from_msg(image.stamp).nanoseconds
        # A clock that is a little behind the stamps, as /clock often is, moves nothing back.
        now_ns = max(self._node.get_clock().now().nanoseconds, seen_ns)
        later = moved_on(seen, speeds, (now_ns - seen_ns) / 1e9, answer.motion.image_size)
        header = Header(stamp=Time(nanoseconds=now_ns).to_msg(), frame_id=image.frame_id)
        self._publisher.publish(detection_messages.to_message(
            later, header, self._network.class_names, class_id))
        return (perf_counter() - started_s) * 1e3
