# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small operations on one thread: waking the others would take longer than they save."""
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """
    Let PyTorch compute on the calling thread alone; also a decorator.

    For operations on some hundred thousand numbers, which two threads take twice as long for. The
    number of threads is each thread's own, but a thread whose very first operation falls into
    another one's call keeps the one (PyTorch copies it then), so long-lived threads should set
    theirs (`impnet_ros.threads.compute_with`).
    """
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(count)
