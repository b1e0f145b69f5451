# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How numbered objects move: a Kalman filter of constant velocity for each."""
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_FIRST_SPEED = 3.0
"""Standard deviation of the velocity before it is known, m/s."""
_JUMP = 25.0
"""Squared distance, in standard deviations, that no motion explains: another object."""


@dataclass(frozen=True)
class Moving:
    """
    An object in motion.

    Attributes
    ----------
    state : numpy.ndarray
        (6,), position, m, and velocity, m/s, in the frame of the measurements.
    covariance : numpy.ndarray
        (6, 6).
    time_s : float
        When that is.
    measured_s : float
        When its position was last measured.
    size : numpy.ndarray
        (3,), m, as last measured.
    count : int
        How often it was measured.

    """

    state: Array
    covariance: Array
    time_s: float
    measured_s: float
    size: Array
    count: int = 1

    @property
    def position(self) -> Array:
        """Where it is, (3,), m."""
        return self.state[:3]

    @property
    def velocity(self) -> Array:
        """How it moves, (3,), m/s."""
        return self.state[3:]

    @property
    def speed_deviation(self) -> float:
        """Give the standard deviation of the velocity along its least certain axis, m/s."""
        return float(np.linalg.eigvalsh(self.covariance[3:, 3:])[-1]**0.5)


def begin(position: Array, covariance: Array, size: Array, time_s: float) -> Moving:
    """Take over a first measurement: position (3,) in m, covariance (3, 3), size (3,)."""
    whole = np.zeros((6, 6))
    whole[:3, :3] = covariance
    whole[3:, 3:] = np.eye(3) * _FIRST_SPEED**2
    return Moving(np.concatenate([position, np.zeros(3)]), whole, time_s, time_s, size)


def predicted(moving: Moving, time_s: float, acceleration: float) -> Moving:
    """
    Carry an object on to a time.

    Parameters
    ----------
    moving : Moving
        As it was.
    time_s : float
        Not before `moving.time_s`.
    acceleration : float
        Standard deviation of what changes the velocity, m/s^2.

    """
    step = time_s - moving.time_s
    forward = np.eye(6)
    forward[:3, 3:] = np.eye(3) * step
    push = np.concatenate([np.eye(3) * step**2 / 2, np.eye(3) * step])
    return Moving(forward @ moving.state,
                  forward @ moving.covariance @ forward.T + acceleration**2 * push @ push.T,
                  time_s, moving.measured_s, moving.size, moving.count)


def corrected(moving: Moving, position: Array, covariance: Array, size: Array) -> Moving:
    """Take a measurement, position (3,) and covariance (3, 3), at the object's own time."""
    off = position - moving.position
    spread = moving.covariance[:3, :3] + covariance
    if off @ np.linalg.solve(spread, off) > _JUMP:
        return begin(position, covariance, size, moving.time_s)
    gain = np.linalg.solve(spread, moving.covariance[:3]).T
    after = moving.covariance - gain @ moving.covariance[:3]
    return Moving(moving.state + gain @ off, (after + after.T) / 2, moving.time_s,
                  moving.time_s, size, moving.count + 1)


class Movers:
    """
    The objects of one stream, by their ids.

    Parameters
    ----------
    acceleration : float
        m/s^2; see `predicted`.
    keep_s : float
        How long an object is carried on without a measurement.

    """

    def __init__(self, acceleration: float = 2.0, keep_s: float = 0.5) -> None:
        self.acceleration, self.keep_s = acceleration, keep_s
        self._objects: dict[str, Moving] = {}
        self._time_s = -np.inf

    def reset(self) -> None:
        """Forget all objects."""
        self._objects.clear()

    def advance(self, time_s: float) -> bool:
        """
        Go on to the time of the next frame.

        Returns
        -------
        bool
            False for a frame that comes late, after a later one: nothing can be measured in it.
            A frame that is older than what is kept begins anew.

        """
        if self._time_s - self.keep_s <= time_s < self._time_s:
            return False
        if time_s < self._time_s:
            self.reset()
        self._time_s = time_s
        self._objects = {
            name: predicted(moving, time_s, self.acceleration)
            for name, moving in self._objects.items()
            if time_s - moving.measured_s <= self.keep_s}
        return True

    def measure(self, name: str, position: Array, covariance: Array, size: Array) -> Moving:
        """Take the measurement of an object at the time that was advanced to."""
        known = self._objects.get(name)
        self._objects[name] = (
            corrected(known, position, covariance, size) if known is not None
            else begin(position, covariance, size, self._time_s))
        return self._objects[name]

    def get(self, name: str) -> Moving | None:
        """Give an object as it is predicted, while it is kept."""
        return self._objects.get(name) if name else None
