# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Work of a key frame that needs no new features, done while these are computed."""
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TypeVar

from impnet_ros.stream.executors import Executor
from impnet_ros.stream.timing import timed
from impnet_ros.threads import on_threads
import torch

Result = TypeVar('Result')


def begin(work: Callable[[dict[str, float]], Result], stage_ms: dict[str, float], stage: str,
          executor: Executor | None) -> Callable[[], Result]:
    """
    Begin some work in a spare thread, or put it off where there is none.

    Parameters
    ----------
    work : Callable
        Adds the milliseconds of its stages to the dict that it is given.
    stage_ms : dict
        The frame's. Of work in a spare thread, only the time that the frame waits for it is
        added, as `stage`.
    stage : str
        Of the network's stages.
    executor : Executor, optional
        Where it is done; None puts it off.

    Returns
    -------
    Callable
        Waits for the work, or does it, and gives its result or raises its error.

    """
    if executor is None:
        return partial(work, stage_ms)
    begun = executor.submit(torch.inference_mode()(work), {})

    def result() -> Result:
        with timed(stage_ms, stage):
            done: Result = begun.result()
            return done
    return result


def a_thread_fewer(executor: Executor | None) -> AbstractContextManager[None]:
    """Compute on a thread fewer while an executor, if any, works too: the sum stays."""
    return on_threads(max(1, torch.get_num_threads() - 1)) if executor else nullcontext()
