# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which channels of a cut detector are scores, and what they are where nothing is seen.

What a warp finds outside a picture must mean "nothing there": with plain zeros every class would
have a score of one half. So maps are carried relative to an empty cell.
"""
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

NOTHING = -7.0
"""Largest logit of an empty cell, a score of 0.001."""

MOST = 0.01
"""Score that an empty picture may have."""

_LOW, _RAISED = -12.0, 6.0  # logits of all channels, and of the one that is tried
_RISE = 2.0  # of a class's logit by which a channel is one of its own

Channels = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]
"""The channels of each class, and those that raise all."""

Peaks = Callable[[Sequence[Tensor]], Tensor]
"""Tensors of the cut to the largest score of each class, (classes,)."""


def empty_cells(grey: Sequence[Tensor]) -> list[Tensor]:
    """Give the median of each channel (C,) of tensors (1, C, h, w) that a grey picture gave."""
    return [item[0].flatten(1).float().median(dim=1).values for item in grey]


def score_channels(peaks: Peaks, like: Sequence[Tensor], level: Sequence[int], classes: int,
                   objectness: bool, guess: Channels | None = None) -> Channels:
    """
    Find the channels of a level that raise scores, by raising each in one cell.

    Parameters
    ----------
    peaks : callable
        N_task, to the largest score of each class.
    like : sequence of Tensor
        The cut's tensors (1, C, h, w), for their shapes.
    level : sequence of int
        Which of them are the level's; its channels are counted through them.
    classes : int
        How many.
    objectness : bool
        Whether scores may be multiplied with one: then each class is tried beside it.
    guess : tuple, optional
        What another level has: if it fits here too, not every channel is tried.

    Returns
    -------
    classes : tuple of tuple
        The channels that raise each class, one an anchor.
    objectness : tuple of int
        The channels that raise all classes.

    """
    tried = _Tried(peaks, like, level)
    if guess is not None and tried.confirms(*guess):
        return guess
    wanted = tried.channels_that_matter()
    all_of_them: list[int] = []
    if objectness:
        alone = {channel: tried.risen([channel], []) for channel in wanted}
        all_of_them = [channel for channel, which in alone.items() if len(which) > classes / 2]
        if classes == 1:  # which is which does not matter where they are multiplied
            found = [channel for channel in wanted if alone[channel] or tried.risen(
                [channel], all_of_them)]
            return (tuple(found[1::2]),), tuple(found[::2])
    which = {channel: tried.risen([channel], all_of_them)
             for channel in wanted if channel not in all_of_them}
    return (tuple(tuple(channel for channel, risen in which.items() if risen == (label,))
                  for label in range(classes)), tuple(all_of_them))


class _Tried:
    """What rises if channels of one cell of a level are raised."""

    def __init__(self, peaks: Peaks, like: Sequence[Tensor], level: Sequence[int]) -> None:
        self._peaks, self._level = peaks, list(level)
        self._plain = [torch.full_like(item, _LOW) for item in like]
        self._place = [(number, channel) for number in self._level
                       for channel in range(like[number].shape[1])]
        self._before: dict[tuple[int, ...], Tensor] = {}

    def channels_that_matter(self) -> list[int]:
        """Leave out tensors of which no channel raises anything."""
        wanted: list[int] = []
        first = 0
        for number in self._level:
            own = range(first, first + self._plain[number].shape[1])
            others = [channel for channel in range(len(self._place)) if channel not in own]
            if self.risen(list(own), []) or self.risen(list(own), others):
                wanted += own
            first += len(own)
        return wanted

    def confirms(self, classes: tuple[tuple[int, ...], ...], objectness: tuple[int, ...]) -> bool:
        """Try channels in groups, by the digits of their class: each group raises its classes."""
        last = max((channel for which in (*classes, objectness) for channel in which), default=-1)
        if not 0 <= last < len(self._place) or len({len(which) for which in classes}) != 1:
            return False
        groups = [list(range(len(classes))),
                  *([label for label in range(len(classes)) if label >> bit & 1]
                    for bit in range((len(classes) - 1).bit_length()))]
        return all(self.risen([classes[label][anchor] for label in group], list(objectness))
                   == tuple(group) for group in groups for anchor in range(len(classes[0])))

    def risen(self, channels: list[int], beside: list[int]) -> tuple[int, ...]:
        """Give the classes that rise with some channels where others are raised already."""
        key = tuple(beside)
        if key not in self._before:
            self._before[key] = self._logits(beside)
        rise = self._logits([*beside, *channels]) - self._before[key]
        return tuple((rise > _RISE).nonzero()[:, 0].tolist())

    def _logits(self, channels: list[int]) -> Tensor:
        maps = list(self._plain)
        for number in {self._place[channel][0] for channel in channels}:
            maps[number] = maps[number].clone()
        for number, channel in (self._place[channel] for channel in channels):
            row, column = (side // 2 for side in maps[number].shape[2:])
            maps[number][0, channel, row, column] = _RAISED
        return torch.logit(self._peaks(maps).double().clamp(1e-30, 1 - 1e-9))
