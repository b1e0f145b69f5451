# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One thread that computes, so that another may go on to serve clock, services and parameters."""
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Thread

from impnet_ros.threads import compute_with

Job = Callable[[], None]


@dataclass
class _Waiting:
    """A job, whether it is an image's, and who waits for it."""

    job: Job
    is_image: bool
    done: 'Future[None]'


class Lane:
    """The jobs of one camera, in the order in which they came; of images, only the newest."""

    def __init__(self, changed: Condition) -> None:
        self._changed = changed
        self._waiting: deque[_Waiting] = deque()

    def then(self, job: Job) -> 'Future[None]':
        """Do this after all that waits."""
        return self._append(job, is_image=False)

    def newest(self, job: Job, most: int = 1) -> None:
        """Do this after all that waits; of images at most so many wait, the oldest give way."""
        with self._changed:
            images = [waiting for waiting in self._waiting if waiting.is_image]
            for waiting in images[:max(0, len(images) - most + 1)]:
                self._waiting.remove(waiting)
            self._append(job, is_image=True)

    def take(self) -> _Waiting | None:
        """Take the first; for the worker."""
        return self._waiting.popleft() if self._waiting else None

    def _append(self, job: Job, is_image: bool) -> 'Future[None]':
        waiting = _Waiting(job, is_image, Future())
        with self._changed:
            self._waiting.append(waiting)
            self._changed.notify()
        return waiting.done


class Worker:
    """
    Do the jobs of several lanes in one thread, one job of each lane in turn.

    Parameters
    ----------
    threads : int
        With which PyTorch computes there.
    failed : callable
        Told of what a job raised; the next job is done all the same.

    """

    def __init__(self, threads: int, failed: Callable[[Exception], None]) -> None:
        self._threads = threads
        self._failed = failed
        self._changed = Condition()
        self._lanes: deque[Lane] = deque()
        self._closed = False
        self._thread = Thread(target=self._run, name='images', daemon=True)
        self._thread.start()

    def lane(self) -> Lane:
        """Give a lane to another camera."""
        lane = Lane(self._changed)
        with self._changed:
            self._lanes.append(lane)
        return lane

    def close(self) -> None:
        """Finish the job that runs, and end; what waits is dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        compute_with(self._threads)
        while (waiting := self._next()) is not None:
            try:
                waiting.job()
            except Exception as error:  # noqa: B902 - no job ends the others
                self._failed(error)
                waiting.done.set_exception(error)
            else:
                waiting.done.set_result(None)

    def _next(self) -> _Waiting | None:
        """Wait for a job; None at the end."""
        with self._changed:
            while not self._closed:
                for _ in range(len(self._lanes)):
                    lane = self._lanes[0]
                    self._lanes.rotate(-1)
                    waiting = lane.take()
                    if waiting is not None:
                        return waiting
                self._changed.wait()
        return None
