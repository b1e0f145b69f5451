# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which depth image belongs to which detections: the nearest in time, or why there is none."""
from collections import deque
from dataclasses import dataclass
import math
from statistics import median
from typing import Any

FIRST_SLOP_S = 0.02
"""Allowed while there are too few depth images to know their period."""
_MOST_WAITING = 30
_MOST_KEPT = 60
_PERIODS = 20


@dataclass(frozen=True)
class Match:
    """
    Detections with what was found for them.

    Attributes
    ----------
    detections
    depth
        None where no depth image is near enough; then `reason` says why.
    away_s : float
        Time of the depth image less that of the detections, of the nearest one; NaN if none.
    reason : str

    """

    detections: Any
    depth: Any
    away_s: float
    reason: str = ''


@dataclass(frozen=True)
class _Timed:
    time_s: float
    item: Any
    arrived_s: float


class Matcher:
    """
    Pair detections with the depth image that is nearest in time.

    Detections wait, at most `wait_s`, until a depth image has come that is as near as one can
    be. One of another time, more than `history_s` later, says nothing of what is still to come.
    Parameters may be changed at any time.

    Parameters
    ----------
    slop_s : float
        Largest difference in time; never more than half the measured period of the depth images.
    wait_s : float
        On the clock of `now_s`.
    history_s : float
        How long depth images are kept, on their own time line.

    """

    def __init__(self, slop_s: float = 0.1, wait_s: float = 0.3, history_s: float = 1.0) -> None:
        self.wanted_slop_s, self.wait_s, self.history_s = slop_s, wait_s, history_s
        self._depths: deque[_Timed] = deque(maxlen=_MOST_KEPT)
        self._waiting: deque[_Timed] = deque()
        self._periods: deque[float] = deque(maxlen=_PERIODS)
        self._last_s = -math.inf

    @property
    def period_s(self) -> float:
        """Median time from one depth image to the next; NaN before there are three."""
        return median(self._periods) if len(self._periods) > 1 else math.nan

    @property
    def slop_s(self) -> float:
        """Largest difference in time that is allowed now."""
        half = FIRST_SLOP_S if math.isnan(self.period_s) else self.period_s / 2
        # A rounding of stamps shall not part what lies exactly between two images.
        half = half * 1.02 + 1e-6
        return min(self.wanted_slop_s, half)

    @property
    def waiting(self) -> int:
        """How many detections wait."""
        return len(self._waiting)

    def reset(self) -> None:
        """Forget everything, as when time went back."""
        for kept in (self._depths, self._waiting, self._periods):
            kept.clear()
        self._last_s = -math.inf

    def add_depth(self, time_s: float, item: Any, now_s: float) -> None:
        """Keep a depth image; images may come out of order."""
        if self._depths:
            step = time_s - self._depths[-1].time_s
            if 0 < step < 1.0:
                self._periods.append(step)
            if step < -self.history_s:  # a bag that loops, a clock that was set
                self._depths.clear()
        self._depths.append(_Timed(time_s, item, now_s))
        newest = max(each.time_s for each in self._depths)
        while newest - self._depths[0].time_s > self.history_s:
            self._depths.popleft()

    def add_detections(self, time_s: float, item: Any, now_s: float) -> None:
        """Let detections wait for their depth image."""
        if time_s < self._last_s - self.history_s:  # time went back before the depth images did
            self._depths = deque((each for each in self._depths
                                  if each.time_s <= time_s + self.history_s), _MOST_KEPT)
        self._last_s = time_s
        self._waiting.append(_Timed(time_s, item, now_s))

    def take(self, now_s: float) -> list[Match]:
        """Give what is decided by now, in the order in which the detections came."""
        decided = []
        while self._waiting:
            first = self._waiting[0]
            nearest = min(self._depths, key=lambda depth: abs(depth.time_s - first.time_s),
                          default=None)
            away = math.nan if nearest is None else nearest.time_s - first.time_s
            newest = max((each.time_s for each in self._depths), default=-math.inf)
            late = (now_s - first.arrived_s >= self.wait_s
                    or len(self._waiting) > _MOST_WAITING)
            if nearest is not None and abs(away) <= self.slop_s:
                decided.append(Match(first.item, nearest.item, away))
            elif late or self.slop_s < newest - first.time_s <= self.history_s:
                decided.append(Match(first.item, None, away, self._reason(away)))
            else:
                break
            self._waiting.popleft()
        return decided

    def _reason(self, away: float) -> str:
        if math.isnan(away):
            return 'no depth image has come'
        side = 'older' if away < 0 else 'newer'
        hint = ''
        if abs(away) > 60:
            hint = '; are both stamped by one clock?'
        elif away > 0 and away < self.history_s:
            hint = f'; late detections need depth of more than {self.history_s:g} s (history)'
        elif away < 0 and abs(away) < self.history_s:
            hint = f'; if depth is only late, wait longer than {self.wait_s:g} s (wait)'
        return (f'the nearest depth image is {_text(abs(away))} {side} than the detections, '
                f'{_text(self.slop_s)} are allowed{hint}')


def _text(seconds: float) -> str:
    if seconds >= 10:
        return f'{seconds:.0f} s'
    return f'{seconds * 1e3:.0f} ms' if seconds >= 0.01 else f'{seconds * 1e3:.1f} ms'
