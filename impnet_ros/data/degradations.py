# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What spoils a frame: physical models of blur and noise, and when in a video they strike.

Every model takes a strength in 0..1 and is deterministic for its generator. Motion blur has no
function here: it needs the scene at several instants of the exposure (`sprites.SpriteVideo`); a
recorded picture can be given the blur of a shaking camera by `camera_shake`.
"""
import cv2
from impnet_ros.data.samples import Degradation
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]

KINDS = ('motion_blur', 'defocus', 'low_light', 'occlusion')
RECORDED_KINDS = KINDS[:3]
"""Those that `spoilt` can give to a recorded picture."""

BURST_FRAMES = (4, 14)
"""Shortest and longest burst of `draw_bursts`."""

CLEAN = Degradation('none', 0.0)

_GAMMA = 2.2
_TO_LINEAR = (np.arange(256, dtype=np.float32) / 255) ** _GAMMA
_CODE_STEPS = 4096
_TO_CODE = np.round(255 * (np.arange(_CODE_STEPS) / (_CODE_STEPS - 1)) ** (1 / _GAMMA)).astype(
    np.uint8)


def to_linear(image: Image) -> NDArray[np.float32]:
    """Light of a gamma encoded picture, 0..1, float32."""
    return cv2.LUT(image, _TO_LINEAR)


def to_code(light: NDArray[np.float32]) -> Image:
    """Gamma encoded picture of light 0..1; what is outside is cut."""
    steps = np.clip(light * np.float32(_CODE_STEPS - 1), 0, _CODE_STEPS - 1)
    return _TO_CODE[steps.astype(np.int32)]


def disk_kernel(radius: float) -> NDArray[np.float32]:
    """
    Point spread of a lens out of focus: a disk of even brightness.

    Parameters
    ----------
    radius : float
        Pixels, at least 0; fractions are honoured at the rim.

    Returns
    -------
    ndarray
        float32 (2 ceil(radius) + 1, the same), sum 1.

    """
    reach = int(np.ceil(radius))
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    kernel = np.clip(radius + 0.5 - np.hypot(axis[:, None], axis), 0, 1)
    return kernel / kernel.sum()


def defocus(image: Image, strength: float) -> Image:
    """
    Blur by a lens out of focus.

    Parameters
    ----------
    image : ndarray
        uint8 (H, W, 3).
    strength : float
        0..1; the disk's radius is this times a 12th of the shorter side.

    """
    kernel = disk_kernel(strength * min(image.shape[:2]) / 12)
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def low_light(image: Image, strength: float, rng: Generator) -> Image:
    """
    Take the picture in the dark: few photons, shot noise, read noise, then gain.

    Light is counted in electrons: a full well of 4000 at strength 0, falling to 4 at strength 1.
    Shot noise has the variance of the count, read noise a deviation of 2 electrons. The camera's
    gain brings back half of the lost exposure (in stops).

    Parameters
    ----------
    image : ndarray
        uint8 (H, W, 3), gamma encoded.
    strength : float
        0..1.
    rng : Generator
        Gives the noise.

    """
    full_well = np.float32(4000 * (4 / 4000) ** strength)
    electrons = to_linear(image) * full_well
    noise = rng.standard_normal(image.shape, np.float32)
    noise *= cv2.sqrt(electrons + np.float32(2.0 ** 2))
    electrons += noise
    brightness = np.sqrt(full_well / np.float32(4000))
    return to_code(electrons * (brightness / full_well))


def shake_path(strength: float, shorter_side: int, rng: Generator) -> NDArray[np.float64]:
    """
    Way of a shaken camera within one exposure.

    Parameters
    ----------
    strength : float
        0..1; the way is this times a 4.5th of the shorter side long.
    shorter_side : int
        Pixels.
    rng : Generator
        Gives direction and bend.

    Returns
    -------
    ndarray
        float64 (2,), the displacement in pixels between the exposure's start and end.

    """
    angle = rng.uniform(0, 2 * np.pi)
    return strength * shorter_side / 4.5 * np.array([np.cos(angle), np.sin(angle)])


def camera_shake(image: Image, strength: float, rng: Generator) -> Image:
    """
    Blur a recorded picture by a camera moving in a straight line during the exposure.

    Parameters
    ----------
    image : ndarray
        uint8 (H, W, 3).
    strength : float
        0..1, see `shake_path`.
    rng : Generator
        Gives the direction.

    """
    way = shake_path(strength, min(image.shape[:2]), rng)
    reach = int(np.ceil(np.abs(way).max() / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    start, end = (reach + sign * way / 2 for sign in (-1, 1))
    cv2.line(kernel, np.round(start * 256).astype(int).tolist(),
             np.round(end * 256).astype(int).tolist(), 1.0, 1, cv2.LINE_8, shift=8)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)


def spoilt(image: Image, how: Degradation, rng: Generator) -> Image:
    """
    Spoil a recorded picture.

    Parameters
    ----------
    image : ndarray
        uint8 (H, W, 3).
    how : Degradation
        One of RECORDED_KINDS. Defocus gets four fifths of the strength.
    rng : Generator
        Gives direction and noise.

    Raises
    ------
    ValueError
        If a recorded picture cannot be given this kind.

    """
    if how.kind == 'motion_blur':
        return camera_shake(image, how.strength, rng)
    if how.kind == 'defocus':
        return defocus(image, 0.8 * how.strength)
    if how.kind == 'low_light':
        return low_light(image, how.strength, rng)
    raise ValueError(f'kind: expected one of {", ".join(RECORDED_KINDS)}, got {how.kind!r}')


def draw_bursts(rng: Generator, frames: int, share: float) -> tuple[Degradation, ...]:
    """
    Draw which frames of a video are spoilt, in bursts, as shakes and bad light come.

    Parameters
    ----------
    rng : Generator
        Gives kind, length, gap and strength of the bursts.
    frames : int
        Length of the video.
    share : float
        Mean share of spoilt frames, below 1; 0 gives none.

    Returns
    -------
    tuple of Degradation
        One a frame. Within a burst the strength swells and fades around its peak of 0.6 to 1.

    Raises
    ------
    ValueError
        If the share is not in 0 <= share < 1.

    """
    if not 0.0 <= share < 1.0:
        raise ValueError(f'share: expected 0 <= share < 1, got {share}')
    spoilt = [CLEAN] * frames
    if share == 0.0:
        return tuple(spoilt)
    mean_gap = np.mean(BURST_FRAMES) * (1 - share) / share
    start = int(rng.integers(0, max(int(mean_gap * 1.5), 1)))
    while start < frames:
        length = int(rng.integers(BURST_FRAMES[0], BURST_FRAMES[1] + 1))
        kind = KINDS[rng.integers(len(KINDS))]
        peak = rng.uniform(0.6, 1.0)
        for index in range(start, min(start + length, frames)):
            phase = (index - start + 0.5) / length
            spoilt[index] = Degradation(kind, float(peak * (0.55 + 0.45 * np.sin(np.pi * phase))))
        start += length + 1 + int(rng.exponential(max(mean_gap - 1, 0.1)))
    return tuple(spoilt)
