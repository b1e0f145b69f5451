# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many threads there may be, and how they wait for each other."""
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
    longer than most waits. Both are measured in docs/performance.md.
    """
    if 'OMP_WAIT_POLICY' not in os.environ:
        os.environ.setdefault('GOMP_SPINCOUNT', SPINS)


def available_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def compute_with(count: int) -> None:
    """Give the calling thread, a new one, its number of PyTorch threads."""
    import torch  # late, as `spin_briefly` comes before it
    torch.get_num_threads()  # a new thread takes over what is set now; what follows outlives that
    torch.set_num_threads(count)
