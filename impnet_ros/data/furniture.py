# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Things of COCO's classes, each built of a few solids that stand on a place in the world."""
from collections.abc import Sequence
from typing import Any

from impnet_ros.data.solids import NOTHING, Paint, Solid, turned
import numpy as np

Array = np.ndarray[Any, Any]
Place = tuple[float, float, float]
Colour = tuple[int, int, int]
_SKIN, _HAIR, _DARK, _GLASS = (224, 172, 140), (60, 42, 30), (35, 35, 38), (60, 75, 90)


def _built(parts: Sequence[tuple[str, Place, Place, Any, Array | None]], place: Place,
           yaw: float, thing: int) -> list[Solid]:
    """Put parts (kind, centre, half, paint, rotation), given for yaw 0, at a place."""
    turn = turned(yaw)
    solids = []
    for kind, centre, half, paint, rotation in parts:
        x, y, z = (turn @ np.asarray(centre) + place).tolist()
        solids.append(Solid(kind, (x, y, z), half, paint,
                            turn if rotation is None else turn @ rotation, thing))
    return solids


def person(place: Place, yaw: float, thing: int, stride: float = 0.0,
           shirt: Colour = (170, 40, 45), trousers: Colour = (45, 55, 90)) -> list[Solid]:
    """Stand 1.75 m tall, facing along x at yaw 0; `stride`, radians, swings legs and arms."""
    parts: list[Any] = [
        ('ellipsoid', (0.0, 0, 1.63), (0.1, 0.085, 0.125), _SKIN, None),
        ('ellipsoid', (-0.02, 0, 1.67), (0.1, 0.09, 0.1), _HAIR, None),
        ('capsule', (0, 0, 1.5), (0.055, 0.055, 0.1), _SKIN, None),
        ('ellipsoid', (0, 0, 1.27), (0.12, 0.2, 0.22), shirt, None),
        ('ellipsoid', (0, 0, 1.08), (0.11, 0.165, 0.2), shirt, None),
        ('ellipsoid', (0, 0, 0.93), (0.12, 0.17, 0.12), trousers, None)]
    for side in (-1, 1):
        for name, swing in (('leg', side * stride), ('arm', -side * stride)):
            turn = turned(0.0, swing)
            if name == 'leg':
                hip = np.array([0, side * 0.09, 0.92])
                pieces = [(-0.22, (0.085, 0.085, 0.28), trousers),
                          (-0.62, (0.06, 0.06, 0.28), trousers)]
                foot = hip + turn @ [0.06, 0, -0.88]
                parts.append(('ellipsoid', tuple(foot), (0.14, 0.05, 0.05), _DARK, None))
            else:
                hip = np.array([0, side * 0.235, 1.42])
                pieces = [(-0.14, (0.055, 0.055, 0.19), shirt), (-0.4, (0.04, 0.04, 0.17), _SKIN),
                          (-0.6, (0.045, 0.045, 0.08), _SKIN)]
            for along, half, paint in pieces:
                parts.append(('capsule', tuple(hip + turn @ [0, 0, along]), half, paint, turn))
    return _built(parts, place, yaw, thing)


def car(place: Place, yaw: float, thing: int, colour: Colour = (180, 30, 30)) -> list[Solid]:
    """Stand 4.2 m long, 1.75 m wide, 1.45 m tall, facing along x at yaw 0."""
    across = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    parts: list[Any] = [
        ('box', (0, 0, 0.58), (2.05, 0.86, 0.27), colour, None),
        ('ellipsoid', (1.5, 0, 0.62), (0.65, 0.86, 0.3), colour, None),
        ('ellipsoid', (-0.25, 0, 0.85), (1.45, 0.8, 0.6), _GLASS, None),
        ('ellipsoid', (-0.25, 0, 1.15), (1.15, 0.68, 0.31), colour, None),
        ('box', (-0.3, 0, 0.95), (0.05, 0.78, 0.32), colour, None),
        ('box', (2.02, 0, 0.42), (0.1, 0.84, 0.1), _DARK, None),
        ('box', (-2.02, 0, 0.42), (0.1, 0.84, 0.1), _DARK, None),
        ('box', (2.06, 0, 0.48), (0.08, 0.28, 0.05), (240, 240, 240), None),
        ('box', (-2.06, 0, 0.48), (0.08, 0.28, 0.05), (240, 240, 240), None)]
    for side in (-1, 1):
        lamp = (250, 245, 220)
        parts += [('ellipsoid', (1.98, side * 0.62, 0.66), (0.12, 0.17, 0.1), lamp, None),
                  ('ellipsoid', (-2.0, side * 0.68, 0.68), (0.1, 0.13, 0.12), (200, 20, 20), None),
                  ('ellipsoid', (0.75, side * 0.95, 0.98), (0.07, 0.12, 0.08), colour, None)]
        for along in (-1.28, 1.3):
            parts += [('cylinder', (along, side * 0.76, 0.33), (0.33, 0.33, 0.12), _DARK, across),
                      ('cylinder', (along, side * 0.79, 0.33), (0.2, 0.2, 0.11), (190, 190, 195),
                       across)]
    return _built(parts, place, yaw, thing)


