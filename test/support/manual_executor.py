# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Asynchronous key frames made deterministic: an executor that finishes when told to."""
from concurrent.futures import Future

from impnet_ros.stream.types import Frame
import numpy as np


class ManualExecutor:
    """Runs a task after it was left alone for `delay` calls of `tick`; 0 is at once."""

    def __init__(self, delay):
        self.delay, self.tasks, self.most = delay, [], 0

    def submit(self, function, *args):
        future = Future()
        self.tasks.append([self.delay, future, function, args])
        self.most = max(self.most, len(self.tasks))
        self._run()
        return future

    def tick(self):
        for task in self.tasks:
            task[0] -= 1
        self._run()

    def _run(self):
        for task in [task for task in self.tasks if task[0] <= 0]:
            self.tasks.remove(task)
            _, future, function, args = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*args))
                except Exception as error:  # noqa: B902 - as a real executor does
                    future.set_exception(error)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.tasks.clear()


def frames(count):
    """Give frames 0 .. count - 1, 25 a second, whose pixels are their numbers."""
    return [Frame(np.full((2, 2, 3), number, np.uint8), number * .04) for number in range(count)]


def run(engine, executor, items):
    """Step through frames, each of which is answered at once; the executor ticks before each."""
    state, results = engine.reset(), []
    for item in items:
        executor.tick()
        finished, state = engine.step(item, state)
        assert len(finished) == 1
        results += finished
    return results
