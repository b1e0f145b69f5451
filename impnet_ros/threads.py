# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many threads of PyTorch compute, and how they wait for each other."""
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
import os

SPINS = '500'
"""Turns of GNU OpenMP's waiting loop before a thread sleeps, some microseconds."""


def spin_briefly() -> None:
    """
    Let OpenMP's threads sleep soon where they wait, unless the environment says how they shall.

    To be called before torch is imported.

    By default they spin for milliseconds, which on a busy machine takes the processor from the
    very thread that they wait for: with other busy processes on two cores a frame can take forty
    times as long. Sleeping at once costs half as much again on an idle machine, as waking up takes
    longer than most waits. Both are measured in docs/notes.
    """
    if 'OMP_WAIT_POLICY' not in os.environ:
        os.environ.setdefault('GOMP_SPINCOUNT', SPINS)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """
    Let PyTorch compute on so many threads, the calling one among them; also a decorator.

    One for operations on some hundred thousand numbers, which two threads take twice as long for:
    waking the other takes longer than it saves. The number is each thread's own, but a thread
    whose very first operation falls into another one's call keeps the one (PyTorch copies it
    then), so long-lived threads should begin with `compute_with`.
    """
    import torch  # late, as `spin_briefly` comes before it
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def compute_with(count: int) -> None:
    """Give the calling thread, a new one, its number of PyTorch threads."""
    import torch  # late, as `spin_briefly` comes before it
    torch.get_num_threads()  # a new thread takes over what is set now; what follows outlives that
    torch.set_num_threads(count)


@cache
def spare_thread() -> ThreadPoolExecutor:
    """Give the one thread of this process that carries memory while features are computed."""
    return ThreadPoolExecutor(1, 'spare', compute_with, (1,))
