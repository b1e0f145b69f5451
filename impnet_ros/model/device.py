# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which device a network runs on: what is asked for, or an error; and the way there."""
import torch
from torch import Tensor


def choose_device(name: str) -> torch.device:
    """
    Resolve a device by name.

    Parameters
    ----------
    name : str
        'auto' (the first CUDA device where there is one, else the CPU), 'cpu', 'cuda' or
        'cuda:n'.

    Returns
    -------
    torch.device
        With its index where it is a CUDA device.

    Raises
    ------
    ValueError
        If the name is unknown or that device is not usable here.

    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == 'auto':
        return torch.device('cuda', 0) if count else torch.device('cpu')
    kind, _, index = name.partition(':')
    if name == 'cpu':
        return torch.device('cpu')
    if kind != 'cuda' or (index and not index.isdecimal()) or name.endswith(':'):
        raise ValueError(f'device: expected auto, cpu, cuda or cuda:n, got {name!r}')
    if int(index or 0) >= count:
        raise ValueError(f'device: {name!r} was asked for, but this PyTorch sees {count} CUDA '
                         f"devices; use 'cpu' or 'auto', or install a CUDA build and driver")
    return torch.device('cuda', int(index or 0))


def upload(tensor: Tensor, device: torch.device) -> Tensor:
    """
    Bring a tensor from the host's memory to a device without waiting for it.

    What goes to a CUDA device goes through pinned memory, which PyTorch keeps and gives out again
    once the copy is done; a copy from other memory would stop the host until then.

    Parameters
    ----------
    tensor : Tensor
        On the CPU, or on the device already.
    device : torch.device
        Where it is wanted.

    Returns
    -------
    Tensor
        The same one where it is on the device already.

    """
    if device.type != 'cuda' or tensor.device.type != 'cpu':
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
