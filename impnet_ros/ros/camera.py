# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the node: its topics, its video, its counters."""
from concurrent.futures import Future
from functools import partial
import os
from time import monotonic, perf_counter
from typing import Any

from impnet_ros.ros import images
from impnet_ros.ros.camera_stream import Arrival, CameraStream
from impnet_ros.ros.image_input import ImageInput
from impnet_ros.ros.lost_frames import LostFrames
from impnet_ros.ros.outputs import Outputs
from impnet_ros.ros.settings import Settings
from impnet_ros.ros.statistics import Statistics
from impnet_ros.ros.telling import Teller
from impnet_ros.ros.worker import Lane
from impnet_ros.stamps import Stamps
from impnet_ros.stream.executors import Executor
from impnet_ros.stream.late_images import LateImages
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

_QUIET_S = 5.0
_SELDOM_S = 30.0
_PATIENCE_S, _MOST_AT_FIRST, _MOST = 1.0, 8, 2
"""How long, and how many, images wait where a video begins; how many while the node keeps up, so
that one slow key frame costs none; and one else, the newest."""
STAMP_PROBLEMS = {
    'still': 'stamps of the images stand still; the time of arrival takes their place',
    'absurd': 'stamps of the images are absurd; the time of arrival takes their place',
    'late': 'images come late, behind newer ones',
}
"""What is said of `FrameStatus.stamp_problem`."""


def _cores(settings: Settings) -> float:
    """Give a camera's share of the processor."""
    return len(os.sched_getaffinity(0)) / max(1, len(settings.cameras))