def stop_sign(place: Place, yaw: float, thing: int) -> list[Solid]:
    """Face along x at yaw 0: 0.75 m wide, its middle 2.1 m up, on a pole that is no part."""
    def face(points: Array) -> Array:
        y, z = points[:, 0], points[:, 1]
        rim = np.maximum.reduce([np.abs(y), np.abs(z), (np.abs(y) + np.abs(z)) / 2**0.5])
        colour = np.where((rim > 0.345)[:, None], [240, 240, 240], [200, 25, 30]).astype(float)
        colour[_letters(y, z)] = 245
        return colour
    upright = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])
    parts: list[Any] = [
        ('cylinder', (0, 0, 2.1), (0.385, 0.385, 0.015), face, upright)]
    pole: list[Any] = [('cylinder', (-0.05, 0, 1.1), (0.035, 0.035, 1.1), (150, 150, 155), None)]
    return _built(parts, place, yaw, thing) + _built(pole, place, yaw, NOTHING)


def _letters(x: Array, y: Array) -> Array:
    """Mark where the word STOP stands on a face of 0.75 m."""
    word = ('.###.#####.###.####.', '#.....#..#...##...#', '.###..#..#...#####.',
            '....#.#..#...##....', '####..#...###.#....')
    rows = [row.ljust(20, '.') for row in word]
    column = np.floor((x + 0.27) / 0.54 * 20).astype(int)
    row = np.floor((0.11 - y) / 0.22 * 5).astype(int)
    inside = (column >= 0) & (column < 20) & (row >= 0) & (row < 5)
    mask = np.array([[letter == '#' for letter in line] for line in rows])
    return inside & mask[row.clip(0, 4), column.clip(0, 19)]


def ball(place: Place, yaw: float, thing: int, radius: float = 0.12) -> list[Solid]:
    """Lie on the ground, a football with dark patches."""
    golden = (1 + 5**0.5) / 2
    tips = np.array([[0, a, b * golden] for a in (-1, 1) for b in (-1, 1)])
    tips = np.concatenate([np.roll(tips, n, axis=1) for n in range(3)]) / np.hypot(1, golden)

    def patches(points: Array) -> Array:
        near = (points / radius @ tips.T).max(axis=1) > 0.93
        return np.where(near[:, None], [25, 25, 28], [240, 240, 240])
    x, y, z = place
    return [Solid('ellipsoid', (x, y, z + radius), (radius,) * 3, patches, turned(yaw), thing)]


def bottle(place: Place, yaw: float, thing: int, colour: Colour = (30, 90, 40)) -> list[Solid]:
    """Stand 0.3 m tall."""
    return _built([
        ('cylinder', (0, 0, 0.09), (0.04, 0.04, 0.09), colour, None),
        ('cylinder', (0, 0, 0.09), (0.0405, 0.0405, 0.04), (230, 225, 200), None),
        ('ellipsoid', (0, 0, 0.18), (0.04, 0.04, 0.05), colour, None),
        ('cylinder', (0, 0, 0.245), (0.014, 0.014, 0.045), colour, None),
        ('cylinder', (0, 0, 0.285), (0.0155, 0.0155, 0.012), (180, 30, 30), None)],
        place, yaw, thing)


def screen(place: Place, yaw: float, thing: int) -> list[Solid]:
    """Stand 0.95 m wide on a foot, a television that faces along x at yaw 0."""
    return _built([
        ('box', (0, 0, 0.36), (0.03, 0.48, 0.28), (25, 25, 28), None),
        ('box', (0.012, 0, 0.36), (0.02, 0.455, 0.255), (70, 95, 150), None),
        ('box', (0, 0, 0.05), (0.04, 0.06, 0.05), (30, 30, 32), None),
        ('box', (0, 0, 0.01), (0.13, 0.2, 0.01), (30, 30, 32), None)], place, yaw, thing)


def chair(place: Place, yaw: float, thing: int, colour: Colour = (150, 95, 50)) -> list[Solid]:
    """Stand 0.9 m tall, its back at -x at yaw 0."""
    parts: list[Any] = [('box', (0, 0, 0.45), (0.22, 0.22, 0.025), colour, None),
                        ('box', (-0.2, 0, 0.86), (0.015, 0.22, 0.06), colour, None),
                        ('box', (-0.2, 0, 0.7), (0.012, 0.2, 0.035), colour, None)]
    for x in (-0.2, 0.2):
        for y in (-0.2, 0.2):
            top = 0.9 if x < 0 else 0.45
            parts.append(('box', (x, y, top / 2), (0.02, 0.02, top / 2), colour, None))
    return _built(parts, place, yaw, thing)


def table(place: Place, yaw: float, thing: int) -> list[Solid]:
    """Stand 0.72 m tall, 1.4 m by 0.8 m."""
    parts: list[Any] = [('box', (0, 0, 0.7), (0.7, 0.4, 0.02), (165, 120, 75), None)]
    parts += [('box', (x, y, 0.34), (0.03, 0.03, 0.34), (140, 100, 60), None)
              for x in (-0.64, 0.64) for y in (-0.34, 0.34)]
    return _built(parts, place, yaw, thing)


def checked(colours: tuple[Colour, Colour], size: float, grain: float = 6.0) -> Paint:
    """Paint a level surface with tiles of two colours and a fine grain."""
    def paint(points: Array) -> Array:
        tile = np.floor(points[:, 0] / size) + np.floor(points[:, 1] / size)
        colour = np.where((tile % 2 == 0)[:, None], colours[0], colours[1]).astype(float)
        phase = np.sin(points @ np.array([41.0, 57.0, 73.0]) * 7.0) * 43758.5453
        return colour + grain * (phase - np.floor(phase) - 0.5)[:, None]
    return paint
