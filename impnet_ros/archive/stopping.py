# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: the first asks for a good end, the second ends at once."""
from collections.abc import Iterator
from contextlib import contextmanager
import signal
import sys
from threading import current_thread, Event, main_thread
from types import FrameType


@contextmanager
def ctrl_c() -> Iterator[Event]:
    """Give an event that SIGINT and SIGTERM set; a second one raises KeyboardInterrupt."""
    asked = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        print('\nstopping: pieces near their end are finished, the same command goes on later; '
              'once more ends at once', file=sys.stderr, flush=True)

    if current_thread() is not main_thread():
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
