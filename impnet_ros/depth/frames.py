# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where frames are in other frames at a time: rigid transforms, a tree of them, interpolation."""
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_DEEPEST = 100


class FrameError(ValueError):
    """No transform is known; says which, and by how much it misses."""


@dataclass(frozen=True)
class Rigid:
    """
    A rigid transform from one frame to another.

    Attributes
    ----------
    rotation : numpy.ndarray
        (4,), quaternion x, y, z, w of length 1.
    translation : numpy.ndarray
        (3,), m.

    """

    rotation: Array = field(default_factory=lambda: np.array([0.0, 0, 0, 1]))
    translation: Array = field(default_factory=lambda: np.zeros(3))

    @property
    def matrix(self) -> Array:
        """Give the rotation as a matrix, (3, 3)."""
        x, y, z, w = self.rotation
        return np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])

    def __matmul__(self, other: 'Rigid') -> 'Rigid':
        """Do `other` first, then this."""
        return Rigid(_product(self.rotation, other.rotation),
                     self.matrix @ other.translation + self.translation)

    def inverse(self) -> 'Rigid':
        """Go back."""
        back = Rigid(self.rotation * [-1, -1, -1, 1])
        return Rigid(back.rotation, -(back.matrix @ self.translation))

    def points(self, points: Array) -> Array:
        """Transform what has the shape (N, 3)."""
        return points @ self.matrix.T + self.translation


def rigid(rotation: Sequence[float], translation: Sequence[float]) -> Rigid:
    """
    Make a transform of what came over the network.

    Raises
    ------
    FrameError
        If numbers are not finite or the quaternion is none.

    """
    quaternion, offset = np.asarray(rotation, float), np.asarray(translation, float)
    length = np.linalg.norm(quaternion)
    if not (np.isfinite(offset).all() and 0.5 < length < 2.0):
        raise FrameError(f'expected a unit quaternion and a finite translation, got '
                         f'{quaternion.tolist()} and {offset.tolist()}')
    return Rigid(quaternion / length, offset)


def between(first: Rigid, second: Rigid, share: float) -> Rigid:
    """Interpolate: translations on a line, rotations on the shortest arc; share 0..1."""
    a, b = first.rotation, second.rotation
    b = -b if a @ b < 0 else b
    angle = np.arccos(np.clip(a @ b, -1.0, 1.0))
    if angle < 1e-6:
        mixed = a + share * (b - a)
    else:
        mixed = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    return Rigid(mixed / np.linalg.norm(mixed),
                 (1 - share) * first.translation + share * second.translation)


class FrameTree:
    """
    Transforms that were told, each from a child frame to its parent.

    Parameters
    ----------
    history_s : float
        How long transforms that move are kept.

    """

    def __init__(self, history_s: float = 10.0) -> None:
        self.history_s = history_s
        self._fixed: dict[str, tuple[str, Rigid]] = {}
        self._parents: dict[str, str] = {}
        self._moving: defaultdict[str, list[tuple[float, Rigid]]] = defaultdict(list)

    def clear(self) -> None:
        """Forget what moves, as when time went back; what is fixed stays."""
        self._moving.clear()
        self._parents.clear()

    def add(self, parent: str, child: str, time_s: float, transform: Rigid,
            fixed: bool = False) -> None:
        """
        Take what was told of a frame.

        Raises
        ------
        FrameError
            If it is told of no frame, or of one in itself.

        """
        parent, child = parent.lstrip('/'), child.lstrip('/')
        if not parent or not child or parent == child:
            raise FrameError(f'expected two frames, got {child!r} in {parent!r}')
        if fixed:
            self._fixed[child] = parent, transform
            return
        if self._parents.get(child, parent) != parent:
            self._moving[child].clear()
        self._parents[child] = parent
        told = self._moving[child]
        if told and time_s < told[-1][0] - self.history_s:  # a bag that loops
            told.clear()
        at = bisect_left(told, time_s, key=lambda each: each[0])
        if at < len(told) and told[at][0] == time_s:
            told[at] = time_s, transform
        else:
            told.insert(at, (time_s, transform))
        while told[-1][0] - told[0][0] > self.history_s:
            told.pop(0)

    def lookup(self, target: str, source: str, time_s: float) -> Rigid:
        """
        Give the transform of points from `source` to `target` at a time.

        Raises
        ------
        FrameError
            If a frame is not known, the two are not connected, or the time is not covered.

        """
        up_source = self._path(source.lstrip('/'))
        up_target = self._path(target.lstrip('/'))
        common = next((name for name in up_source if name in set(up_target)), None)
        if common is None:
            raise FrameError(self._missing(target.lstrip('/'), source.lstrip('/')))
        there = self._climb(up_source[:up_source.index(common)], time_s)
        return self._climb(up_target[:up_target.index(common)], time_s).inverse() @ there

    def _path(self, name: str) -> list[str]:
        path = [name]
        while len(path) < _DEEPEST:
            name = self._fixed[name][0] if name in self._fixed else self._parents.get(name, '')
            if not name:
                return path
            path.append(name)
        raise FrameError(f'the frames above {path[0]!r} go round in a circle')

    def _missing(self, target: str, source: str) -> str:
        known = set(self._fixed) | set(self._parents)
        known |= {parent for parent, _ in self._fixed.values()} | set(self._parents.values())
        unknown = [repr(name) for name in (target, source) if name not in known]
        if unknown:
            return f'no transform names the frame {" or ".join(unknown)}'
        return f'no chain of transforms connects {source!r} with {target!r}'

    def _climb(self, path: list[str], time_s: float) -> Rigid:
        result = Rigid()
        for name in path:
            step = self._fixed[name][1] if name in self._fixed else self._at(name, time_s)
            result = step @ result
        return result

    def _at(self, name: str, time_s: float) -> Rigid:
        told = self._moving[name]
        at = bisect_left(told, time_s - 1e-9, key=lambda each: each[0])
        if at < len(told) and told[at][0] <= time_s + 1e-9:
            return told[at][1]
        link = f'{self._parents[name]!r} to {name!r}'
        if at == len(told):
            raise FrameError(f'the newest transform from {link} is {time_s - told[-1][0]:.3f} s '
                             'too old')
        if at == 0:
            raise FrameError(f'the oldest transform from {link} is {told[0][0] - time_s:.3f} s '
                             'too new')
        (before_s, before), (after_s, after) = told[at - 1], told[at]
        return between(before, after, (time_s - before_s) / (after_s - before_s))


def _product(a: Array, b: Array) -> Array:
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return np.array([aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
                     aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz])
