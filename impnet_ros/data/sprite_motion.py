# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion of the sprites and of the camera: smooth curves that are known at every instant."""
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Affine = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """
    A value that swings smoothly around its base.

    value(t) = base + sum_j amplitude_j sin(rate_j t + phase_j)

    Attributes
    ----------
    base : float
        Middle of the swing.
    amplitudes, rates, phases : ndarray
        (J,), in the unit of the value, in radians a frame, in radians.

    """

    base: float
    amplitudes: NDArray[np.float64]
    rates: NDArray[np.float64]
    phases: NDArray[np.float64]

    def at(self, time: float) -> float:
        """Value at `time`, in frames (fractions are instants within an exposure)."""
        return self.base + float(self.amplitudes @ np.sin(self.rates * time + self.phases))


def draw_curve(rng: Generator, base: float, speed: float, reach: float) -> Curve:
    """
    Draw a curve of a typical speed.

    Parameters
    ----------
    rng : Generator
        Gives phases and how speed is shared between two swings.
    base : float
        Middle of the swing.
    speed : float
        Typical change a frame.
    reach : float
        Typical largest distance from the base.

    Returns
    -------
    Curve
        Two swings, of 70 % and 30 % of the reach, with the rates that give the speed.

    """
    amplitudes = np.array([0.7, 0.3]) * reach
    # A sine of amplitude A and rate r has root mean square speed A r / sqrt(2).
    rates = speed / max(reach, 1e-9) * np.array([1.2, 2.0]) * rng.uniform(0.8, 1.2, 2)
    return Curve(base, amplitudes, rates, rng.uniform(0, 2 * np.pi, 2))


def similarity(x: float, y: float, scale: float, angle: float) -> Affine:
    """
    Turn, scale, then move.

    Parameters
    ----------
    x, y : float
        Where the origin goes, in pixels.
    scale : float
        Pixels for one unit.
    angle : float
        Radians, clockwise on screen.

    Returns
    -------
    ndarray
        float64 (3, 3).

    """
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    return np.array([[c, -s, x], [s, c, y], [0.0, 0.0, 1.0]])


def transform(matrix: Affine, points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Apply an affine (3, 3) to points (N, 2)."""
    return points @ matrix[:2, :2].T + matrix[:2, 2]


@dataclass(frozen=True)
class Path:
    """
    Pose over time.

    Attributes
    ----------
    x, y : Curve
        Position in pixels.
    log_scale : Curve
        Natural logarithm of the scale.
    angle : Curve
        Radians.

    """

    x: Curve
    y: Curve
    log_scale: Curve
    angle: Curve

    def at(self, time: float) -> Affine:
        """Pose (3, 3) at `time` in frames: from own units to pixels."""
        return similarity(self.x.at(time), self.y.at(time),
                          float(np.exp(self.log_scale.at(time))), self.angle.at(time))


def draw_path(rng: Generator, centre: tuple[float, float], scale: float, speed: float,
              reach: float) -> Path:
    """
    Draw a path around a centre.

    Parameters
    ----------
    rng : Generator
        Gives the curves.
    centre : tuple of float
        x, y in pixels.
    scale : float
        Typical scale; it swings by up to about a fifth.
    speed : float
        Typical speed in pixels a frame; scaling and turning follow it.
    reach : float
        Distance in pixels that the path goes from its centre.

    """
    relative = speed / max(reach, 1.0)
    return Path(draw_curve(rng, centre[0], speed * 0.8, reach),
                draw_curve(rng, centre[1], speed * 0.6, reach * 0.75),
                draw_curve(rng, float(np.log(scale)), relative * 0.12, 0.18),
                draw_curve(rng, float(rng.uniform(-0.4, 0.4)), relative * 0.25, 0.4))
