# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Appearance of the sprites: pattern, silhouette and backgrounds, all drawn from a generator.

A class is a pattern on a silhouette. The two colours of a pattern are random, so that colour
says nothing about the class; blur, noise and occlusion hide the pattern before the silhouette.
"""
from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]

PATTERNS = ('stripes', 'dots', 'rings')
SILHOUETTES = ('disc', 'wedge')
SPRITE_CLASSES = tuple(f'{pattern}_{silhouette}'
                       for silhouette in SILHOUETTES for pattern in PATTERNS)
PATCH_SIZE = 72
"""Side of a sprite's texture in pixels; sprites on screen are about as large or smaller."""

_CONTOUR_POINTS = 48
_SMALLEST_CONTRAST = 90.0


def _stripes(u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sin(u)


def _dots(u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    return (np.cos(u) + np.cos(v)) - 0.6


def _rings(u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sin(np.hypot(u, v))


_WAVES: dict[str, Callable[..., NDArray[np.float32]]] = {
    'stripes': _stripes, 'dots': _dots, 'rings': _rings}


def two_colours(rng: Generator) -> NDArray[np.float32]:
    """Draw two RGB colours (2, 3) in 0..255 whose mean differs by a visible amount."""
    while True:
        colours = rng.uniform(15, 240, (2, 3)).astype(np.float32)
        if abs(float(colours[0].mean() - colours[1].mean())) >= _SMALLEST_CONTRAST:
            return colours


def pattern_patch(pattern: str, rng: Generator) -> Image:
    """
    Draw one pattern in two random colours.

    Parameters
    ----------
    pattern : str
        One of `PATTERNS`.
    rng : Generator
        Gives period (about a third of the patch), phase, colours and grain.

    Returns
    -------
    ndarray
        uint8 (PATCH_SIZE, PATCH_SIZE, 3), RGB.

    Raises
    ------
    ValueError
        If the pattern is unknown.

    """
    if pattern not in _WAVES:
        raise ValueError(f'pattern: expected one of {", ".join(PATTERNS)}, got {pattern!r}')
    cycles = rng.uniform(2.4, 3.2)
    axis = np.linspace(-np.pi, np.pi, PATCH_SIZE, dtype=np.float32) * np.float32(cycles)
    shift = rng.uniform(-1, 1, 2).astype(np.float32) * (1.0 if pattern == 'rings' else 3.1)
    u, v = np.meshgrid(axis + shift[0], axis + shift[1])
    edge = np.clip(_WAVES[pattern](u, v) * 2.5, -1, 1) * 0.5 + 0.5
    dark, light = two_colours(rng)
    picture = dark + edge[..., None] * (light - dark)
    picture += cv2.resize(rng.normal(0, 10, (PATCH_SIZE // 4,) * 2).astype(np.float32),
                          (PATCH_SIZE,) * 2)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def contour(silhouette: str, rng: Generator) -> NDArray[np.float32]:
    """
    Outline of a sprite.

    Parameters
    ----------
    silhouette : str
        'disc' (an ellipse) or 'wedge' (a triangle that stands on its base).
    rng : Generator
        Gives the proportions.

    Returns
    -------
    ndarray
        float32 (points, 2), x y in -1..1 of the sprite's own square, reaching two sides; convex.

    Raises
    ------
    ValueError
        If the silhouette is unknown.

    """
    if silhouette not in SILHOUETTES:
        raise ValueError(f'silhouette: expected one of {", ".join(SILHOUETTES)}, '
                         f'got {silhouette!r}')
    if silhouette == 'disc':
        angle = np.linspace(0, 2 * np.pi, _CONTOUR_POINTS, endpoint=False, dtype=np.float32)
        outline = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    else:
        outline = np.array([[-1, 1], [-0.15, -1], [0.15, -1], [1, 1]], np.float32)
    return outline * np.array([1, rng.uniform(0.7, 1.0)], np.float32)


def silhouette_mask(outline: NDArray[np.float32]) -> Image:
    """Fill an outline (-1..1) as an anti-aliased mask, uint8, PATCH_SIZE square, 255 inside."""
    pixels = (outline + 1) * (PATCH_SIZE / 2) - 0.5
    mask = np.zeros((PATCH_SIZE,) * 2, np.uint8)
    cv2.fillPoly(mask, [np.round(pixels * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return mask


def background(rng: Generator, size: int) -> Image:
    """
    Draw a cluttered background: coloured noise of several octaves with strokes and blobs.

    Parameters
    ----------
    rng : Generator
        Gives everything.
    size : int
        Side in pixels.

    Returns
    -------
    ndarray
        uint8 (size, size, 3), RGB; mirrored at its borders it tiles without seams.

    """
    canvas = np.full((size, size, 3), rng.uniform(60, 190, 3), np.float32)
    for cells, amplitude in ((4, 45.0), (12, 28.0), (40, 16.0)):
        grid = rng.normal(0, amplitude, (cells, cells, 3)).astype(np.float32)
        canvas += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
    canvas += cv2.resize(rng.normal(0, 9, (size // 2, size // 2)).astype(np.float32),
                         (size, size))[..., None]
    picture = np.clip(canvas, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(14, 30))):
        start, end = rng.integers(0, size, (2, 2)).tolist()
        colour = rng.uniform(20, 235, 3).tolist()
        if rng.random() < 0.5:
            cv2.line(picture, start, end, colour, int(rng.integers(1, 5)), cv2.LINE_AA)
        else:
            axes = rng.integers(3, max(size // 14, 4), 2).tolist()
            cv2.ellipse(picture, start, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1,
                        cv2.LINE_AA)
    return picture
