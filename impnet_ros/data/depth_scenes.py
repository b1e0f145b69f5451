# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Random scenes of one object, what may hide it, and depth as cameras measure it."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from impnet_ros.data.furniture import ball, bottle, chair, person
from impnet_ros.data.solids import Camera, looking, NOTHING, render, Solid, turned
from impnet_ros.depth.camera import Pinhole
import numpy as np

Array = np.ndarray[Any, Any]
LENS = Pinhole(640, 480, 525.0, 525.0, 319.5, 239.5)
_THING = 0


@dataclass(frozen=True)
class DepthScene:
    """
    One object before one camera.

    Attributes
    ----------
    kind : str
        Which of `KINDS` it is.
    depth, hidden : numpy.ndarray
        float64 (H, W), m: exact, and with half of the box hidden by something nearer.
    box : numpy.ndarray
        (4,), the tight box of the whole object, in pixels.
    position : numpy.ndarray
        (3,), middle of the object's own cuboid, in the optical frame, m.
    lens : Pinhole

    """

    kind: str
    depth: Array
    hidden: Array
    box: Array
    position: Array
    lens: Pinhole


def _cuboid(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    half = rng.uniform(0.12, 0.45, 3)
    return [Solid('box', (distance, y, half[2]), tuple(half), rotation=turned(rng.uniform(-3, 3)),
                  thing=_THING)], float(half[2])


def _sphere(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    radius = float(rng.uniform(0.12, 0.45))
    return [Solid('ellipsoid', (distance, y, radius), (radius,) * 3, thing=_THING)], radius


def _post(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    radius, half = rng.uniform(0.06, 0.2), rng.uniform(0.3, 0.8)
    return [Solid('cylinder', (distance, y, half), (radius, radius, half), thing=_THING)], half


def _person(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    return person((distance, y, 0), rng.uniform(-3, 3), _THING, rng.uniform(-0.5, 0.5)), 0.88


def _chair(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    return chair((distance, y, 0), rng.uniform(-3, 3), _THING), 0.45


def _ball(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    return ball((distance, y, 0), 0.0, _THING), 0.12


def _bottle(rng: Any, distance: float, y: float) -> tuple[list[Solid], float]:
    stand = Solid('box', (distance, y, 0.35), (0.25, 0.6, 0.35))
    return [stand, *bottle((distance, y, 0.7), 0.0, _THING)], 0.85


KINDS: dict[str, Callable[[Any, float, float], tuple[list[Solid], float]]] = {
    'cuboid': _cuboid, 'sphere': _sphere, 'post': _post, 'person': _person, 'chair': _chair,
    'ball': _ball, 'bottle': _bottle}


def draw(rng: Any, distance: float = 5.0, lens: Pinhole = LENS) -> DepthScene:
    """
    Draw a scene: slanted ground, a wall behind, sometimes a neighbour, and one object.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws it all.
    distance : float
        Of the object, m; it stands within a tenth of that.
    lens : Pinhole
        Of the camera.

    """
    kind = str(rng.choice(list(KINDS)))
    away, aside = distance * rng.uniform(0.9, 1.1), distance * rng.uniform(-0.25, 0.25)
    solids, height = KINDS[kind](rng, away, aside)
    wall = Solid('box', (away + rng.uniform(0.8, 8.0), 0, 3), (0.1, 60, 6),
                 rotation=turned(rng.uniform(-0.3, 0.3)))
    ground = Solid('box', (away, aside, -0.5), (60, 60, 0.5))
    solids += [ground, wall]
    if rng.random() < 0.3:
        side = rng.choice([-1, 1]) * rng.uniform(0.7, 1.2)
        solids += [Solid('cylinder', (away + rng.uniform(-1, 1), aside + side, 0.9),
                         (0.25, 0.25, 0.9))]
    eye = looking((0, 0, rng.uniform(0.6, 1.8)), (away, aside * rng.uniform(0, 1), 0.8), lens)
    camera = Camera(lens, eye.position, eye.rotation @ turned(rng.uniform(-0.12, 0.12)))
    view = render(solids, camera)
    rows, columns = np.nonzero(view.things == _THING)
    if len(rows) < 100 or not (0 < columns.min() and columns.max() < lens.width - 1
                               and 0 < rows.min() and rows.max() < lens.height - 1):
        return draw(rng, distance, lens)  # out of the picture
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)
    hidden = _hidden(rng, view.depth, view.things != NOTHING, box)
    position = (np.array([away, aside, height]) - camera.position) @ camera.rotation
    return DepthScene(kind, view.depth, hidden, box, position, lens)


def _hidden(rng: Any, depth: Array, own: Array, box: Array) -> Array:
    """Put something nearer before half of the box: from a side, from below, or as a pole."""
    x1, y1, x2, y2 = box
    wide, high = x2 - x1, y2 - y1
    far = rng.uniform(0.4, 3.0) * np.array([wide, high])
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top, right, bottom = {
        'left': (x1 - far[0], y1 - far[1], middle_x, y2 + far[1]),
        'right': (middle_x, y1 - far[1], x2 + far[0], y2 + far[1]),
        'below': (x1 - far[0], middle_y, x2 + far[0], y2 + far[1]),
        'pole': (x1 + wide / 4, y1 - far[1], x2 - wide / 4, y2 + far[1]),
    }[str(rng.choice(['left', 'right', 'below', 'pole']))]
    height, width = depth.shape
    rows, columns = np.ogrid[:height, :width]
    covered = (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom)
    nearest = depth[own].min()
    return np.where(covered, np.minimum(depth, nearest * rng.uniform(0.3, 0.85)), depth)


def measured(depth: Array, rng: Any, noise: float = 0.002, holes: float = 0.0) -> Array:
    """
    Measure depth as a stereo camera does.

    Parameters
    ----------
    depth : numpy.ndarray
        (H, W), exact, m.
    rng : numpy.random.Generator
        Draws noise and holes.
    noise : float
        Standard deviation as a share of the squared depth, 1/m.
    holes : float
        Share of the pixels that hold nothing, 0..1, in patches of 4 x 4.

    Returns
    -------
    numpy.ndarray
        float32 (H, W), m; NaN in holes.

    """
    height, width = depth.shape
    seen = np.isfinite(depth)
    flat = np.where(seen, depth, 0.0)
    found = np.where(seen, flat + noise * flat**2 * rng.standard_normal(depth.shape), np.nan)
    patches = rng.random((height // 4 + 1, width // 4 + 1)) < holes
    found[np.kron(patches, np.ones((4, 4), bool))[:height, :width]] = np.nan
    return found.astype(np.float32)
