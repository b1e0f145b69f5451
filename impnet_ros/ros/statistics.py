# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What one camera did: counts since activation, and times of the last window."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
import math
from threading import Lock
from time import monotonic


@dataclass
class Window:
    """Counts and times between two reports."""

    began_s: float = field(default_factory=monotonic)
    processed: int = 0
    lost: int = 0
    unpublished: int = 0
    refused: int = 0
    refusal: str = ''
    error: str = ''
    stamps: Counter[str] = field(default_factory=Counter)
    resets: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def arrived(self) -> int:
        """Count the images that were published, as far as is known."""
        return max(0, self.processed + self.refused + self.lost)

    def mean_ms(self, stage: str) -> float:
        """Give the mean time of a stage; NaN where it did not run."""
        times = self.stages_ms.get(stage)
        return sum(times) / len(times) if times else math.nan


@dataclass
class Statistics:
    """
    Counters of one camera; images may be noted in one thread and reported in another.

    Attributes
    ----------
    processed, lost : int
        Images answered; images that never came or were replaced by a newer one.
    refused : int
        Images that could not be decoded.
    failed : int
        Images at which the network raised an error.
    stamps : Counter
        Images that came late, or with a stamp that cannot be used, by what was wrong.
    last_message_s, last_image_s : float
        When the last image, and the last good one, came, on `time.monotonic`; or when counting
        began.
    size, encoding, frame_id
        Of the last good image.

    """

    processed: int = 0
    lost: int = 0
    refused: int = 0
    failed: int = 0
    stamps: Counter[str] = field(default_factory=Counter)
    last_message_s: float = field(default_factory=monotonic)
    last_image_s: float = field(default_factory=monotonic)
    size: tuple[int, int] = (0, 0)
    encoding: str = ''
    frame_id: str = ''
    window: Window = field(default_factory=Window)
    _lock: Lock = field(default_factory=Lock)

    def arrived(self, size: tuple[int, int], encoding: str, frame_id: str, lost: int,
                unpublished: int, stamp_problem: str) -> None:
        """
        Note a good image and its stamp.

        Before it so many were lost (-1: one less), of which so many were never published.
        """
        with self._lock:
            self.last_image_s = monotonic()
            self.size, self.encoding, self.frame_id = size, encoding, frame_id
            self.lost += lost
            self.window.lost += lost
            self.window.unpublished += unpublished
            if stamp_problem:
                self.stamps[stamp_problem] += 1
                self.window.stamps[stamp_problem] += 1

    def answered(self, is_key: bool, reset_reason: str, stages_ms: dict[str, float],
                 latency_ms: float) -> None:
        """Note an image whose detections were published."""
        kind = 'key' if is_key else 'other'
        with self._lock:
            self.processed += 1
            self.window.processed += 1
            if reset_reason:
                self.window.resets[reset_reason] += 1
            if not math.isnan(latency_ms):
                self.window.latencies_ms.append(latency_ms)
            for stage, milliseconds in stages_ms.items():
                self.window.stages_ms[f'{kind} {stage}'].append(milliseconds)

    def spent(self, stage: str, milliseconds: float) -> None:
        """Note the time of something done after the answer."""
        with self._lock:
            self.window.stages_ms[stage].append(milliseconds)

    def refuse(self, reason: str) -> None:
        """Note an image that could not be decoded."""
        with self._lock:
            self.refused += 1
            self.window.refused += 1
            self.window.refusal = reason

    def fail(self, error: str) -> None:
        """Note an image at which the network raised an error."""
        with self._lock:
            self.failed += 1
            self.window.error = error

    def take_window(self) -> Window:
        """Hand over the window and begin the next."""
        with self._lock:
            window, self.window = self.window, Window()
            return window
