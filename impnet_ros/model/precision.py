# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many bits the convolutions of a network compute with."""
from contextlib import AbstractContextManager, nullcontext

from impnet_ros.config import PRECISIONS
import torch


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """
    Resolve a precision by name.

    Parameters
    ----------
    name : str
        'float32'; 'bfloat16', fast on processors that have it (x86 with avx512_bf16 or amx) and
        on newer GPUs; 'float16', for GPUs.
    device : torch.device
        Where the network runs.

    Raises
    ------
    ValueError
        If the name is unknown, or float16 is asked for on a CPU.

    """
    if name not in PRECISIONS:
        raise ValueError(f'precision: expected one of {", ".join(PRECISIONS)}, got {name!r}')
    if name == 'float16' and device.type == 'cpu':
        # Eight times slower than float32 with PyTorch 2.14.
        raise ValueError("precision: expected 'float32' or 'bfloat16' on a CPU, got 'float16'")
    chosen: torch.dtype = getattr(torch, name)
    return chosen


def computed_in(precision: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """
    Let convolutions and matrix products inside compute in a precision.

    Weights stay float32 and so does all that a caller makes float again: what is carried along a
    video, fused and compared with thresholds. float32 changes nothing, so that an outer autocast,
    as in training, is left alone.
    """
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, precision)
