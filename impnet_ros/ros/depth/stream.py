# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections meet their depth image, wait for what is late, and become things in space."""
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

from impnet_ros.depth.frames import FrameError, Rigid
from impnet_ros.depth.matching import Match, Matcher
from impnet_ros.depth.motion import Movers
from impnet_ros.depth.placing import Placed
from impnet_ros.ros.depth.lifting import lift, Refused
from impnet_ros.ros.depth.messages import Thing
from impnet_ros.ros.depth.settings import DepthSettings
from impnet_ros.ros.depth.stamps import StampLine
from impnet_ros.ros.depth.transforms import Transforms
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray


@dataclass(frozen=True)
class Timed:
    """A message and the time of its content, s."""

    message: Any
    time_s: float
    arrived_s: float


@dataclass(frozen=True)
class Answer:
    """
    What is published for one Detection2DArray.

    Attributes
    ----------
    header : Header
        Its stamp, and the frame of the results.
    things : list of Thing
    turn : Rigid
        From the depth camera's frame to that of the results.
    time_s : float
    without_place : int
        Detections that are left out because they have no depth.
    reason : str
        Why the depth image holds next to nothing; '' where it does not.
    work_ms : float
        What placing took.

    """

    header: Header
    things: list[Thing]
    turn: Rigid
    time_s: float
    without_place: int
    reason: str
    work_ms: float = 0.0


class DepthStream:
    """
    One detector and one depth camera.

    Parameters
    ----------
    settings : DepthSettings
    now_s : callable
        The node's time, s.
    answered : callable
        Called with each Answer.
    refused : callable
        Called with a kind and a sentence where there is none.

    """

    def __init__(self, settings: DepthSettings, now_s: Callable[[], float],
                 answered: Callable[[Answer], None],
                 refused: Callable[[str, str], None]) -> None:
        self._now_s, self._answered, self._refused = now_s, answered, refused
        self.matcher = Matcher()
        self._movers = Movers()
        self.transforms: Transforms | None = None
        self.info: CameraInfo | None = None
        self.image_info: CameraInfo | None = None
        self.stamps = {'detections': StampLine(), 'depth/image': StampLine()}
        self._ready: deque[tuple[Match, float]] = deque()
        self._frame: tuple[str, Rigid] | None = None
        self.use(settings)

    def use(self, settings: DepthSettings) -> None:
        """Take over other settings."""
        if getattr(self, '_settings', settings).target_frame != settings.target_frame:
            self._movers.reset()
        self._settings = settings
        self.matcher.wanted_slop_s = settings.slop
        self.matcher.wait_s = settings.wait
        self.matcher.history_s = settings.history
        self._movers.keep_s = settings.keep
        self._movers.acceleration = settings.acceleration

    def reset(self) -> None:
        """Forget all that was seen, but not the intrinsics: time went back."""
        self.matcher.reset()
        self._movers.reset()
        self._ready.clear()
        if self.transforms is not None:
            self.transforms.clear()

    def add_depth(self, message: Image) -> None:
        """Keep a depth image."""
        if message.width * message.height > self._settings.max_image_pixels:
            self._refused('depth image', f'expected at most {self._settings.max_image_pixels} '
                          f'pixels (max_image_pixels), got {message.width} x {message.height}')
            return
        timed = self._timed('depth/image', message)
        self.matcher.add_depth(timed.time_s, timed, timed.arrived_s)
        self.work()

    def add_detections(self, message: Detection2DArray) -> None:
        """Take what is to be placed."""
        timed = self._timed('detections', message)
        self.matcher.add_detections(timed.time_s, timed, timed.arrived_s)
        self.work()

    def work(self) -> None:
        """Answer all that can be answered by now; call it again while something waits."""
        now_s = monotonic()
        for match in self.matcher.take(now_s):
            self._ready.append((match, match.detections.arrived_s + self._settings.wait))
        while self._ready:
            match, until_s = self._ready.popleft()
            try:
                answered = self._try(match, last=now_s >= until_s)
            except Exception as error:  # noqa: B902 - one message must not stop those behind it
                self._refused('error', f'{type(error).__name__}: {error}')
                continue
            if not answered:
                self._ready.appendleft((match, until_s))
                break

    def _timed(self, topic: str, message: Any) -> Timed:
        stamp = message.header.stamp
        time_s = self.stamps[topic].time_of(stamp.sec, stamp.nanosec, self._now_s())
        return Timed(message, time_s, monotonic())

    def _try(self, match: Match, last: bool) -> bool:
        """Answer a match, or say why it cannot be; False where it may still come."""
        if match.depth is None:
            self._without_depth(match)
            return True
        if self.info is None:
            if last:
                self._refused('camera_info', 'no camera_info of the depth image has come')
            return last
        turn = Rigid()
        depth = match.depth.message
        frame = depth.header.frame_id
        target = self._settings.target_frame.lstrip('/')
        if target and target != frame.lstrip('/'):
            try:
                turn = self._transforms().lookup(target, frame, match.depth.time_s)
            except FrameError as error:
                if last:
                    self._refused('tf', f'no transform from {frame!r} to {target!r} at the stamp '
                                  f'after {self._settings.wait:g} s: {error}')
                return last
        detections = match.detections
        began_s = perf_counter()
        try:
            placed, reason = lift(detections.message, depth, self.info, self.image_info,
                                  self._settings)
        except Refused as error:
            self._refused('input', str(error))
            return True
        self._answer(detections, target or frame, placed, turn, reason, began_s)
        return True

    def _transforms(self) -> Transforms:
        if self.transforms is None:
            raise FrameError('nothing listens to tf')
        return self.transforms

    def _answer(self, detections: Timed, frame: str, placed: Placed, turn: Rigid,
                reason: str, began_s: float) -> None:
        message = detections.message
        in_time = self._movers.advance(detections.time_s)
        positions = turn.points(placed.position)
        rotation = turn.matrix
        covariances = rotation @ placed.covariance @ rotation.T
        things = []
        for index, detection in enumerate(message.detections):
            if not placed.found[index]:
                things.append(self._carried(detection))
                continue
            moving = None
            if detection.id and in_time:
                moving = self._movers.measure(detection.id, positions[index], covariances[index],
                                              placed.size[index])
            things.append(Thing(detection, positions[index], placed.size[index],
                                covariances[index], moving))
        self._publish(detections, frame, things, turn, reason,
                      (perf_counter() - began_s) * 1e3)

    def _without_depth(self, match: Match) -> None:
        """Tell it, and carry on the objects that are known."""
        detections: Timed = match.detections
        self._refused('match', match.reason)
        if self._frame is None or not self._movers.advance(detections.time_s):
            return
        things = [self._carried(detection) for detection in detections.message.detections]
        if any(thing is not None for thing in things):
            frame, turn = self._frame
            self._publish(detections, frame, things, turn, '')

    def _carried(self, detection: Any) -> Thing | None:
        moving = self._movers.get(detection.id)
        if moving is None:
            return None
        return Thing(detection, moving.position, moving.size, moving.covariance[:3, :3], moving,
                     carried=True)

    def _publish(self, detections: Timed, frame: str, things: list[Thing | None], turn: Rigid,
                 reason: str, work_ms: float = 0.0) -> None:
        self._frame = frame, turn
        header = Header(stamp=detections.message.header.stamp, frame_id=frame)
        found = [thing for thing in things if thing is not None]
        self._answered(Answer(header, found, turn, detections.time_s, len(things) - len(found),
                              reason, work_ms))
