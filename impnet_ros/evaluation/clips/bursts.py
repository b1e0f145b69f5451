# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames spoilt in bursts, as shakes and bad light come."""
from collections.abc import Iterable, Iterator

from impnet_ros.data.degradations import CLEAN, RECORDED_KINDS, spoilt
from impnet_ros.data.samples import Degradation
import numpy as np
from numpy.typing import NDArray

STRENGTHS = {'clean': (0.0, 0.0), 'mild': (0.2, 0.4), 'strong': (0.5, 0.9)}
"""Of the bursts, as in `data.degradations`."""

Image = NDArray[np.uint8]


def spoil_in_bursts(images: Iterable[Image], strengths: tuple[float, float],
                    seed: int) -> Iterator[tuple[Image, Degradation]]:
    """
    Spoil bursts of 3 to 6 frames, 5 to 8 frames apart, by blur, defocus or darkness.

    Parameters
    ----------
    images : iterable of ndarray
        uint8 (H, W, 3) RGB.
    strengths : tuple of float
        Smallest and largest of a burst, 0..1; the largest 0 spoils nothing.
    seed : int
        Of kinds, lengths, strengths and noise.

    Yields
    ------
    (ndarray, Degradation)
        Each picture, and how it was spoilt.

    """
    rng = np.random.default_rng(seed)
    start = stop = int(rng.integers(3, 8))
    how = CLEAN
    for index, image in enumerate(images):
        if index < start or strengths[1] == 0.0:
            yield image, CLEAN
            continue
        if index == start:
            stop = start + int(rng.integers(3, 7))
            kind = RECORDED_KINDS[rng.integers(len(RECORDED_KINDS))]
            how = Degradation(kind, float(rng.uniform(*strengths)))
        yield spoilt(image, how, rng), how
        if index == stop - 1:
            start = stop + int(rng.integers(5, 9))
