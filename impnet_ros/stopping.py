# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""End a long run in good order when a signal asks for it."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
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
            raise KeyboardInterrupt(number)
        stop.signal = number

    with _handled_by(note):
        yield stop


@contextmanager
def interruptible() -> Iterator[None]:
    """
    Let SIGTERM and SIGHUP end what runs as Ctrl-C does: files and processes are taken care of.

    The KeyboardInterrupt has the number of the signal, which `exit_code_of` reads. An error that
    comes later counts as one too: libraries make errors of their own of an interrupted import.
    """
    own = os.getpid()
    came = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if os.getpid() != own:  # a fork, which ends as if it had never heard of this
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        came = number
        raise KeyboardInterrupt(number)

    with _handled_by(interrupt):
        try:
            yield
        except Exception as error:
            if not came:
                raise
            raise KeyboardInterrupt(came) from error


def exit_code_of(interrupt: KeyboardInterrupt) -> int:
    """Give what shells expect of a process that a signal ended; without its number 130."""
    return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, handler) for number in SIGNALS
                  if signal.getsignal(number) != signal.SIG_IGN}  # as nohup asks
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
