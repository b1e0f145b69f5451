# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`l: auto` for cameras: as many key frames and glances as there is time for."""
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Array
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.settled import settled
from impnet_ros.stream.types import Frame
import torch

_ROUNDS = 5

KEY_PERIOD_S, LOOK_PERIOD_S = 1 / 3, 1 / 15
"""Seconds from one key frame to the next, and from one look to the next, where nobody knows yet
how long they take: every tenth and every second frame at 30 Hz."""

WALL = 0.9
"""Share of the time between frames that they may take on the mean, whatever share of the processor
is free: a GPU's, say."""


@dataclass(frozen=True)
class Costs:
    """
    Seconds that frames take.

    Attributes
    ----------
    key_s, glance_s, other_s : float
        A key frame, a glance, any other frame.
    threads : int
        How many processor cores work on the network's part, which is most of a look.

    """

    key_s: float
    glance_s: float
    other_s: float
    threads: int = 1

    @classmethod
    def of_key(cls, key_s: float, threads: int) -> 'Costs':
        """Estimate the rest from a key frame, for the first moments."""
        return cls(key_s, 0.6 * key_s, 0.2 * key_s, threads)

    def mean_s(self, length: int, every: int) -> tuple[float, float]:
        """
        Give the mean time of a frame, by the clock and of processor cores.

        Parameters
        ----------
        length : int
            One key frame in so many frames.
        every : int
            One look in so many frames; `length` is no glance at all.

        """
        keys, glances = 1 / length, (-(-length // every) - 1) / length
        other_s = (1 - keys - glances) * self.other_s
        looks_s = keys * self.key_s + glances * self.glance_s
        return other_s + looks_s, other_s + self.threads * looks_s


def real_time(config: StreamConfig, network: Network, period_s: float,
              costs: Costs | None = None, cores: float = 1.0) -> StreamConfig:
    """
    Decide what settings leave open, for a camera.

    The most accurate that the time allows: every frame a key frame; else one every third of a
    second and glances, as often as can be; else fewer key frames, up to `l_max`. It goes by
    seconds, so that every image of a slow camera is a key frame.

    Parameters
    ----------
    config : StreamConfig
        As they were asked for.
    network : Network
        What it can do; see `settled.settled`.
    period_s : float
        Seconds from frame to frame.
    costs : Costs, optional
        As measured; without them what is usual.
    cores : float
        Of the processor, this camera's; `cpu_share` of them may be used.

    Raises
    ------
    ValueError
        As `settled.settled`.

    """
    decided = settled(config, network)
    if config.segment_length != 'auto' or config.key_offset or decided.mode == 'per_frame':
        return decided
    usual = min(max(1, round(KEY_PERIOD_S / period_s)), config.l_max)
    if costs is None:
        every = min(usual, max(1, round(LOOK_PERIOD_S / period_s)))
        length, every = usual, every if config.glance_every == 'auto' else config.glance_every
    else:
        for length, every in _choices(config, usual, decided.glance != 'off'):
            wall_s, processor_s = costs.mean_s(length, every)
            if wall_s <= WALL * period_s and processor_s <= config.cpu_share * cores * period_s:
                break
    return replace(decided, segment_length=length, glance_every=every)


def measured(network: Network, config: StreamConfig, detection: DetectionConfig,
             image: Array) -> Costs:
    """Time key frames, glances and other frames on an image of the video."""
    decided = replace(settled(config, network), segment_length=4, glance_every=2, key_mode='sync',
                      key_offset=0)
    engine = Engine(network, decided, detection)
    kinds: dict[str, list[float]] = {'key_s': [], 'glance_s': [], 'other_s': []}
    for _ in range(_ROUNDS):
        state = engine.reset()
        for index in range(3):
            began_s = perf_counter()
            results, state = engine.step(Frame(image, index / 30), state)
            kind = ('key_s' if results[-1].is_key else
                    'glance_s' if results[-1].is_glance else 'other_s')
            kinds[kind].append(perf_counter() - began_s)
    estimate = Costs.of_key(median(kinds['key_s']), torch.get_num_threads())
    return replace(estimate, glance_s=median(kinds['glance_s'] or [estimate.glance_s]),
                   other_s=median(kinds['other_s'] or [estimate.other_s]))


def looks(config: StreamConfig) -> str:
    """Say how often settled settings look, as they can be given."""
    if config.mode == 'per_frame':
        return 'every frame'
    glances = config.glance != 'off' and config.segment_length != 1
    return f'l = {config.segment_length}' + (
        f', glance = {config.glance}, glance_every = {config.glance_every}' if glances else '')


def _choices(config: StreamConfig, usual: int, glances: bool) -> Iterator[tuple[int, int]]:
    """List segment lengths and frames from look to look, the most accurate first."""
    yield 1, 1
    if glances and config.glance_every != 'auto':
        yield from ((length, config.glance_every) for length in range(usual, config.l_max + 1))
        return
    if glances:
        yield from ((usual, every) for every in range(1, usual))
    least = max(2, usual) if glances else 2
    yield from ((length, length) for length in range(least, config.l_max + 1))
