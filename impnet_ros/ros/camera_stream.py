# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The video of one camera: its memory, its waiting frames, its settings. No rclpy here."""
from collections import Counter, deque
from dataclasses import dataclass, replace
import math
from time import monotonic, perf_counter
from typing import Any

from impnet_ros.config import KEY_MODES, KeyMode
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.ros.key_pace import KeyPace, Timed
from impnet_ros.ros.settings import Settings
from impnet_ros.stream.compensation import last_step, Step
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.executors import Executor
from impnet_ros.stream.late_images import read_late
from impnet_ros.stream.pacing import at_boundary, end_segment, skip, stagger
from impnet_ros.stream.real_time import looks, real_time
from impnet_ros.stream.schedule import length_of, why_new_video
from impnet_ros.stream.types import Detections, Frame
import torch

_PERIODS_BESIDE_GLANCES = 2
"""Image periods that a key frame may last where glances use all cores: beside it they would come
later than behind it, and two images may wait (docs/performance.md)."""

_PLAN_EVERY_S = 3.0


@dataclass(frozen=True)
class Arrival:
    """
    A decoded image and what its answer needs.

    Attributes
    ----------
    header : Header
        Of the image message; given back untouched.
    encoding : str
        Of the pixels; see `Frame`.
    decode_ms : float
        Time from message to pixels.
    started_s : float
        When the callback began, on `time.perf_counter`.
    unprocessed : int
        Published frames that were lost since the last one.
    picture : numpy.ndarray, optional
        The pixels, kept where somebody wants to see the annotated image.
    time_s : float, optional
        When it was taken, where the header's stamp cannot tell.
    stamp_problem : str
        'late', 'still', 'absurd' or '', as in the status message.

    """

    header: Any
    encoding: str
    decode_ms: float
    started_s: float
    unprocessed: int = 0
    picture: RgbImage | None = None
    time_s: float | None = None
    stamp_problem: str = ''

    @property
    def stamp_s(self) -> float:
        """Give the time of the image in seconds: the header's stamp, where that can tell."""
        if self.time_s is not None:
            return self.time_s
        return float(self.header.stamp.sec + self.header.stamp.nanosec * 1e-9)


@dataclass(frozen=True)
class Answer:
    """
    An image's detections beside what arrived, and the settings that served it.

    Attributes
    ----------
    settings : Settings
        With what `auto` became.
    motion : Step, optional
        From the image before to this one, where this one is the newest and both are of one video.

    """

    arrival: Arrival
    detections: Detections
    settings: Settings
    motion: Step | None = None


