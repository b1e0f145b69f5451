# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""End a long run in good order when a signal asks for it."""
from collections.abc import Iterator
from contextlib import contextmanager
import signal
import threading
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """
    Whether to end.

    Attributes
    ----------
    signal : int
        The signal that asked for it; 0 as long as there is none.

    """

    signal = 0

    @property
    def exit_code(self) -> int:
        """Give what shells expect of a process that a signal ended (130, 143, 129); else 0."""
        return 128 + self.signal if self.signal else 0


@contextmanager
def stopping() -> Iterator[Stop]:
    """
    Take note of the first SIGINT, SIGTERM or SIGHUP; a second one interrupts as usual.

    Elsewhere than in the main thread, where Python takes no signals, it never asks to stop.
    """
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.signal:
            raise KeyboardInterrupt
        stop.signal = number

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in SIGNALS
                  if signal.getsignal(number) != signal.SIG_IGN}  # as nohup asks
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
