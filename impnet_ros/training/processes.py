# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One or many training processes: what torchrun says, and the work of joining them."""
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os

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


@contextmanager
def joined_processes(device: str = 'auto') -> Iterator[Process]:
    """
    Join the processes that torchrun started; one process alone needs no torchrun.

    Parameters
    ----------
    device : str
        'auto' (CUDA where there is some), 'cpu' or 'cuda'. Each process takes the CUDA device of
        its local rank. Processes talk by NCCL on CUDA, by gloo on CPU.

    """
    world = int(os.environ.get('WORLD_SIZE', '1'))
    rank = int(os.environ.get('RANK', '0'))
    cuda = device.startswith('cuda') or (device == 'auto' and torch.cuda.is_available())
    place = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if cuda else 'cpu')
    if world > 1:
        distributed.init_process_group('nccl' if cuda else 'gloo')
    try:
        yield Process(rank, world, place)
    finally:
        if world > 1:
            distributed.destroy_process_group()
