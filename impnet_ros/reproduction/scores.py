# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From stored detections to the figures of the paper's tables, with intervals."""
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from impnet_ros.data.samples import FrameTruth
from impnet_ros.data.sprites import SpriteSet
from impnet_ros.evaluation.average_precision import mean_average_precision
from impnet_ros.evaluation.bootstrap import mean_interval
from impnet_ros.evaluation.conventions import MSRA
from impnet_ros.evaluation.matching import match_all, Matches
from impnet_ros.evaluation.report import is_degraded, per_cent
from impnet_ros.reproduction.predictions import load_found
import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Truths = Sequence[Sequence[FrameTruth]]


@dataclass(frozen=True)
class Run:
    """
    One network of one seed with one setting.

    Attributes
    ----------
    method : str
        'a' to 'e' of table 1, 'fgfa'.
    setting : str
        See `stream_settings`.

    """

    method: str
    setting: str = 'main'


class Scores:
    """
    Average precisions of all runs, matched when first asked for, in the MSRA convention.

    Parameters
    ----------
    folder : Path
        Of the reproduction; holds evaluation/METHOD_SEED.
    seeds : sequence of int
        That are evaluated.
    videos : SpriteSet
        The held-out ones.

    """

    def __init__(self, folder: Path, seeds: Sequence[int], videos: SpriteSet) -> None:
        self._folder = folder
        self.seeds = tuple(seeds)
        self._videos = videos
        self._matches: dict[tuple[Run, int, str], Matches] = {}

    @cached_property
    def truths(self) -> Truths:
        """Ground truth of all held-out videos."""
        return [[clip.truth(index) for index in range(len(clip))]
                for clip in (self._videos[number] for number in range(len(self._videos)))]

    def matches(self, run: Run, seed: int, part: str = 'all') -> Matches:
        """
        Match one run.

        Parameters
        ----------
        run : Run
            Network and setting.
        seed : int
            Of the training.
        part : str
            'all' frames, the 'clean' or the 'degraded' ones, or those of one kind of degradation.

        """
        key = run, seed, part
        if key not in self._matches:
            found = load_found(self._folder / f'{run.method}_{seed}', run.setting)
            found = found[:len(self._videos)]
            keep = {'all': None, 'degraded': is_degraded,
                    'clean': lambda truth: not is_degraded(truth)}.get(
                        part, lambda truth: truth.degradation.kind == part)
            self._matches[key] = match_all(found, self.truths,
                                           len(self._videos.class_names), MSRA, keep=keep)
        return self._matches[key]

    def value(self, run: Run, part: str = 'all') -> dict[str, Any]:
        """Mean AP over seeds, in per cent, with its interval and each seed's value."""
        return self._summary([self._statistic(run, seed, part) for seed in self.seeds], run)

    def difference(self, run: Run, other: Run, part: str = 'all') -> dict[str, Any]:
        """Paired difference of two runs, in points of AP: same seeds, same videos."""
        def paired(seed: int) -> Statistic:
            first, second = (self._statistic(item, seed, part) for item in (run, other))
            return lambda weights: first(weights) - second(weights)

        return self._summary([paired(seed) for seed in self.seeds], run)

    def _statistic(self, run: Run, seed: int, part: str) -> Statistic:
        matches = self.matches(run, seed, part)
        return lambda weights: mean_average_precision(matches, MSRA, weights)

    def _summary(self, statistics: list[Statistic], run: Run) -> dict[str, Any]:
        videos = len(self.matches(run, self.seeds[0]).positives)
        result = mean_interval(statistics, videos)
        alone = np.ones((1, videos))
        return {**{name: per_cent(value) for name, value in asdict(result).items()},
                'seeds': [per_cent(float(item(alone)[0])) for item in statistics]}
