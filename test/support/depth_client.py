# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The depth node as its own process, and what a detector and a depth camera send to it."""
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import subprocess
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TransformStamped
from impnet_ros.ros import qos
import numpy as np
from ros_harness import await_text, Client, image_message, process
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import (Detection2D, Detection2DArray, Detection3DArray,
                             ObjectHypothesisWithPose)

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 33_000_000
FOCAL = 100.0
WIDTH, HEIGHT = 160, 120
BOX = (60, 40, 100, 80)
NEAR, FAR = 2.0, 5.0
FRAME = 'camera_optical'


@contextmanager
def depth_node(log: Path, **parameters: Any) -> 'Iterator[subprocess.Popen[str]]':
    """Run impnet_depth_node until the block ends; it begins when the node is active."""
    given = [part for name, value in parameters.items() for part in ('-p', f'{name}:={value}')]
    with process('depth.node', '--ros-args', *given, log=log) as running:
        await_text(log, ' -> ', running)
        yield running


def scene(near: float = NEAR, far: float = FAR) -> Any:
    """Depth (H, W), m: a square `near` in `BOX` before a wall at `far`."""
    depth = np.full((HEIGHT, WIDTH), far)
    left, top, right, bottom = BOX
    depth[top:bottom, left:right] = near
    return depth


def depth_message(depth: Any, stamp_ns: int, encoding: str = '16UC1', frame_id: str = FRAME
                  ) -> Image:
    """Encode metres."""
    pixels = (depth * 1000).astype(np.uint16) if encoding == '16UC1' else depth.astype(np.float32)
    return image_message(pixels, stamp_ns, encoding=encoding, frame_id=frame_id)


def camera_info(focal: float = FOCAL, size: tuple[int, int] = (WIDTH, HEIGHT),
                distortion: tuple[float, ...] = ()) -> CameraInfo:
    """Describe a camera that looks straight ahead."""
    cx, cy = size[0] / 2 - 0.5, size[1] / 2 - 0.5
    info = CameraInfo(width=size[0], height=size[1], distortion_model='plumb_bob')
    info.header.frame_id = FRAME
    info.d = list(distortion)
    info.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
    info.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return info


def detections_message(stamp_ns: int, boxes: Any = (BOX,), ids: Any = ('7',),
                       frame_id: str = FRAME) -> Detection2DArray:
    """Say what a detector saw."""
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    message = Detection2DArray(header=header)
    for (x1, y1, x2, y2), name in zip(boxes, ids, strict=True):
        detection = Detection2D(header=header, id=name)
        detection.bbox.center.position.x = (x1 + x2) / 2
        detection.bbox.center.position.y = (y1 + y2) / 2
        detection.bbox.size_x, detection.bbox.size_y = float(x2 - x1), float(y2 - y1)
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id, result.hypothesis.score = 'person', 0.75
        detection.results.append(result)
        message.detections.append(detection)
    return message


def transform(stamp_ns: int, x: float, parent: str = 'map', child: str = FRAME) -> TFMessage:
    """Say that the camera is at (x, 0, 1) and looks along x of a frame whose z is up."""
    told = TransformStamped(child_frame_id=child)
    told.header.frame_id = parent
    told.header.stamp.sec, told.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    told.transform.translation.x, told.transform.translation.z = x, 1.0
    rotation = told.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = -0.5, 0.5, -0.5, 0.5
    return TFMessage(transforms=[told])


class DepthClient(Client):
    """Send frames to the depth node, and keep what comes back."""

    def __init__(self, node_runs: bool = True) -> None:
        """Listen to the results of a node that runs, or `listen` later."""
        super().__init__('impnet_depth_node')
        self.results: list[Detection3DArray] = []
        self._reports = 0
        if node_runs:
            self.results = self.listen('detections_3d', Detection3DArray)

    def ready(self, info: CameraInfo | None = None) -> 'DepthClient':
        """Make the publishers, and send camera_info once they are heard."""
        if '/diagnostics' not in self.received:
            self.listen('/diagnostics', DiagnosticArray)
        self._reports = len(self.received['/diagnostics'])
        for topic, kind in (('detections', Detection2DArray), ('depth/image', Image)):
            sender = self.publisher(topic, kind)
            self.until(lambda sender=sender: sender.get_subscription_count() > 0)
        if info is not None:
            sender = self.publisher('depth/camera_info', CameraInfo)
            self.until(lambda: sender.get_subscription_count() > 0)
            sender.publish(info)
            self.spin(0.2)
        return self

    def frame(self, index: int, depth: Any = None, *, encoding: str = '16UC1',
              **detections: Any) -> None:
        """Send the depth image and the detections of one instant."""
        stamp_ns = START_NS + index * PERIOD_NS
        self.publisher('depth/image', Image).publish(
            depth_message(scene() if depth is None else depth, stamp_ns, encoding))
        self.publisher('detections', Detection2DArray).publish(
            detections_message(stamp_ns, **detections))

    def answer(self, count: int) -> Any:
        """Wait for the n-th result, and give it."""
        self.until(lambda: len(self.results) >= count, 20)
        return self.results[count - 1]

    def why(self, text: str) -> None:
        """Wait until the diagnostics have said something since `ready`."""
        reports = self.received['/diagnostics']

        def told() -> list[str]:
            return [status.message for report in reports[self._reports:]
                    for status in report.status if status.name.endswith(': depth')]
        deadline = monotonic() + 15
        while not any(text in message for message in told()):
            assert monotonic() < deadline, f'no {text!r} in {told()}'
            self.executor.spin_once(0.05)


LATCHED = qos.LATCHED
