# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`key_mode: auto`: whether key frames fit between two images, from measured times."""
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
import math
from statistics import median
from time import perf_counter
from typing import Any, Literal

from impnet_ros.stream.executors import Executor

_IMAGES = 15
_KEY_FRAMES = 5
_ENOUGH = 3
_ROOM = 0.9


@dataclass
class KeyPace:
    """
    Choose how one camera's key frames are computed.

    Asynchronously as soon as one took longer than an image period, for the next one would make
    images wait or cost one; synchronously again when `_KEY_FRAMES` in a row took less than
    `_ROOM` of it. Beside the stream a key frame takes longer than alone, so one that fits there
    fits here.

    Attributes
    ----------
    choice : str
        'sync' or 'async'; 'sync' until enough is known.
    key_s : float
        How long the newest key frame took; NaN before the first.

    """

    choice: Literal['sync', 'async'] = 'sync'
    key_s: float = math.nan
    _arrived_s: float | None = None
    _periods_s: deque[float] = field(default_factory=lambda: deque(maxlen=_IMAGES))
    _keys_s: deque[float] = field(default_factory=lambda: deque(maxlen=_KEY_FRAMES))

    def arrived(self, arrived_s: float, missed: int) -> None:
        """Note when an image came, and how many before it were not processed."""
        if self._arrived_s is not None and arrived_s > self._arrived_s:
            self._periods_s.append((arrived_s - self._arrived_s) / (missed + 1))
        self._arrived_s = arrived_s

    def took(self, seconds: float) -> None:
        """Note how long a key frame took."""
        self.key_s = seconds
        self._keys_s.append(seconds)

    def decide(self) -> Literal['sync', 'async']:
        """Choose anew; to be asked where a segment begins."""
        if len(self._periods_s) < _ENOUGH or not self._keys_s:
            return self.choice
        period_s = median(self._periods_s)
        if self.choice == 'sync' and self._keys_s[-1] > period_s:
            self._change('async')
        elif self.choice == 'async' and len(self._keys_s) == _KEY_FRAMES and (
                max(self._keys_s) < _ROOM * period_s):
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
