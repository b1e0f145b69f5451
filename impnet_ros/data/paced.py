# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Videos whose speed changes: frames of another video, left out here and repeated there."""
from collections.abc import Sequence

from numpy.random import Generator

STRETCH = (12, 30)
"""Fewest and most frames between two changes of the speed: half a second to one."""


def paced(length: int, count: int, steps: Sequence[int], rng: Generator) -> list[int]:
    """
    Choose frames so that a video is played forward and backward at a speed that changes.

    Parameters
    ----------
    length : int
        Frames of the video.
    count : int
        Frames of the one to be made.
    steps : sequence of int
        Speeds that take turns, in frames of the video a frame; 0 stands still.
    rng : Generator
        Gives the first frame, the first speed and how long each is kept.

    Returns
    -------
    list of int
        `count` frames of the video, each 0..length-1.

    Raises
    ------
    ValueError
        If a step is below 0 or leads beyond the video.

    """
    if not steps or min(steps) < 0 or max(steps) >= length:
        raise ValueError(f'steps: expected some in 0..{length - 1} (frames of the video - 1), '
                         f'got {list(steps)}')
    place, direction = int(rng.integers(length)), 1
    turn = int(rng.integers(len(steps)))
    chosen: list[int] = []
    while len(chosen) < count:
        for _ in range(int(rng.integers(STRETCH[0], STRETCH[1] + 1))):
            chosen.append(place)
            place += direction * steps[turn]
            if not 0 <= place < length:
                direction = -direction
                place = -place if place < 0 else 2 * (length - 1) - place
        turn = (turn + 1) % len(steps)
    return chosen[:count]