class CameraStream:
    """
    Frames of one camera in, answers out in the same order.

    Many of these share one network; the memory and the thresholds are here.

    Parameters
    ----------
    network : Network
        Shared.
    settings : Settings
        Wanted settings.
    share : float
        0..1, by which part of a segment this camera's key frames come earlier than those of
        the first camera.
    executor : Executor, optional
        Where asynchronous key frames are computed, for all cameras the same.
    cores : float
        How many of the processor's are this camera's.

    Attributes
    ----------
    resets : Counter
        How often memory was emptied, by reason.
    pace : KeyPace
        What `key_mode: auto` has chosen.

    """

    def __init__(self, network: Network, settings: Settings, share: float = 0.0,
                 executor: Executor | None = None, cores: float = 1.0) -> None:
        self._network = network
        self._share = share
        self._cores = cores
        self.pace = KeyPace()
        self._executor = executor and Timed(executor, self.pace.took)
        self._waiting: deque[Arrival] = deque()
        self.resets: Counter[str] = Counter()
        self.want(settings)
        self._use(settings)
        self._restart('start')

    @property
    def waiting(self) -> int:
        """Count the frames, at most key_offset, whose key frame has not come."""
        return len(self._waiting)

    @property
    def key_mode(self) -> str:
        """Name how key frames are computed now."""
        return self._engine.config.key_mode

    @property
    def looks(self) -> str:
        """Say how often it looks now: `l = 10, glance = 288, glance_every = 2`."""
        return looks(self._engine.config)

    @property
    def has_key(self) -> bool:
        """Whether there was a key frame in this video."""
        return self._state.key is not None

    @property
    def last_stamp_s(self) -> float:
        """Give the newest remembered frame's stamp; minus infinity where nothing is."""
        last = self._state.last
        return -math.inf if last is None else last.stamp_s

    def want(self, settings: Settings) -> None:
        """Want other settings; they take over with the next segment."""
        self._wanted = settings

    def reset(self, reason: str) -> list[Answer]:
        """Answer the waiting frames and forget; `reason` is told with the next frame."""
        answers = self._answers(self._engine.flush(self._state))
        self._forget(reason)
        return answers

    def drop(self, reason: str) -> None:
        """Forget without an answer to the waiting frames, after an error in the network."""
        self._waiting.clear()
        self._forget(reason)

    def step(self, image: RgbImage, arrival: Arrival) -> list[Answer]:
        """
        Take in the next image.

        Returns
        -------
        list of Answer
            For the frames that this one finished, itself among them unless it waits. A late one
            is answered alone, before those that wait.

        """
        frame = Frame(image, arrival.stamp_s, arrival.encoding, arrival.header.frame_id)
        if arrival.stamp_problem == 'late' and self._is_of_this_video(frame):
            seen = read_late(self._engine, frame, self._state)
            return [Answer(arrival, seen, self._served)]
        reason = why_new_video(frame.origin, self._state, self._engine.config)
        answers = self.reset(reason) if reason and self._state.last is not None else []
        self._pace(arrival)
        self._waiting.append(arrival)
        before, started_s = self._state, perf_counter()
        results, self._state = self._engine.step(frame, before)
        if results:
            self.pace.answered(results[-1], perf_counter() - started_s)
        answers += self._answers(results)
        if self._state.last is None:
            self._forget(self._state.reset_reason)
            return answers
        if results and not results[-1].reset_reason:
            answers[-1] = replace(answers[-1], motion=last_step(before, self._state))
        if self._fresh and self._state.key is not None:
            self._state = stagger(self._state, self._phase, self._engine.config)
            self._fresh = False
        return answers

    def _is_of_this_video(self, frame: Frame) -> bool:
        last = self._state.last
        return last is not None and replace(frame.origin, stamp_s=last.stamp_s) == last

    def _pace(self, arrival: Arrival) -> None:
        """Place the frame in its segment, and change settings where a segment begins."""
        self.pace.arrived(arrival.started_s, arrival.unprocessed)
        period_s, last = self._settings.key_period, self._state.last
        if last is not None and period_s == 0:
            self._state = skip(self._state, arrival.unprocessed, self._engine.config)
        elif last is not None:
            # Half an interval early, so that jitter adds no frame to a segment.
            half_s = (arrival.stamp_s - last.stamp_s) / 2
            if arrival.stamp_s + half_s - self._segment_start_s >= period_s:
                self._state = end_segment(self._state)
        if not at_boundary(self._state, self._engine.config):
            return
        if self._wanted is not self._settings:
            self._use(self._wanted)
            self._state = replace(end_segment(self._state), pending=None)
        elif self._state.pending is None:
            self._plan()
            self._engine = self._engines[self._key_mode()]
        self._segment_start_s = arrival.stamp_s
        if last is None:
            self._segment_start_s -= self._share * self._settings.key_period
            self._state = stagger(self._state, self._phase, self._engine.config)

    def _use(self, settings: Settings) -> None:
        self._settings, self._planned_s, self._engines = settings, -math.inf, {}
        self._plan()
        self._engine = self._engines[self._key_mode()]

    def _plan(self) -> None:
        """Decide now and then how often to look, where that is left open."""
        now_s, settings = monotonic(), self._settings
        if now_s < self._planned_s + _PLAN_EVERY_S:
            return
        self.pace.threads = torch.get_num_threads()  # of the thread that computes
        costs = self.pace.costs
        if costs is not None or not self._engines:
            self._planned_s = now_s
        stream = real_time(settings.stream, self._network, self.pace.period_s, costs, self._cores)
        if self._engines and stream == self._stream:
            return
        self._stream = stream
        self._engines = {mode: self._engine_with(mode) for mode in KEY_MODES
                         if settings.key_mode in ('auto', mode) and (
                             mode == 'sync' or settings.key_offset == 0)}
        self._served = replace(settings, **{
            name: getattr(stream, name) for name in ('mode', 'segment_length', 'glance',
                                                     'glance_every')})
        self._phase = 0 if settings.key_period > 0 else int(self._share * length_of(stream))

    def _engine_with(self, key_mode: KeyMode) -> Engine:
        return Engine(self._network, replace(self._stream, key_mode=key_mode),
                      self._settings.detection, self._executor)

    def _key_mode(self) -> KeyMode:
        """Decide, where it is left open, how the next key frames are computed."""
        if self._settings.key_offset:
            return 'sync'
        if self._settings.key_mode != 'auto':
            return self._settings.key_mode
        return self.pace.decide(_PERIODS_BESIDE_GLANCES if self._glances_compete() else 1)

    def _glances_compete(self) -> bool:
        """Tell whether a key frame beside the stream would take its cores from glances."""
        stream = self._stream
        return (stream.glance != 'off' and stream.glance_every < length_of(stream)
                and self.pace.threads >= self._cores)

    def _forget(self, reason: str) -> None:
        self._restart(reason)
        self.resets[reason] += 1

    def _restart(self, reason: str) -> None:
        self._state = self._engine.reset(reason)
        self._fresh = True
        self._segment_start_s = 0.0

    def _answers(self, results: list[Detections]) -> list[Answer]:
        """Pair results with the arrivals that they belong to."""
        return [Answer(self._waiting.popleft(), result, self._served) for result in results]
