# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and exact depth of scenes of simple solids: rays met with formulas, no meshes."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from impnet_ros.depth.camera import Pinhole
import numpy as np

Array = np.ndarray[Any, Any]
Paint = Callable[[Array], Array]
NOTHING = -1
_SUN = np.array([0.4, -0.5, 0.77])
_SKY = np.array([176.0, 201.0, 228.0])


@dataclass(frozen=True)
class Solid:
    """
    One solid in the world (x, y level, z up).

    Attributes
    ----------
    kind : str
        'ellipsoid', 'box', 'cylinder' (its axis is z) or 'capsule' (a cylinder with round ends
        in the same length).
    centre : (float, float, float)
        In the world, m.
    half : (float, float, float)
        Half of its size along its own axes, m.
    paint : (int, int, int) or callable
        RGB; or from points (N, 3) on its surface, in its own axes, m, to RGB (N, 3).
    rotation : numpy.ndarray
        (3, 3), from its own axes to the world's.
    thing : int
        Number of the object that it is a part of; `NOTHING` for what is no object.

    """

    kind: str
    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    paint: tuple[int, int, int] | Paint = (128, 128, 128)
    rotation: Array = field(default_factory=lambda: np.eye(3))
    thing: int = NOTHING


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in the world; rotation (3, 3) is from its optical frame to the world."""

    lens: Pinhole
    position: Array
    rotation: Array


@dataclass(frozen=True)
class View:
    """
    What a camera sees.

    Attributes
    ----------
    image : numpy.ndarray
        uint8 (H, W, 3), RGB.
    depth : numpy.ndarray
        float64 (H, W), along the optical axis, m; inf where nothing is met.
    things : numpy.ndarray
        int (H, W), the object of each pixel or `NOTHING`.

    """

    image: Array
    depth: Array
    things: Array


def looking(position: Sequence[float], at: Sequence[float], lens: Pinhole) -> Camera:
    """Stand at a place and look at another, upright; both (3,) in the world, m."""
    forward = np.subtract(at, position).astype(float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return Camera(lens, np.asarray(position, float),
                  np.stack([right, np.cross(forward, right), forward], axis=1))


def turned(yaw: float, pitch: float = 0.0) -> Array:
    """Give the rotation by yaw about z, after pitch about y, radians."""
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ np.array(
        [[cp, 0, sp], [0, 1.0, 0], [-sp, 0, cp]])


def render(solids: Sequence[Solid], camera: Camera) -> View:
    """Draw a scene, nearest surface first, lit by a sun that throws no shadow."""
    lens = camera.lens
    grid = np.stack(np.meshgrid(np.arange(lens.width), np.arange(lens.height)), axis=-1)
    rays = lens.rays(grid.astype(float)) @ camera.rotation.T
    depth = np.full((lens.height, lens.width), np.inf)
    nearest = np.full((lens.height, lens.width), NOTHING)
    windows = [_window(solid, camera) for solid in solids]
    visible = [(index, solid, window) for index, (solid, window)
               in enumerate(zip(solids, windows, strict=True)) if window is not None]
    for index, solid, window in visible:
        origin, local = _in_own_axes(solid, camera, rays[window].reshape(-1, 3))
        t = _MEETINGS[solid.kind](origin, local, np.asarray(solid.half, float))
        t = t.reshape(depth[window].shape)
        nearer = t < depth[window]
        depth[window][nearer] = t[nearer]
        nearest[window][nearer] = index
    image = np.broadcast_to(_SKY, rays.shape).copy()
    things = np.full((lens.height, lens.width), NOTHING)
    for index, solid, window in visible:
        mask = nearest[window] == index
        if mask.any():
            origin, local = _in_own_axes(solid, camera, rays[window][mask])
            image[window][mask] = _shaded(solid, origin + local * depth[window][mask][:, None])
            things[window][mask] = solid.thing
    return View(np.clip(image, 0, 255).astype(np.uint8), depth, things)


def _in_own_axes(solid: Solid, camera: Camera, rays: Array) -> tuple[Array, Array]:
    """Give the camera's place (3,) and rays (N, 3) in a solid's axes."""
    return (camera.position - solid.centre) @ solid.rotation, rays @ solid.rotation


def _shaded(solid: Solid, points: Array) -> Array:
    colour = solid.paint(points) if callable(solid.paint) else np.array(solid.paint, float)
    normals = _normals(solid, points) @ solid.rotation.T
    lit = np.clip(normals @ (_SUN / np.linalg.norm(_SUN)), 0, 1)
    return colour * (0.5 + 0.15 * normals[:, 2:] + 0.45 * lit[:, None])


def _normals(solid: Solid, points: Array) -> Array:
    half = np.asarray(solid.half, float)
    if solid.kind == 'box':
        share = points / half
        axis = np.abs(share).argmax(axis=1)
        normals = np.zeros_like(points)
        rows = np.arange(len(points))
        normals[rows, axis] = np.sign(share[rows, axis])
        return normals
    if solid.kind == 'ellipsoid':
        normals = points / half**2
    else:
        straight = half[2] - (half[0] if solid.kind == 'capsule' else 0.0)
        normals = points.copy()
        normals[:, 2] -= np.clip(points[:, 2], -straight, straight)
        on_cap = (solid.kind == 'cylinder') & (np.abs(points[:, 2]) > half[2] - 1e-6)
        normals[on_cap] = np.sign(points[on_cap, 2:]) * np.array([0, 0, 1.0])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def _window(solid: Solid, camera: Camera) -> tuple[slice, slice] | None:
    """Give the part of the image in which a solid can be; None behind the camera."""
    lens = camera.lens
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    corners = (signs * solid.half) @ solid.rotation.T + solid.centre - camera.position
    corners = corners @ camera.rotation
    if (corners[:, 2] <= 0.01).all():
        return None
    if (corners[:, 2] <= 0.01).any():
        return slice(0, lens.height), slice(0, lens.width)
    pixels = lens.pixels(corners)
    (left, top), (right, bottom) = np.floor(pixels.min(axis=0)), np.ceil(pixels.max(axis=0))
    columns = slice(int(max(left, 0)), int(max(min(right + 1, lens.width), 0)))
    rows = slice(int(max(top, 0)), int(max(min(bottom + 1, lens.height), 0)))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _meet_ellipsoid(origin: Array, rays: Array, half: Array) -> Array:
    o, d = origin / half, rays / half
    return _nearer_root((d * d).sum(1), d @ o, o @ o - 1.0)


def _meet_box(origin: Array, rays: Array, half: Array) -> Array:
    with np.errstate(divide='ignore', invalid='ignore'):
        a, b = (-half - origin) / rays, (half - origin) / rays
    near = np.fmin(a, b).max(axis=1)
    far = np.fmax(a, b).min(axis=1)
    return np.where((near <= far) & (near > 0), near, np.inf)


def _meet_side(origin: Array, rays: Array, half: Array, straight: float) -> Array:
    o, d = origin[:2] / half[:2], rays[:, :2] / half[:2]
    t = _nearer_root((d * d).sum(1), d @ o, o @ o - 1.0)
    with np.errstate(invalid='ignore'):
        z = origin[2] + t * rays[:, 2]
        return np.where(np.abs(z) <= straight, t, np.inf)


def _meet_cylinder(origin: Array, rays: Array, half: Array) -> Array:
    t = _meet_side(origin, rays, half, half[2])
    with np.errstate(divide='ignore', invalid='ignore'):
        cap = (np.copysign(half[2], origin[2]) - origin[2]) / rays[:, 2]
        at = (origin[:2] + cap[:, None] * rays[:, :2]) / half[:2]
        cap = np.where((cap > 0) & ((at * at).sum(1) <= 1.0), cap, np.inf)
    return np.minimum(t, cap)


def _meet_capsule(origin: Array, rays: Array, half: Array) -> Array:
    straight = half[2] - half[0]
    t = _meet_side(origin, rays, half, straight)
    ball = np.full(3, half[0])
    for end in (-straight, straight):
        t = np.minimum(t, _meet_ellipsoid(origin - [0, 0, end], rays, ball))
    return t


def _nearer_root(a: Array, b: Array, c: float) -> Array:
    """Solve a t^2 + 2 b t + c = 0 for the smaller positive t; inf where there is none."""
    with np.errstate(divide='ignore', invalid='ignore'):
        root = b * b - a * c
        t = (-b - np.sqrt(root)) / a
        return np.where((root >= 0) & (t > 0), t, np.inf)


_MEETINGS: dict[str, Callable[[Array, Array, Array], Array]] = {
    'ellipsoid': _meet_ellipsoid, 'box': _meet_box, 'cylinder': _meet_cylinder,
    'capsule': _meet_capsule}
