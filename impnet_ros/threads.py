# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How threads wait for each other; to be called before torch is imported."""
import os

SPINS = '500'
"""Turns of GNU OpenMP's waiting loop before a thread sleeps, some microseconds."""


def spin_briefly() -> None:
    """
    Let OpenMP's threads sleep soon where they wait, unless the environment says how they shall.

    By default they spin for milliseconds, which on a busy machine takes the processor from the
    very thread that they wait for: with other busy processes on two cores a frame can take forty
    times as long. Sleeping at once costs half as much again on an idle machine, as waking up takes
    longer than most waits. Both are measured in docs/performance.md.
    """
    if 'OMP_WAIT_POLICY' not in os.environ:
        os.environ.setdefault('GOMP_SPINCOUNT', SPINS)
