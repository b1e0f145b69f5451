# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How threads wait for each other; to be called before torch is imported."""
import os


def wait_asleep() -> None:
    """
    Let OpenMP's threads sleep where they wait, unless the environment says how they shall.

    By default they spin for a while, which on a busy machine takes the processor from the very
    thread that they wait for: with one other busy process on two cores a frame can take ten times
    as long (docs/performance.md). On an idle machine sleeping costs next to nothing.
    """
    if 'GOMP_SPINCOUNT' not in os.environ:
        os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
