# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When an image was taken: by its stamp, or by its arrival where the stamp cannot tell."""
from dataclasses import dataclass

_SMALLEST_STEP_S = 1e-4
_ENOUGH = 3
"""Odd steps in a row that make stamps absurd, and sane ones that make them good again."""
_RATIO = 100.0


@dataclass
class Stamps:
    """
    The time line of one camera.

    It is that of the stamps. Where they stand still (all zero, or whole seconds only) or are
    absurd, it goes on with the time from one arrival to the next, until stamps make sense again.
    Absurd are negative seconds, nanoseconds above a second, and steps, several in a row, that go
    backward or are above `max_gap_s` and a hundred times as long as the images took to come.

    """

    _stamp_s: float | None = None
    _arrival_s: float = 0.0
    _time_s: float = 0.0
    _problem: str = ''
    _odd: int = 0
    _sane: int = 0

    def time_of(self, sec: int, nanosec: int, arrival_s: float,
                max_gap_s: float) -> tuple[float, str]:
        """
        Place the next image on the time line.

        Parameters
        ----------
        sec, nanosec : int
            Its stamp.
        arrival_s : float
            When it came, seconds on a clock that is never set.
        max_gap_s : float
            Seconds between two images above which a new video begins.

        Returns
        -------
        time_s : float
            Seconds; of the stamp where it can tell.
        problem : str
            'still' or 'absurd'; empty where the stamp can tell.

        """
        stamp_s, before_s = sec + nanosec * 1e-9, self._stamp_s
        elapsed_s = arrival_s - self._arrival_s
        if sec < 0 or nanosec >= 1_000_000_000:
            problem = 'absurd'
        elif before_s is None:
            problem = ''
        else:
            problem = self._judge(stamp_s - before_s, elapsed_s, max_gap_s)
        self._sane = 0 if problem else self._sane + 1
        if self._problem and not problem and not self._good_again(stamp_s, max_gap_s):
            problem = self._problem
        self._time_s = self._time_s + elapsed_s if problem else stamp_s
        self._stamp_s, self._arrival_s, self._problem = stamp_s, arrival_s, problem
        return self._time_s, problem

    def _judge(self, step_s: float, elapsed_s: float, max_gap_s: float) -> str:
        is_leap = step_s > max_gap_s and step_s > _RATIO * elapsed_s
        if abs(step_s) < _SMALLEST_STEP_S:
            return 'still'
        self._odd = self._odd + 1 if step_s < 0 or is_leap else 0
        return 'absurd' if self._odd >= _ENOUGH else ''

    def _good_again(self, stamp_s: float, max_gap_s: float) -> bool:
        """Whether stamps may take over: never by a small step back on the time line."""
        return self._sane >= _ENOUGH and not 0 <= self._time_s - stamp_s < max_gap_s