class Camera:
    """
    Answer the images of one topic.

    Its methods are called in the thread that serves the node. Whatever touches the video is done
    in the worker's thread, in the order in which it came: images, resets, a clock that went back.

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
    lane : Lane
        Of the worker that computes.

    Attributes
    ----------
    warn : Teller
        Of what the diagnostics tell the log.

    """

    def __init__(self, node: LifecycleNode, name: str, network: Any, settings: Settings,
                 share: float, executor: Executor, lane: Lane) -> None:
        self._node = node
        self._network = network
        self._settings = settings
        self.stream = CameraStream(network, settings, share, executor, _cores(settings))
        self.statistics = Statistics()
        logger = node.get_logger()
        # rclpy wants a line of its own for each severity.
        self.warn = Teller(lambda text: logger.warning(text), _SELDOM_S)
        self._refused = Teller(lambda text: logger.error(text))
        self._lane = lane
        self._lost = LostFrames()
        self._stamps = Stamps()
        self._late = LateImages()
        self._received = self._last_good = 0
        self._patient_until_s = 0.0
        prefix = f'{name}/' if name else ''
        self.input = ImageInput(node, f'{prefix}image', settings.image_transport,
                                settings.image_reliability, self._on_image)
        self.name = name or self.input.topic
        self._outputs = Outputs(node, prefix, self.name, network, settings)
        self.output, self.topics = self._outputs.topic, self._outputs.topics
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Take over other settings: the stream's with its next segment, the others at once."""
        self._settings = settings
        self._outputs.use(settings)
        self.stream.want(settings)

    def start(self) -> None:
        """Begin to take images."""
        self._lane.then(partial(self._begin, self._received))
        self.input.start()

    def stop(self, reason: str) -> 'Future[None]':
        """Take no more images; done when those that wait are answered, and all is forgotten."""
        self.input.stop()
        return self.reset(reason)

    def destroy(self) -> None:
        """Remove the topics."""
        self.input.destroy()
        self._outputs.destroy()

    def reset(self, reason: str) -> 'Future[None]':
        """Answer the images that came before and forget the video."""
        return self._lane.then(partial(self._forget, reason))

    def clock_went_back(self, now_s: float) -> None:
        """
        Forget what is of the future now.

        When a bag begins anew its first image often comes before its first /clock message; the
        image's own stamp has then begun the new video already.
        """
        self._lane.then(partial(self._forget_future, now_s))

    def look(self) -> None:
        """Once a second: follow the publishers, and answer images whose key frame stays away."""
        self.input.look_again()
        silent_s = monotonic() - self.statistics.last_image_s
        if self.stream.waiting and silent_s > self._settings.max_gap:
            self.reset('gap')

    def _on_image(self, message: Image | CompressedImage, number: int | None) -> None:
        self.statistics.last_message_s = monotonic()
        self._received += 1
        now_s = perf_counter()
        most = (_MOST_AT_FIRST if now_s < self._patient_until_s else
                _MOST if self.stream.pace.keeps_up else 1)
        self._lane.newest(partial(self._answer, message, number, self._received, now_s), most)

    def _begin(self, received: int) -> None:
        self.statistics = Statistics()
        self.stream.resets.clear()
        self._last_good = received

    def _forget(self, reason: str) -> None:
        self._lost.restart()
        self._late.restart()
        self._guarded(lambda: self.stream.reset(reason))

    def _forget_future(self, now_s: float) -> None:
        if self.stream.last_stamp_s > now_s:
            self._forget('clock_jump')

    def _answer(self, message: Image | CompressedImage, number: int | None, count: int,
                received_s: float) -> None:
        """Decode an image, say what became of those before it, and publish what it finishes."""
        started_s = perf_counter()
        settings = self._settings
        try:
            picture = images.to_rgb(message, settings.max_image_pixels)
        except Exception as error:  # noqa: B902 - an ImageError, or whatever a library raises
            self.statistics.refuse(str(error))
            self._lost.refuse()
            self._refused.tell(f'{self.name}: image refused: {error}')
            return
        # Of those that came since, newer ones took the place, or they were refused.
        replaced, self._last_good = count - self._last_good - 1, count
        header, encoding = message.header, images.encoding_of(message)
        time_s, problem = self._stamps.time_of(header.stamp.sec, header.stamp.nanosec, received_s,
                                               settings.max_gap)
        if self._late.is_late(time_s):
            problem, unprocessed, unpublished = 'late', 0, 0
            lost = self._lost.late(number, replaced)
        else:
            # The time of arrival shows how long the way took, and tells nothing of lost images.
            stamp_ns = None if problem else round(time_s * 1e9)
            lost, unprocessed = self._lost.update(stamp_ns, number, settings.max_gap, replaced)
            unpublished = max(0, lost - unprocessed)
        self.statistics.arrived(picture.shape[:2], encoding, header.frame_id, lost,
                                unpublished, problem)
        self._warn_of_stamps(problem)
        arrival = Arrival(header, encoding, (perf_counter() - started_s) * 1e3, received_s,
                          unprocessed, picture if self._outputs.watched else None, time_s, problem)
        if not self.stream.has_key:
            # Nothing serves other images yet: they wait for this video's first key frame.
            self._patient_until_s = perf_counter() + _PATIENCE_S
        bad = self.stream.resets['not_finite']
        self._guarded(lambda: self.stream.step(picture, arrival))
        if self.stream.resets['not_finite'] > bad:
            self._fail('it gave NaN or infinity, memory begins anew')

    def _warn_of_stamps(self, problem: str) -> None:
        if problem in ('still', 'absurd'):
            self._node.get_logger().warning(
                f'{self.name}: {STAMP_PROBLEMS[problem]}', throttle_duration_sec=_SELDOM_S)

    def _guarded(self, work: Any) -> None:
        """Publish what `work` answers; an error in the network costs a reset, not the node."""
        try:
            for answer in work():
                self._outputs.publish(answer, self.statistics)
        except Exception as error:  # noqa: B902 - whatever a network raises
            self.stream.drop('error')
            self._fail(f'{type(error).__name__}: {error}')

    def _fail(self, text: str) -> None:
        self.statistics.fail(text)
        self._late.restart()
        self._node.get_logger().error(f'{self.name}: the network failed: {text}',
                                      throttle_duration_sec=_QUIET_S)
