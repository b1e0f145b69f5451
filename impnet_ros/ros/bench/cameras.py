# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that publish at an exact rate, and what came back for each image."""
from collections.abc import Sequence
from dataclasses import dataclass, field
import struct
import threading
from time import perf_counter, sleep, time_ns
from typing import Any

from impnet_ros.images import RgbImage
from impnet_ros.msg import FrameStatus
from impnet_ros.ros import images, qos
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

_STAMP_AT = 4
"""Byte of a serialised Image at which its stamp begins, after CDR's own header."""


@dataclass
class Answer:
    """What the node said about one image; times in seconds on `time.perf_counter`."""

    published_s: float
    answered_s: float | None = None
    status: FrameStatus | None = None


@dataclass
class Round:
    """All images published in a stretch of time, by camera and stamp."""

    answers: dict[tuple[int, int], Answer] = field(default_factory=dict)


class Cameras:
    """
    Cameras of one rate, evenly shifted in time, and the subscribers of their results.

    The images are serialised once, beforehand: a camera costs little more than its transport.

    Parameters
    ----------
    node : Node
        Publishes and subscribes; somebody else spins it.
    names : sequence of str
        Prefixes of the topics.
    pictures : sequence of numpy.ndarray
        uint8 (H, W, 3), RGB, all of one size; played forward and backward.
    rate_hz : float
        Images a second of each camera.

    """

    def __init__(self, node: Node, names: Sequence[str], pictures: Sequence[RgbImage],
                 rate_hz: float) -> None:
        self.round = Round()
        self._period_s = 1.0 / rate_hz
        there = [bytearray(serialize_message(images.to_image(picture, Header(frame_id='bench'))))
                 for picture in pictures]
        self._images = [*there, *there[-2:0:-1]]
        reliable = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
        self._publishers = [node.create_publisher(Image, f'{name}/image', reliable)
                            for name in names]
        for camera, name in enumerate(names):
            node.create_subscription(Detection2DArray, f'{name}/detections',
                                     self._receiver(camera, self._on_detections), qos.RESULTS)
            node.create_subscription(FrameStatus, f'{name}/status',
                                     self._receiver(camera, self._on_status), qos.RESULTS)
        self._number = 0

    def heard(self) -> bool:
        """Whether every camera has a subscriber."""
        return all(publisher.get_subscription_count() for publisher in self._publishers)

    def publish(self, seconds: float, stop: threading.Event | None = None) -> Round:
        """
        Publish for so long, and begin a new round with it.

        Returns
        -------
        Round
            Its answers still come in.

        """
        self.round = Round()
        count = len(self._publishers)
        begin_s = perf_counter()
        for turn in range(round(seconds / self._period_s) * count):
            if stop is not None and stop.is_set():
                break
            due_s = begin_s + turn * self._period_s / count
            sleep(max(0.0, due_s - perf_counter()))
            self._publish_next(turn % count)
        return self.round

    def _publish_next(self, camera: int) -> None:
        image = self._images[self._number // len(self._publishers) % len(self._images)]
        self._number += 1
        now_ns = time_ns()
        struct.pack_into('<iI', image, _STAMP_AT, *divmod(now_ns, 1_000_000_000))
        self.round.answers[camera, now_ns] = Answer(perf_counter())
        self._publishers[camera].publish(bytes(image))

    def _receiver(self, camera: int, function: Any) -> Any:
        def receive(message: Any) -> None:
            stamp = message.header.stamp
            answer = self.round.answers.get(
                (camera, stamp.sec * 1_000_000_000 + stamp.nanosec))
            if answer is not None:
                function(answer, message)
        return receive

    @staticmethod
    def _on_detections(answer: Answer, message: Detection2DArray) -> None:
        answer.answered_s = perf_counter()

    @staticmethod
    def _on_status(answer: Answer, message: FrameStatus) -> None:
        answer.status = message
