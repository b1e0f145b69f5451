# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The world of the depth demonstration: a room and a street, things that move, a camera too."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from impnet_ros.data.depth_scenes import LENS
from impnet_ros.data.furniture import (ball, bottle, car, chair, checked, person, screen,
                                       stop_sign, table)
from impnet_ros.data.solids import Camera, looking, NOTHING, render, Solid, View
import numpy as np

Array = np.ndarray[Any, Any]
Place = tuple[float, float, float]
_FEWEST_PIXELS = 150


@dataclass(frozen=True)
class Actor:
    """
    One thing of a scene.

    Attributes
    ----------
    name : str
        Its class, in COCO's words.
    build : callable
        From place, yaw and number to its solids.
    start, velocity : (float, float, float)
        In the world, m and m/s.
    yaw : float
        Radians.
    middle : float
        Height of the middle of its cuboid over its place, m.
    walks : bool
        Whether it moves its legs.

    """

    name: str
    build: Callable[..., list[Solid]]
    start: Place
    yaw: float = 0.0
    middle: float = 0.0
    velocity: Place = (0.0, 0.0, 0.0)
    walks: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    def solids(self, seconds: float, number: int) -> list[Solid]:
        """Give its parts at a time."""
        options = dict(self.options)
        if self.walks:
            options['stride'] = 0.45 * np.sin(2 * np.pi * 0.9 * seconds + number)
        return self.build(self._at(seconds), self.yaw, number, **options)

    def position(self, seconds: float) -> Array:
        """Give the middle of its cuboid in the world, (3,)."""
        return np.array(self._at(seconds)) + [0, 0, self.middle]

    def _at(self, seconds: float) -> Place:
        x, y, z = (np.array(self.start) + seconds * np.array(self.velocity)).tolist()
        return x, y, z


@dataclass(frozen=True)
class Scene:
    """Actors, what stands around them, and where the camera is at a time."""

    name: str
    actors: tuple[Actor, ...]
    surroundings: tuple[Solid, ...]
    eye: Callable[[float], tuple[Place, Place]]

    def camera(self, seconds: float) -> Camera:
        """Stand and look as the scene wants it."""
        position, at = self.eye(seconds)
        return looking(position, at, LENS)

    def view(self, seconds: float) -> View:
        """Render the scene at a time."""
        solids = list(self.surroundings)
        for number, actor in enumerate(self.actors):
            solids += actor.solids(seconds, number)
        return render(solids, self.camera(seconds))

    def truth(self, seconds: float, view: View) -> list[dict[str, Any]]:
        """Tell the things that are seen: name, tight box of what is visible, position."""
        seen = []
        for number, actor in enumerate(self.actors):
            rows, columns = np.nonzero(view.things == number)
            if len(rows) < _FEWEST_PIXELS:
                continue
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            seen.append({'number': number, 'name': actor.name, 'box': [int(each) for each in box],
                         'position': actor.position(seconds).tolist()})
        return seen


def _ground(first: tuple[int, int, int], second: tuple[int, int, int], tile: float) -> Solid:
    return Solid('box', (0, 0, -0.5), (60, 60, 0.5), checked((first, second), tile),
                 thing=NOTHING)


def _room() -> Scene:
    plaster = checked(((226, 221, 206), (222, 216, 202)), 1.0)
    skirting = Solid('box', (5.65, 0, 0.06), (0.05, 60, 0.06), (240, 240, 236))
    return Scene(
        'room',
        (Actor('person', person, (4.4, 2.0, 0), -1.57, 0.88, (0, -0.7, 0), walks=True),
         Actor('tv', screen, (4.9, -1.5, 0.72), 3.14, 0.32),
         Actor('dining table', table, (4.9, -1.5, 0), 1.57, 0.36),
         Actor('chair', chair, (3.4, -0.6, 0), 2.4, 0.46),
         Actor('dining table', table, (3.6, 1.2, 0), 1.57, 0.36),
         Actor('bottle', bottle, (3.4, 1.0, 0.72), 0.0, 0.15),
         Actor('bottle', bottle, (3.5, 1.35, 0.72), 0.0, 0.15,
               options=(('colour', (120, 60, 20)),)),
         Actor('sports ball', ball, (2.9, 0.35, 0), 0.0, 0.12, (0.1, -0.15, 0))),
        (_ground((150, 110, 75), (140, 102, 70), 0.2),
         Solid('box', (6.0, 0, 2), (0.3, 60, 4), plaster), skirting),
        lambda s: ((0.1 * s, -0.5 + 0.15 * s, 1.25), (4.0, 0.3 * np.sin(0.6 * s), 0.75)))


def _street() -> Scene:
    brick = checked(((165, 120, 100), (156, 112, 94)), 0.6)
    windows = tuple(Solid('box', (17.68, y, z), (0.05, 0.7, 1.0), (88, 104, 122))
                    for y in range(-14, 15, 3) for z in (2.2, 5.2))
    kerb = Solid('box', (15.0, 0, 0.05), (1.2, 60, 0.07), (168, 168, 166))
    return Scene(
        'street',
        (Actor('person', person, (6.5, -2.6, 0), 1.57, 0.88, (0, 0.9, 0), walks=True),
         Actor('person', person, (8.5, 2.8, 0), -1.57, 0.88, (0, -0.8, 0), walks=True,
               options=(('shirt', (40, 90, 160)), ('trousers', (70, 60, 50)))),
         Actor('car', car, (11.0, -9.0, 0), 1.57, 0.73, (0, 2.6, 0)),
         Actor('car', car, (13.0, 5.2, 0), -1.5, 0.73, options=(('colour', (206, 208, 214)),)),
         Actor('stop sign', stop_sign, (7.5, 2.2, 0), 3.14, 2.1),
         Actor('sports ball', ball, (4.2, 0.8, 0), 0.0, 0.12, (0.2, -0.25, 0))),
        (_ground((122, 122, 124), (113, 113, 115), 1.0),
         Solid('box', (18, 0, 4), (0.3, 60, 5), brick), kerb, *windows),
        lambda s: ((0.35 * s, 0.1 * s, 1.4), (9.0, 0.6 * np.sin(0.4 * s), 1.1)))


SCENES: dict[str, Callable[[], Scene]] = {'room': _room, 'street': _street}
