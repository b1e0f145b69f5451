# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How pieces spread over workers: each takes the next one when it is free."""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import heapq
import random


@dataclass(frozen=True)
class Shift:
    """
    How a run went.

    Attributes
    ----------
    seconds : float
        From the beginning to the end of the last piece.
    idle : float
        Share of the workers' time, 0..1, in which they had nothing to do.

    """

    seconds: float
    idle: float


def work_off(pieces_s: Sequence[float], workers: int, start_s: float = 0.0) -> Shift:
    """
    Let workers take pieces in the given order.

    Parameters
    ----------
    pieces_s : sequence of float
        Seconds of each piece.
    workers : int
        How many there are.
    start_s : float
        Seconds until a worker is ready; they count as busy.

    """
    free_s = [start_s] * workers
    for piece_s in pieces_s:
        heapq.heapreplace(free_s, free_s[0] + piece_s)
    last_s = max(free_s)
    busy_s = sum(pieces_s) + start_s * workers
    return Shift(last_s, 1.0 - busy_s / (last_s * workers) if last_s else 0.0)


def drawn(frame_s: Sequence[float], bags: int, frames: float, spread: float,
          seed: int = 0) -> list[float]:
    """
    Draw the times of an archive from measured ones.

    Parameters
    ----------
    frame_s : sequence of float
        Seconds an image, of each measured piece.
    bags : int
        Pieces of the archive.
    frames : float
        Images of a piece, on average.
    spread : float
        Lengths are equally likely from (1 - spread) to (1 + spread) of that.
    seed : int
        The same seed draws the same.

    """
    rng = random.Random(seed)
    return [frames * rng.uniform(1 - spread, 1 + spread) * rng.choice(frame_s)
            for _ in range(bags)]


def longest_first(pieces_s: Iterable[float]) -> list[float]:
    """Give the order in which `impnet label` hands out pieces."""
    return sorted(pieces_s, reverse=True)
