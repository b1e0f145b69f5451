# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a message's content was taken: its stamp, or its arrival where the stamp cannot tell."""
_STILL = 3


class StampLine:
    """The stamps of one topic."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._last: float | None = None
        self._still = 0
        self.problem = ''

    def time_of(self, sec: int, nanosec: int, arrival_s: float) -> float:
        """
        Place a message in time.

        Parameters
        ----------
        sec, nanosec : int
            Its stamp.
        arrival_s : float
            The node's time, s.

        Returns
        -------
        float
            Seconds: the stamp; or the arrival where the stamp is 0, negative, or the same as
            the last ones. `problem` then says which.

        """
        stamp_s = sec + nanosec * 1e-9
        self._still = self._still + 1 if stamp_s == self._last else 0
        self._last = stamp_s
        if stamp_s == 0:
            self.problem = 'stamps are 0'
        elif sec < 0 or nanosec >= 1_000_000_000:
            self.problem = f'stamps are absurd ({sec} s, {nanosec} ns)'
        elif self._still >= _STILL:
            self.problem = 'stamps stand still'
        else:
            self.problem = ''
        return arrival_s if self.problem else stamp_s
