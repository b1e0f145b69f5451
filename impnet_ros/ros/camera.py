# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the node: its topics, its video, its counters."""
from time import monotonic, perf_counter
from typing import Any

from impnet_ros.drawing import caption, draw_detections
from impnet_ros.images import ImageError
from impnet_ros.msg import FrameStatus
from impnet_ros.ros import detections as detection_messages
from impnet_ros.ros import foxglove, images, qos, status
from impnet_ros.ros.camera_stream import Answer, Arrival, CameraStream
from impnet_ros.ros.detections_now import DetectionsNow
from impnet_ros.ros.image_input import ImageInput
from impnet_ros.ros.lost_frames import LostFrames
from impnet_ros.ros.settings import Settings
from impnet_ros.ros.statistics import Statistics
from impnet_ros.stream.executors import Executor
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray

_QUIET_S = 5.0


class Camera:
    """
    Answer the images of one topic.

    Parameters
    ----------
    node : LifecycleNode
    name : str
        Prefix of the topics; empty for a single camera on plain `image`.
    network
        Shared by all cameras.
    settings : Settings
    share : float
        0..1, how far this camera's key frames are shifted within a segment.
    executor : Executor
        Of asynchronous key frames, shared by all cameras.

    """

    def __init__(self, node: LifecycleNode, name: str, network: Any, settings: Settings,
                 share: float, executor: Executor) -> None:
        self._node = node
        self._network = network
        self._settings = settings
        self.stream = CameraStream(network, settings, share, executor)
        self.statistics = Statistics()
        self._lost = LostFrames()
        prefix = f'{name}/' if name else ''
        self.input = ImageInput(node, f'{prefix}image', settings.image_transport,
                                settings.image_reliability, self._on_image)
        self.name = name or self.input.topic
        publisher = node.create_lifecycle_publisher
        self._detections = publisher(Detection2DArray, f'{prefix}detections', qos.RESULTS)
        self.output = self._detections.topic_name
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
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Take over other settings: the stream's with its next segment, the others at once."""
        self._settings = settings
        names = {name: label for label, name in enumerate(self._network.class_names)}
        self._wanted = frozenset(names[name] for name in settings.classes)
        self.stream.want(settings)

    def start(self) -> None:
        """Begin to take images."""
        self.statistics = Statistics()
        self.stream.resets.clear()
        self.input.start()

    def stop(self, reason: str) -> None:
        """Take no more images; answer those that wait, and forget."""
        self.input.stop()
        self.reset(reason)

    def destroy(self) -> None:
        """Remove the topics."""
        self.input.destroy()
        if self._now is not None:
            self._now.destroy()
        for publisher in (self._detections, self._status, self._picture, self._jpeg,
                          self._annotations):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def reset(self, reason: str) -> None:
        """Answer the waiting images and forget the video."""
        self._lost.restart()
        self._guarded(lambda: self.stream.reset(reason))

    def clock_went_back(self, now_s: float) -> None:
        """
        Forget what is of the future now.

        When a bag begins anew its first image often comes before its first /clock message; the
        image's own stamp has then begun the new video already.
        """
        if self.stream.last_stamp_s > now_s:
            self.reset('clock_jump')

    def look(self) -> None:
        """Once a second: follow the publishers, and answer images whose key frame stays away."""
        self.input.look_again()
        silent_s = monotonic() - self.statistics.last_image_s
        if self.stream.waiting and silent_s > self._settings.max_gap:
            self.reset('gap')

    def _on_image(self, message: Image | CompressedImage, number: int | None) -> None:
        started_s = perf_counter()
        try:
            picture = images.to_rgb(message, self._settings.max_image_pixels)
        except ImageError as error:
            self.statistics.refuse()
            self._lost.refuse()
            self._node.get_logger().error(f'{self.name}: image refused: {error}',
                                          throttle_duration_sec=_QUIET_S)
            return
        header, encoding = message.header, images.encoding_of(message)
        stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
        lost, unprocessed = self._lost.update(stamp_ns, number, self._settings.max_gap)
        self.statistics.arrived(picture.shape[:2], encoding, header.frame_id, lost)
        watched = (self._picture.get_subscription_count() > 0
                   or self._jpeg.get_subscription_count() > 0)
        arrival = Arrival(header, encoding, (perf_counter() - started_s) * 1e3, started_s,
                          unprocessed, picture if watched else None)
        self._guarded(lambda: self.stream.step(picture, arrival))

    def _guarded(self, work: Any) -> None:
        """Publish what `work` answers; an error in the network costs a reset, not the node."""
        try:
            for answer in work():
                self._publish(answer)
        except Exception as error:  # noqa: B902 - whatever a network raises
            self.statistics.fail()
            self.stream.drop('error')
            self._node.get_logger().error(f'{self.name}: {type(error).__name__}: {error}',
                                          throttle_duration_sec=_QUIET_S)

    def _publish(self, answer: Answer) -> None:
        seen = detection_messages.of_classes(answer.detections, self._wanted)
        header = answer.arrival.header
        self._detections.publish(detection_messages.to_message(
            seen, header, self._network.class_names, self._settings.class_id))
        now_ns = self._node.get_clock().now().nanoseconds
        stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
        latency = status.latency_ms(now_ns, stamp_ns)
        total_ms = (perf_counter() - answer.arrival.started_s) * 1e3
        self.statistics.answered(seen.is_key, {**seen.stage_ms, 'total': total_ms}, latency)
        self._status.publish(status.to_message(
            answer, camera=self.name, device=str(self._network.device),
            processed=self.statistics.processed, lost=self.statistics.lost,
            total_ms=total_ms, latency=latency))
        if self._now is not None and (spent_ms := self._now.publish(
                answer, seen, latency, self._settings.class_id)):
            self.statistics.spent('detections_now', spent_ms)
        if self._annotations is not None and self._annotations.get_subscription_count() > 0:
            self._annotations.publish(foxglove.to_annotations(
                seen, header, self._network.class_names, self._foxglove))
        if answer.arrival.picture is not None:
            self._publish_picture(answer, seen)

    def _publish_picture(self, answer: Answer, seen: Any) -> None:
        """Draw on the very frame that was processed, for whoever watches."""
        drawn = draw_detections(answer.arrival.picture, seen, self._network.class_names,
                                caption(seen))
        header = answer.arrival.header
        if self._picture.get_subscription_count() > 0:
            self._picture.publish(images.to_image(drawn, header))
        if self._jpeg.get_subscription_count() > 0:
            self._jpeg.publish(images.to_jpeg(drawn, header, self._settings.jpeg_quality))
