# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many frames were lost between two that arrived."""
from collections import deque
from dataclasses import dataclass, field
import math
from statistics import median

_INTERVALS = 15
_ENOUGH = 4
_LONGEST_HOLE = 1000
_NEAR, _STEADY = 0.25, 0.8
"""At a steady rate so many intervals are, up to a part of a period, whole periods."""


@dataclass
class LostFrames:
    """
    Count lost frames of one camera from two witnesses.

    The middleware numbers the messages of a publisher, so a hole in the numbers is exact, but
    only for what was published and only with one publisher. The stamps also show what the
    camera driver never published, against the median of the last intervals, where these are of
    a steady rate. A hole is as large as the larger of the two says.

    """

    _sequence: int | None = None
    _stamp_ns: int | None = None
    _intervals_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_INTERVALS))
    _refused: int = 0
    _holes: int = 0

    def update(self, stamp_ns: int | None, sequence: int | None = None,
               max_gap_s: float = math.inf, replaced: int = 0) -> tuple[int, int]:
        """
        Take note of a frame that arrived.

        Parameters
        ----------
        stamp_ns : int, optional
            Stamp of its header, nanoseconds; None where it cannot tell the time.
        sequence : int, optional
            The middleware's number of the message; None where it gives none, or where several
            publishers feed the topic.
        max_gap_s : float
            Seconds between stamps above which nothing is known: the camera paused.
        replaced : int
            Frames that came since the last call and were refused or replaced by newer ones;
            numbers show them too.

        Returns
        -------
        lost : int
            Frames lost since the last call, by the larger witness, without those refused.
        unprocessed : int
            Frames published and not processed, refused ones among them: by the numbers, or by the
            stamps where there are no numbers.

        """
        by_number = self._hole_in_numbers(sequence)
        missing = max(by_number or 0, replaced)
        by_stamp = self._hole_in_stamps(stamp_ns, missing, max_gap_s)
        lost = max(0, max(missing, by_stamp) - self._refused)
        self._holes += max(0, by_stamp - missing)
        self._sequence, self._stamp_ns, self._refused = sequence, stamp_ns, 0
        return lost, max(by_stamp, replaced) if by_number is None else missing

    def late(self, sequence: int | None = None, replaced: int = 0) -> int:
        """
        Take note of a frame that is older than one before it: it came after all.

        Returns
        -------
        int
            Frames lost since the last call; -1 where the hole that this one left in the stamps
            had been counted.

        """
        missing = max(self._hole_in_numbers(sequence) or 0, replaced)
        lost = max(0, missing - self._refused)
        counted = min(1, self._holes)
        self._holes -= counted
        self._sequence, self._refused = sequence, 0
        return lost - counted

    def refuse(self) -> None:
        """Take note of a frame that came and could not be decoded: it is not lost."""
        self._refused += 1

    def restart(self) -> None:
        """Forget the last frame: a new video begins."""
        self._sequence = self._stamp_ns = None
        self._refused = self._holes = 0
        self._intervals_ns.clear()

    def _hole_in_numbers(self, sequence: int | None) -> int | None:
        """Return None where the numbers say nothing: none given, or a publisher began anew."""
        if sequence is None or self._sequence is None or sequence <= self._sequence:
            return None
        missing = sequence - self._sequence - 1
        return missing if missing <= _LONGEST_HOLE else None

    def _hole_in_stamps(self, stamp_ns: int | None, missing: int, max_gap_s: float) -> int:
        if stamp_ns is None or self._stamp_ns is None:
            return 0
        elapsed_ns = stamp_ns - self._stamp_ns
        if elapsed_ns <= 0 or elapsed_ns > max_gap_s * 1e9:
            return 0
        frames = max(1, round(elapsed_ns / self._period_ns()))
        # Each known frame's share of the time, so that steady losses that the numbers show do not
        # pass for a slower camera, while a camera that is really slower is believed soon.
        self._intervals_ns.append(elapsed_ns // (missing + 1))
        return min(frames - 1, _LONGEST_HOLE)

    def _period_ns(self) -> float:
        """Give the camera's period; infinite before it is known, and where there is none."""
        if len(self._intervals_ns) < _ENOUGH:
            return math.inf
        period_ns = median(self._intervals_ns)
        periods = [interval_ns / period_ns for interval_ns in self._intervals_ns]
        steady = sum(abs(each - round(each)) <= _NEAR for each in periods)
        return period_ns if steady >= _STEADY * len(periods) else math.inf
