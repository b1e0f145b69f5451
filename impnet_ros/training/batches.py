# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches of triplets, each a function of (seed, iteration): training resumes where it stopped."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import signal

from impnet_ros.data.triplets import Triplet, TripletSet
from impnet_ros.stopping import SIGNALS
import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
from torch.utils.data import DataLoader


@dataclass(frozen=True)
class Batch:
    """
    Triplets of one size.

    Attributes
    ----------
    old, current, new : Tensor
        uint8 (B, 3, h, w), RGB.
    still : Tensor
        bool (B,), where all three are one still picture.
    boxes : tuple of Tensor
        float32 (N_i, 4) a picture, in `current`.
    labels : tuple of Tensor
        int64 (N_i,).

    """

    old: Tensor
    current: Tensor
    new: Tensor
    still: Tensor
    boxes: tuple[Tensor, ...]
    labels: tuple[Tensor, ...]

    def to(self, device: torch.device) -> 'Batch':
        """Move everything to a device."""
        return Batch(*(item.to(device, non_blocking=True)
                       for item in (self.old, self.current, self.new, self.still)),
                     tuple(item.to(device) for item in self.boxes),
                     tuple(item.to(device) for item in self.labels))


def collate(triplets: Sequence[Triplet]) -> Batch:
    """
    Stack triplets.

    Raises
    ------
    ValueError
        If their pictures differ in size: take one a batch then, and accumulate gradients.

    """
    sizes = {item.current.shape for item in triplets}
    if len(sizes) > 1:
        raise ValueError(f'batch: expected pictures of one size, got {sorted(sizes)}; use '
                         'batch_size 1 and accumulate')

    def stack(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)

    return Batch(stack([item.old for item in triplets]),
                 stack([item.current for item in triplets]),
                 stack([item.new for item in triplets]),
                 torch.tensor([item.is_still for item in triplets]),
                 tuple(torch.from_numpy(item.truth.boxes) for item in triplets),
                 tuple(torch.from_numpy(item.truth.labels) for item in triplets))


class BatchKeys:
    """
    Keys of the batches of one process.

    Samples come from an endless stream, in which each epoch is one permutation of the set. Of
    every `size * world` samples of it, process `rank` takes its own `size`.

    Parameters
    ----------
    samples : int
        Size of the set.
    seed : int
        Of the permutations.
    size : int
        Triplets a batch and process.
    start, stop : int
        First batch and the one after the last.
    rank, world : int
        Number of this process, and how many there are.

    """

    def __init__(self, samples: int, seed: int, size: int, start: int, stop: int,
                 rank: int = 0, world: int = 1) -> None:
        self._samples, self._seed, self._size = samples, seed, size
        self._batches = range(start, stop)
        self._rank, self._world = rank, world

    def __len__(self) -> int:
        """Count the batches."""
        return len(self._batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the keys of one batch after the other."""
        order_of: tuple[int, NDArray[np.int64]] | None = None
        for batch in self._batches:
            keys = []
            first = (batch * self._world + self._rank) * self._size
            for place in range(first, first + self._size):
                epoch, position = divmod(place, self._samples)
                if order_of is None or order_of[0] != epoch:
                    rng = np.random.default_rng((self._seed, epoch))
                    order_of = epoch, rng.permutation(self._samples)
                keys.append((epoch, int(order_of[1][position])))
            yield keys


def batch_loader(samples: TripletSet, keys: BatchKeys, workers: int) -> DataLoader:
    """
    Load batches, in `workers` processes beside this one (0: in this one).

    Parameters
    ----------
    samples : TripletSet
        Makes the triplets.
    keys : BatchKeys
        Which come when.
    workers : int
        Processes.

    """
    return DataLoader(samples, batch_sampler=keys, collate_fn=collate, num_workers=workers,
                      worker_init_fn=_leave_signals, pin_memory=torch.cuda.is_available())


def _leave_signals(worker: int) -> None:
    """Let the process that trains answer a signal to all: it ends its workers."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
