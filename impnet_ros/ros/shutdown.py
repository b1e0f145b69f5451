# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""End on SIGINT, SIGTERM and SIGHUP, the first and all that follow, without a traceback."""
import gc
import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopFlag:
    """
    Set by SIGINT, SIGTERM or a lost terminal's SIGHUP, unless `nohup` has that ignored.

    Before `wait_for_end` they end the process at once, with code 0.

    rclpy's own handlers raise KeyboardInterrupt wherever Python happens to be, and again at the
    second signal, which under `ros2 launch` comes at once: the terminal sends one and launch
    another. A flag has no such place and no such second time.
    """

    def __init__(self) -> None:
        """Take over the signals, for this process and from now on."""
        self.is_set = False
        self._may_leave = True
        for number in _SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop)

    def wait_for_end(self) -> None:
        """Call when there is something to take down: from now on signals only set the flag."""
        self._may_leave = False

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._may_leave:
            os._exit(0)  # in the seconds in which torch is imported: nothing is there yet
        self.is_set = True

    def ignore_further(self) -> None:
        """
        Call at the end of `main`: the interpreter takes itself apart without its handlers.

        A signal in that second or two, which launch sends to a process that takes its time, would
        kill it, and the exit code would tell of a death. Its last collections, which would walk
        all of torch in that time, are left out; one comes before them. What nodes are made of
        refers to each other, and middleware that is still there when the process takes its
        libraries down may die of it.
        """
        gc.collect()
        gc.freeze()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
