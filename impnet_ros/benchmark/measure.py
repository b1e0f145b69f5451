# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Time frames of several streams in turn, so that a drift of the machine hits them all alike."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter, process_time, sleep
from typing import Protocol

from impnet_ros.benchmark.clip import endless
from impnet_ros.benchmark.variants import Variant
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame


class Clock(Protocol):
    """Time as the measurement sees it; a test may bring its own."""

    def now_s(self) -> float:
        """Seconds that have passed, from any beginning."""

    def cpu_s(self) -> float:
        """Seconds that the processors have spent for this process, all threads together."""

    def wait_until(self, instant_s: float) -> None:
        """Do nothing until `now_s` gives that."""


class RealClock:
    """The machine's own time."""

    @staticmethod
    def now_s() -> float:
        """Give `time.perf_counter`."""
        return perf_counter()

    @staticmethod
    def cpu_s() -> float:
        """Give `time.process_time`."""
        return process_time()

    @staticmethod
    def wait_until(instant_s: float) -> None:
        """Sleep."""
        sleep(max(0.0, instant_s - perf_counter()))


@dataclass
class Times:
    """
    What was measured of one stream, frame by frame.

    Attributes
    ----------
    frame_ms : list of float
        From handing a frame to the engine to its answer.
    is_key : list of bool
        Whether it was a key frame.
    stage_ms : dict
        Milliseconds in each stage, summed over the frames.
    cpu_ms : float
        Processor time of all threads, summed over the frames; also what ran in the background.
    round_ms : list of float
        Mean time a frame in each round.

    """

    frame_ms: list[float] = field(default_factory=list)
    is_key: list[bool] = field(default_factory=list)
    stage_ms: dict[str, float] = field(default_factory=dict)
    cpu_ms: float = 0.0
    round_ms: list[float] = field(default_factory=list)


class Stream:
    """
    One or several cameras through one engine, frame by frame.

    Parameters
    ----------
    network : Network
    variant : Variant
        How it is run.
    images : list of numpy.ndarray
        The clip that every camera plays, each from a place of its own.
    cameras : int
        How many; they take turns.
    period_s : float
        Time between two frames handed out; 0 hands out the next as soon as the last is answered.
    clock : Clock, optional

    """

    def __init__(self, network: Network, variant: Variant, images: list[RgbImage],
                 cameras: int = 1, period_s: float = 0.0, clock: Clock | None = None) -> None:
        self.times = Times()
        self._variant = variant
        self._engine = Engine(network, variant.config)
        self._period_s = period_s
        self._clock = clock or RealClock()
        videos = [endless(images[place:] + images[:place]) for place in
                  (len(images) * camera // cameras for camera in range(cameras))]
        self._states = [self._engine.reset()] * cameras
        self._turns = cycle(enumerate(videos))

    def warm_up(self) -> None:
        """Run the first segment and a bit more of every camera, and forget the times."""
        self.play(max(self._variant.l + 2, 4) * len(self._states))
        self.times = Times()

    def play(self, frames: int) -> None:
        """Measure so many frames as one round."""
        clock, times = self._clock, self.times
        begin_s, begin_cpu_s = clock.now_s(), clock.cpu_s()
        before = len(times.frame_ms)
        for number in range(frames):
            if self._period_s:
                clock.wait_until(begin_s + number * self._period_s)
            camera, video = next(self._turns)
            self._step(camera, next(video))
        times.cpu_ms += (clock.cpu_s() - begin_cpu_s) * 1e3
        times.round_ms.append(sum(times.frame_ms[before:]) / frames)

    def _step(self, camera: int, frame: Frame) -> None:
        start_s = self._clock.now_s()
        results, self._states[camera] = self._engine.step(frame, self._states[camera])
        self.times.frame_ms.append((self._clock.now_s() - start_s) * 1e3)
        (result,) = results
        self.times.is_key.append(result.is_key)
        for stage, milliseconds in result.stage_ms.items():
            self.times.stage_ms[stage] = self.times.stage_ms.get(stage, 0.0) + milliseconds

    def close(self) -> None:
        """Wait for what runs in the background."""
        self._engine.close()


class Measured(Protocol):
    """Whatever takes part in the rounds."""

    def warm_up(self) -> None:
        """Run once without being measured."""

    def play(self, frames: int) -> None:
        """Measure one round of so many frames."""


def whole_segments(frames: int, length: int) -> int:
    """Round frames up to whole segments: each round then has its fair share of key frames."""
    return -(-frames // length) * length


def interleave(streams: Sequence[tuple[Measured, int]], rounds: int) -> Iterator[int]:
    """
    Measure in turn: A B C A B C ...

    Parameters
    ----------
    streams : sequence of (Measured, int)
        Who takes part, with how many frames a round.
    rounds : int
        How often everybody's turn comes.

    Yields
    ------
    int
        How many turns are done, after each.

    """
    for stream, _ in streams:
        stream.warm_up()
    done = 0
    for _ in range(rounds):
        for stream, frames in streams:
            stream.play(frames)
            done += 1
            yield done
