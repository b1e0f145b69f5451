# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One or many training processes: what torchrun says, and the work of joining them."""
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import os

from impnet_ros.model.device import choose_device
import torch
from torch import distributed


@dataclass(frozen=True)
class Process:
    """
    This process among all.

    Attributes
    ----------
    rank, world : int
        Number of this process, and how many there are.
    device : torch.device
        Where it computes.

    """

    rank: int
    world: int
    device: torch.device

    def mean(self, values: Mapping[str, float | torch.Tensor]) -> dict[str, float]:
        """Average figures over all processes, each of which has to ask."""
        figures = torch.tensor([float(value) for value in values.values()], device=self.device)
        if self.world > 1:
            distributed.all_reduce(figures)
        return dict(zip(values, (figures / self.world).tolist(), strict=True))


@contextmanager
def joined_processes(device: str = 'auto') -> Iterator[Process]:
    """
    Join the processes that torchrun started; one process alone needs no torchrun.

    Parameters
    ----------
    device : str
        See `choose_device`. Of several processes each takes the CUDA device of its local rank, so
        that no number may be given. They talk by NCCL on CUDA, by gloo on CPU.

    Raises
    ------
    ValueError
        If the device is unknown or not usable here.

    """
    world = int(os.environ.get('WORLD_SIZE', '1'))
    rank = int(os.environ.get('RANK', '0'))
    place = choose_device(device)
    if place.type == 'cuda' and world > 1:
        if ':' in device:
            raise ValueError(f'device: expected auto, cpu or cuda for {world} processes, each of '
                             f'which takes a device of its own, got {device!r}')
        place = choose_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if world > 1:
        distributed.init_process_group('nccl' if place.type == 'cuda' else 'gloo')
    try:
        yield Process(rank, world, place)
    finally:
        if world > 1:
            distributed.destroy_process_group()
