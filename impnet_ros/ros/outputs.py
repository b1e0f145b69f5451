# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What one camera publishes for each image that was answered."""
from time import perf_counter
from typing import Any

from impnet_ros.drawing import caption, draw_detections
from impnet_ros.msg import FrameStatus
from impnet_ros.ros import detections as detection_messages
from impnet_ros.ros import foxglove, images, qos, status
from impnet_ros.ros.camera_stream import Answer
from impnet_ros.ros.detections_now import DetectionsNow
from impnet_ros.ros.settings import Settings
from impnet_ros.ros.statistics import Statistics
from impnet_ros.stream.types import Detections
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray

_SELDOM_S = 60.0


class Outputs:
    """
    Publish detections, status, annotated images and what else is listened to.

    Parameters
    ----------
    node : LifecycleNode
    prefix : str
        Of the topics: '' or '<camera>/'.
    camera : str
        Its name in the status.
    network
        Class names and device are read.
    settings : Settings

    Attributes
    ----------
    topic : str
        Full name of the detections' topic.
    topics : frozenset of str
        Full names of all of them.

    """

    def __init__(self, node: LifecycleNode, prefix: str, camera: str, network: Any,
                 settings: Settings) -> None:
        self._node = node
        self._camera = camera
        self._network = network
        publisher = node.create_lifecycle_publisher
        self._detections = publisher(Detection2DArray, f'{prefix}detections', qos.RESULTS)
        self.topic = self._detections.topic_name
        self._now = (DetectionsNow(node, f'{prefix}detections_now', network)
                     if settings.detections_now else None)
        self._status = publisher(FrameStatus, f'{prefix}status', qos.RESULTS)
        annotated = f'{prefix}annotated_image'
        self._picture = publisher(Image, annotated, qos.PICTURES)
        annotated = f'{node.resolve_topic_name(annotated)}/compressed'
        self._jpeg = publisher(CompressedImage, annotated, qos.PICTURES)
        self._foxglove = foxglove.messages()
        self._annotations = self._foxglove and publisher(
            self._foxglove.ImageAnnotations, f'{prefix}annotations', qos.RESULTS)
        self.topics = frozenset(each.topic_name for each in self._publishers)
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Take over other settings at once."""
        names = {name: label for label, name in enumerate(self._network.class_names)}
        self._wanted = frozenset(names[name] for name in settings.classes)
        self._settings = settings

    def destroy(self) -> None:
        """Remove the topics."""
        if self._now is not None:
            self._now.destroy()
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)

    @property
    def _publishers(self) -> list[Any]:
        return [each for each in (self._detections, self._status, self._picture, self._jpeg,
                                  self._annotations) if each is not None]

    @property
    def watched(self) -> bool:
        """Whether somebody wants to see the annotated image."""
        return (self._picture.get_subscription_count() > 0
                or self._jpeg.get_subscription_count() > 0)

    def publish(self, answer: Answer, statistics: Statistics) -> None:
        """Publish what there is to say of an image, detections first, and note its times."""
        seen = detection_messages.of_classes(answer.detections, self._wanted)
        header = answer.arrival.header
        self._detections.publish(detection_messages.to_message(
            seen, header, self._network.class_names, self._settings.class_id))
        now_ns = self._node.get_clock().now().nanoseconds
        stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
        latency = status.latency_ms(now_ns, stamp_ns)
        total_ms = (perf_counter() - answer.arrival.started_s) * 1e3
        work_ms = answer.arrival.decode_ms + sum(seen.stage_ms.values())
        statistics.answered(seen.is_key, seen.reset_reason,
                            {**seen.stage_ms, 'work': work_ms, 'total': total_ms}, latency)
        self._status.publish(status.to_message(
            answer, camera=self._camera, device=str(self._network.device),
            processed=statistics.processed, lost=statistics.lost,
            total_ms=total_ms, latency=latency))
        if self._now is not None and (spent_ms := self._now.publish(
                answer, seen, latency, self._settings.class_id)):
            statistics.spent('detections_now', spent_ms)
        if self._annotations is not None and self._annotations.get_subscription_count() > 0:
            self._annotations.publish(foxglove.to_annotations(
                seen, header, self._network.class_names, self._foxglove))
        if answer.arrival.picture is not None:
            self._publish_picture(answer, seen)

    def _publish_picture(self, answer: Answer, seen: Detections) -> None:
        """Draw on the very frame that was processed, for whoever watches."""
        drawn = draw_detections(answer.arrival.picture, seen, self._network.class_names,
                                caption(seen))
        header = answer.arrival.header
        if self._picture.get_subscription_count() > 0:
            self._picture.publish(images.to_image(drawn, header))
        if self._jpeg.get_subscription_count() > 0:
            try:
                self._jpeg.publish(images.to_jpeg(drawn, header, self._settings.jpeg_quality))
            except ValueError as error:
                self._node.get_logger().warning(f'{self._jpeg.topic_name}: {error}',
                                                throttle_duration_sec=_SELDOM_S)
