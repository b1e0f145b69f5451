# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a camera's images take; and `key_mode: auto`: whether images can wait for key frames."""
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
import math
from statistics import fmean, median
from time import perf_counter
from typing import Any, Literal

from impnet_ros.stream.executors import Executor
from impnet_ros.stream.real_time import Costs
from impnet_ros.stream.types import Detections

_IMAGES = 15
_KEY_FRAMES = 5
_ENOUGH = 3
_ROOM = 0.9
_USUAL_PERIOD_S = 1 / 30


@dataclass
class KeyPace:
    """
    Choose how one camera's key frames are computed.

    Asynchronously as soon as one took longer than images can wait; synchronously again when
    `_KEY_FRAMES` in a row took less than `_ROOM` of it. Beside the stream a key frame takes
    longer than alone, so one that fits there fits here.

    Attributes
    ----------
    choice : str
        'sync' or 'async'; 'sync' until enough is known.
    key_s : float
        How long the newest key frame took; NaN before the first.
    threads : int
        How many processor cores the network works on.
    keeps_up : bool
        Whether images of late took less than their period on the mean.

    """

    choice: Literal['sync', 'async'] = 'sync'
    key_s: float = math.nan
    threads: int = 1
    keeps_up: bool = False
    _arrived_s: float | None = None
    _periods_s: deque[float] = field(default_factory=lambda: deque(maxlen=_IMAGES))
    _images_s: deque[float] = field(default_factory=lambda: deque(maxlen=2 * _IMAGES))
    _keys_s: deque[float] = field(default_factory=lambda: deque(maxlen=_KEY_FRAMES))
    _recent_s: dict[str, deque[float]] = field(default_factory=lambda: {
        kind: deque(maxlen=_IMAGES) for kind in ('key', 'glance', 'other')})

    def arrived(self, arrived_s: float, missed: int) -> None:
        """Note when an image came, and how many before it were not processed."""
        if self._arrived_s is not None and arrived_s > self._arrived_s:
            self._periods_s.append((arrived_s - self._arrived_s) / (missed + 1))
        self._arrived_s = arrived_s

    def took(self, seconds: float) -> None:
        """Note how long a key frame took."""
        self.key_s = seconds
        self._keys_s.append(seconds)
        self._recent_s['key'].append(seconds)

    def answered(self, detections: Detections, seconds: float) -> None:
        """Note how long an image took that is answered at once."""
        if detections.is_key:
            self.took(seconds)
        else:
            self._recent_s['glance' if detections.is_glance else 'other'].append(seconds)
        self._images_s.append(seconds)
        self.keeps_up = fmean(self._images_s) < self.period_s

    @property
    def period_s(self) -> float:
        """Give the time from image to image; a thirtieth of a second until that is known."""
        return median(self._periods_s) if len(self._periods_s) >= _ENOUGH else _USUAL_PERIOD_S

    @property
    def costs(self) -> Costs | None:
        """Give what images take, once some key frames were there."""
        if len(self._recent_s['key']) < _ENOUGH:
            return None
        known = {f'{kind}_s': median(times) for kind, times in self._recent_s.items() if times}
        return replace(Costs.of_key(known['key_s'], self.threads), **known)

    def decide(self, periods: int = 1) -> Literal['sync', 'async']:
        """
        Choose anew; to be asked where a segment begins.

        Parameters
        ----------
        periods : int
            For how many image periods a key frame may last.

        """
        if len(self._periods_s) < _ENOUGH or not self._keys_s:
            return self.choice
        longest_s = periods * median(self._periods_s)
        if self.choice == 'sync' and self._keys_s[-1] > longest_s:
            self._change('async')
        elif self.choice == 'async' and len(self._keys_s) == _KEY_FRAMES and (
                max(self._keys_s) < _ROOM * longest_s):
            self._change('sync')
        return self.choice

    def _change(self, choice: Literal['sync', 'async']) -> None:
        self.choice = choice
        self._keys_s.clear()


class Timed:
    """An executor that tells how long what it was given took."""

    def __init__(self, executor: Executor, took: Callable[[float], None]) -> None:
        self._executor = executor
        self._took = took

    def submit(self, function: Callable[..., Any], /, *args: Any) -> 'Future[Any]':
        """Start `function(*args)`, now or later."""
        def timed() -> Any:
            started_s = perf_counter()
            result = function(*args)
            self._took(perf_counter() - started_s)
            return result
        return self._executor.submit(timed)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more work."""
        self._executor.shutdown(wait, cancel_futures=cancel_futures)
